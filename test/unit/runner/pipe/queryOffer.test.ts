import { expect } from "chai";
import { parseEther } from "ethers";
import { NO_COVER_USE } from "../../../../offchain-runner/src/cover/coverUse.ts";
import { CoverBook } from "../../../../offchain-runner/src/pipe/coverBook.ts";
import type { OfferDependencies, OfferedFor } from "../../../../offchain-runner/src/pipe/queryOffer.ts";
import { offerFor } from "../../../../offchain-runner/src/pipe/queryOffer.ts";
import { FEE, OPERATOR } from "../fakes/pipeNode.ts";
import { SOME_RELEASE } from "../fakes/scriptedEngine.ts";
import { RELEASE } from "../fakes/someRequest.ts";

const QUERY: OfferedFor = {
  ...{ release: RELEASE, codec: 1, modes: 1, operatorId: 0, maxFee: FEE, minStake: parseEther("1500") },
  inputBytes: 10,
};

describe("queryOffer", () => {
  let served: { status: string; config: object; release: object | undefined; zk?: object };
  let proofMs: number;
  let standing: { operatorId: number; isActive: boolean; stake: bigint };
  let minStake: bigint;

  beforeEach(() => {
    served = { status: "ready", config: { modes: ["VANILLA"], minFee: FEE }, release: SOME_RELEASE };
    standing = { operatorId: OPERATOR, isActive: true, stake: parseEther("2000") };
    minStake = 0n;
    proofMs = 1_000;
  });

  const offer = (overrides: Partial<OfferedFor> = {}) => {
    const dependencies = {
      releases: { get: (id: string) => (id === RELEASE ? served : undefined) },
      account: { standing: async () => standing },
      prices: { termsOf: async () => ({ royalty: 0n, minStake }), feeOf: async () => FEE },
      covers: new CoverBook(undefined, {
        promised: undefined as never,
        requested: () => NO_COVER_USE,
        coverable: async () => 0n,
        isExact: async () => true,
        nowSec: () => 0,
      }),
      prover: { expectedMs: () => proofMs, waitMs: () => 500, load: {} },
      maxInputBytes: 10,
    } as unknown as OfferDependencies;
    return offerFor({ ...QUERY, ...overrides }, dependencies);
  };
  const refusal = async (overrides: Partial<OfferedFor> = {}) => {
    const answer = await offer(overrides);
    return answer.kind === "refused" ? [answer.code, answer.elsewhere] : answer.kind;
  };

  it("says what it would sign", async () => {
    expect(await offer()).to.deep.equal({
      ...{ kind: "offered", release: SOME_RELEASE, mode: 0, fee: FEE, maxCover: 0n, operatorId: OPERATOR },
    });
    expect(await offer({ release: RELEASE.toUpperCase().replace("0X", "0x") })).to.include({
      kind: "offered",
    });
    expect(await offer({ operatorId: OPERATOR })).to.include({ kind: "offered" });
  });

  it("leaves to others what it does not do itself", async () => {
    expect(await refusal({ release: `0x${"09".repeat(32)}` })).to.deep.equal(["release-not-served", true]);
    expect(await refusal({ modes: 0b110 })).to.deep.equal(["mode-not-served", true]);
    expect(await refusal({ operatorId: OPERATOR + 1 })).to.deep.equal(["operator-not-chosen", true]);
    served.status = "loading";
    expect(await refusal()).to.deep.equal(["release-not-ready", true]);
  });

  it("answers in the first configured mode that is allowed, and never in another for want of it", async () => {
    const modes = async (config: string[], allowed: number, zk: object = { status: "ready" }) => {
      served = { ...served, config: { modes: config, minFee: FEE }, zk };
      const answer = await offer({ modes: allowed });
      return answer.kind === "refused" ? answer.code : answer.mode;
    };
    expect(await modes(["VANILLA", "ZK"], 0b11)).to.equal(0);
    expect(await modes(["ZK", "VANILLA"], 0b11)).to.equal(1);
    expect(await modes(["VANILLA", "ZK"], 0b10)).to.equal(1);
    expect(await modes(["VANILLA"], 0b10)).to.equal("mode-not-served");
    for (const status of ["loading", "refused"]) {
      expect(await modes(["ZK", "VANILLA"], 0b11, { status })).to.equal("proof-not-ready");
      expect(await modes(["ZK", "VANILLA"], 0b10, { status })).to.equal("proof-not-ready");
      expect(await modes(["ZK", "VANILLA"], 0b01, { status })).to.equal(0);
    }
  });

  it("leaves to others what it would prove too late for the caller", async () => {
    served = { ...served, config: { modes: ["ZK"], minFee: FEE }, zk: { status: "ready" } };
    expect(await refusal({ modes: 0b10, withinMs: 1_499 })).to.deep.equal(["deadline-unreachable", true]);
    expect(await refusal({ modes: 0b10, withinMs: 1_500 })).to.equal("offered");
    expect(await refusal({ modes: 0b10 })).to.equal("offered");
  });

  it("leaves to others what it may not do now", async () => {
    expect(await refusal({ minStake: parseEther("2000") + 1n })).to.deep.equal(["stake-too-low", true]);
    minStake = parseEther("2000") + 1n;
    expect(await refusal()).to.deep.equal(["stake-too-low", true]);
    standing = { ...standing, isActive: false };
    expect(await refusal()).to.deep.equal(["operator-not-active", true]);
    standing = { operatorId: 0, isActive: true, stake: parseEther("2000") };
    expect(await refusal()).to.deep.equal(["operator-not-active", true]);
  });

  it("refuses what no node should do", async () => {
    expect(await refusal({ codec: 9 })).to.deep.equal(["codec-unknown", false]);
    expect(await refusal({ inputBytes: 11 })).to.deep.equal(["input-too-large", false]);
    expect(await refusal({ maxFee: FEE - 1n })).to.deep.equal(["fee-above-maximum", false]);
  });
});
