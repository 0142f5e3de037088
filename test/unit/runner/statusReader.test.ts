import { expect } from "chai";
import { NO_COVER_USE } from "../../../offchain-runner/src/cover/coverUse.ts";
import { StatusReader, type StatusSources } from "../../../offchain-runner/src/http/statusReader.ts";

const NEVER = new Promise<never>(() => undefined);

describe("StatusReader", () => {
  it("answers while the chain does not, and asks it once for all who want to know", async () => {
    let asked = 0;
    const reader = new StatusReader({
      chainId: 1,
      confirmations: 0,
      silentAfterMs: 0,
      isServing: true,
      alarms: () => [],
      insured: () => NO_COVER_USE,
      endpoints: () => [],
      time: { isKnown: false },
      watcher: {},
      account: {
        standing: () => {
          asked += 1;
          return NEVER;
        },
      },
      chain: { balance: () => NEVER },
      loop: {},
      sender: {},
      releases: { all: () => [] },
      claims: { earnings: new Map() },
      jobs: { counts: () => ({}), bonded: () => 0n, recent: () => [] },
      pipe: undefined,
      proofs: undefined,
      verifier: undefined,
    } as unknown as StatusSources);
    const statuses = await Promise.all([reader.read(), reader.read()]);
    for (const { operator, reasons } of statuses) {
      expect(operator).to.equal(undefined);
      expect(reasons).to.include("rpc-unavailable");
    }
    expect(asked).to.equal(1);
  });
});
