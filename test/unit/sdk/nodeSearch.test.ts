import { demandOf } from "@opg-network/sdk/keyOrigin";
import { allowsEndpoint, findNodes, type OfferToScore, scoreOffer } from "@opg-network/sdk/nodeSearch";
import type { PipeContracts } from "@opg-network/sdk/pipeContracts";
import { expect } from "chai";
import { parseEther, ZeroAddress, ZeroHash } from "ethers";

const BASE: OfferToScore = {
  offer: {
    release: ZeroHash as "0x",
    mode: 0,
    fee: parseEther("0.1"),
    operatorId: 1,
    signer: ZeroAddress,
    expectedMs: 10,
    freeSlots: 1,
  },
  stake: parseEther("2000"),
  query: {
    release: ZeroHash,
    codec: 1,
    modes: 1,
    operatorId: 0,
    maxFee: parseEther("1"),
    minStake: 0n,
    input: "0x",
  },
};
const offering = (offer: Partial<OfferToScore["offer"]>): OfferToScore => ({
  ...BASE,
  offer: { ...BASE.offer, ...offer },
});

describe("the score of an offer", () => {
  it("is better for less money, more stake, more speed and a free slot", () => {
    const score = scoreOffer(BASE);
    expect(scoreOffer(offering({ fee: parseEther("0.2") }))).to.be.greaterThan(score);
    expect(scoreOffer(offering({ expectedMs: 500 }))).to.be.greaterThan(score);
    expect(scoreOffer(offering({ freeSlots: 0 }))).to.be.greaterThan(score);
    expect(scoreOffer({ ...BASE, stake: parseEther("1000") })).to.be.greaterThan(score);
  });

  it("still tells free offers apart", () => {
    expect(scoreOffer(offering({ fee: 0n, expectedMs: 500 }))).to.be.greaterThan(
      scoreOffer(offering({ fee: 0n })),
    );
  });
});

describe("the search for nodes", () => {
  const asked: string[] = [];
  const contracts = {
    candidates: async (_: string, mode: number) => [
      {
        ...{
          operatorId: mode + 1,
          signer: ZeroAddress,
          price: 1n,
          stake: 1n,
          freeSlots: 1,
          endpointBlock: 1,
        },
      },
    ],
    endpointOf: async () => "https://node.example",
    keyOriginOf: async (release: string) => {
      asked.push(release);
      return "ceremony";
    },
  } as unknown as PipeContracts;
  const found = async (modes: number) => {
    const nodes = await findNodes([{ ...BASE.query, modes }], { contracts, chainId: 1, report: () => {} });
    return nodes.map(({ operatorId }) => operatorId);
  };

  it("leaves out proofs of keys that the query refuses, and asks for them only then", async () => {
    expect(await found(0b111)).to.deep.equal([1, 2, 3]);
    expect(asked).to.deep.equal([]);
    expect(await found(0b111 | demandOf("ceremony"))).to.deep.equal([1, 2, 3]);
    expect(await found(0b111 | demandOf("universal"))).to.deep.equal([1, 3]);
    expect(await found(0b101 | demandOf("universal"))).to.deep.equal([1, 3]);
    expect(asked).to.deep.equal([ZeroHash, ZeroHash]);
  });
});

describe("the endpoint of a node", () => {
  it("is https anywhere, and http to this machine on a local chain alone", () => {
    const cases: [string, number, boolean][] = [
      ["https://node.example", 8_453, true],
      ["https://node.example:8443/opg", 8_453, true],
      ["http://node.example", 8_453, false],
      ["http://127.0.0.1:3000", 31_337, true],
      ["http://localhost:3000", 31_337, true],
      ["http://127.0.0.1:3000", 8_453, false],
      ["http://127.0.0.1.evil.example", 31_337, false],
      ["https://user:secret@node.example", 8_453, false],
      ["https://node.example/?to=elsewhere", 8_453, false],
      ["file:///etc/passwd", 31_337, false],
      ["javascript:alert(1)", 31_337, false],
      ["", 31_337, false],
    ];
    for (const [endpoint, chainId, allowed] of cases)
      expect(allowsEndpoint(endpoint, chainId), endpoint).to.equal(allowed);
  });
});
