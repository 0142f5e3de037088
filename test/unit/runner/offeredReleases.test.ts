import { expect } from "chai";
import pino from "pino";
import { systemClock } from "../../../offchain-runner/src/clock.ts";
import type { ServedRelease } from "../../../offchain-runner/src/config.ts";
import type { PublishedRelease, ReleaseCatalog } from "../../../offchain-runner/src/hub/releaseCatalog.ts";
import { BarredReleases, type Bars } from "../../../offchain-runner/src/jobs/barredReleases.ts";
import type { InferenceEngine, PrepareOptions } from "../../../offchain-runner/src/jobs/inferenceEngine.ts";
import { OfferedReleases } from "../../../offchain-runner/src/jobs/offeredReleases.ts";
import { NO_BARS } from "./fakes/noBars.ts";
import { TempDatabase } from "./fakes/tempDatabase.ts";

const ID = `0x${"ab".repeat(32)}`;

describe("OfferedReleases", () => {
  /** One exact release, loaded. */
  async function loaded(options: Partial<ServedRelease>, bars: Bars = NO_BARS) {
    const lines: { level: number; msg: string }[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const prepared: (PrepareOptions | undefined)[] = [];
    const engine = {
      prepare: async (_: unknown, __: unknown, given?: PrepareOptions) => void prepared.push(given),
    } as Partial<InferenceEngine> as InferenceEngine;
    const catalog = {
      idOf: async () => ID,
      load: async () => ({ id: ID, isExact: true, version: "v1.00" }) as PublishedRelease,
    } as Partial<ReleaseCatalog> as ReleaseCatalog;
    let changes = 0;
    const releases = new OfferedReleases(
      [{ release: ID, minFee: 0n, modes: ["VANILLA"], expectedRunMs: 50, ...options }],
      { bars, catalog, engine, clock: systemClock, logger },
      () => changes++,
    );
    await releases.run(new AbortController().signal);
    return {
      releases,
      prepared,
      warnings: lines.filter(({ level }) => level === 40),
      changes: () => changes,
    };
  }

  it("has exact results checked unless the configuration says otherwise, and warns where it does", async () => {
    const usual = await loaded({});
    expect(usual.prepared).to.deep.equal([{ checkExact: true }]);
    expect(usual.warnings).to.deep.equal([]);
    const unchecked = await loaded({ checkExact: false });
    expect(unchecked.prepared).to.deep.equal([{ checkExact: false }]);
    expect(unchecked.warnings).to.have.length(1);
  });

  it("serves a barred release no longer, and says so once", async () => {
    const { releases, changes } = await loaded({});
    expect(releases.get(ID)?.status).to.equal("ready");
    const before = changes();
    releases.bar(ID, "exact-runtime-disagrees");
    releases.bar(ID, "exact-runtime-disagrees");
    releases.bar(`0x${"cd".repeat(32)}`, "exact-runtime-disagrees");
    expect(releases.get(ID)).to.include({ status: "failed", problem: "exact-runtime-disagrees" });
    expect(changes()).to.equal(before + 1);
  });

  it("does not even load after a restart what was barred before, until it is unbarred", async () => {
    const temp = new TempDatabase();
    const before = new BarredReleases(temp.database, systemClock);
    (await loaded({}, before)).releases.bar(ID, "exact-runtime-disagrees");
    const bars = new BarredReleases(temp.reopen(), systemClock);
    const { releases, prepared } = await loaded({}, bars);
    expect(prepared).to.deep.equal([]);
    expect(releases.get(ID)).to.include({ status: "failed", problem: "exact-runtime-disagrees" });
    expect([releases.barred(), bars.all()]).to.deep.equal([[ID], [ID]]);
    expect([bars.unbar(ID), bars.unbar(ID)]).to.deep.equal([true, false]);
    expect((await loaded({}, bars)).releases.get(ID)?.status).to.equal("ready");
    temp.dispose();
  });
});
