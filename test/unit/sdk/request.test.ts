import type { InferenceRequest } from "@opg-network/sdk/request";
import {
  decodeRequest,
  encodeRequest,
  feeAt,
  GRAIN,
  packRequest,
  requestIdOf,
  royaltyAt,
  unpackRequest,
} from "@opg-network/sdk/request";
import { expect } from "chai";
import { getAddress, ZeroAddress } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { InferenceRequests__factory } from "../../../types/factories/contracts/InferenceRequests__factory.ts";
import { fastCheckSeed } from "../../fixtures/campaign.ts";
import { covers } from "../../fixtures/queryArbitraries.ts";

const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((array) => `0x${Buffer.from(array).toString("hex")}`);
const uint = (bits: number) => fc.nat({ max: 2 ** Math.min(bits, 31) - 1 });
const amount = fc.bigInt({ min: 0n, max: 10n ** 15n }).map((grains) => grains * GRAIN);
const timestamp = fc.nat({ max: 2 ** 31 - 1 });

const anyRequest: fc.Arbitrary<InferenceRequest> = fc
  .record({
    requester: hex(20).map(getAddress),
    lane: uint(32),
    nonce: uint(40),
    release: hex(32),
    mode: fc.nat({ max: 2 }),
    codec: uint(8),
    inputHash: hex(32),
    fee: amount,
    royalty: amount,
    minStake: amount,
    operatorId: uint(32),
    openedAt: timestamp,
    fullFeeUntil: timestamp,
    deadline: timestamp,
    acceptPeriod: uint(32),
    callbackGas: uint(32),
    delivery: fc.nat({ max: 1 }),
  })
  .chain((request) => fc.option(covers).map((cover) => (cover === null ? request : { ...request, cover })));

describe("requests outside the chain", () => {
  it("survive packing and encoding", () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        expect(unpackRequest(packRequest(request))).to.deep.equal(request);
        expect(decodeRequest(encodeRequest(request))).to.deep.equal(request);
      }),
      { seed: fastCheckSeed, numRuns: 200 },
    );
  });

  it("mean the same to the contract: every field, the id, and the fee at every time", async () => {
    const contract = await pureViews();
    const address = await contract.getAddress();
    await fc.assert(
      fc.asyncProperty(anyRequest, timestamp, async (request, at) => {
        const packed = packRequest(request);
        const described = await contract.describe(packed);
        const { cover, ...flat } = request;
        const beneficiary = cover?.beneficiary ?? ZeroAddress;
        const spelled = { ...flat, cover: cover?.amount ?? 0n, beneficiary };
        for (const [name, value] of Object.entries(spelled)) {
          expect(String(described[name as keyof typeof spelled]), name).to.equal(String(value));
        }
        expect(await contract.idOf(packed)).to.equal(requestIdOf(address, packed));
        expect(await contract.feeAt(packed, at)).to.equal(feeAt(request, at));
      }),
      { seed: fastCheckSeed, numRuns: 25 },
    );
  });

  it("pay all, then less, then nothing", () => {
    const request = { fee: 10n * GRAIN, royalty: GRAIN, fullFeeUntil: 100, deadline: 200 };
    expect([100, 101, 150, 199, 200, 300].map((at) => feeAt(request, at) / GRAIN)).to.deep.equal([
      10n,
      9n,
      5n,
      0n,
      0n,
      0n,
    ]);
    expect(royaltyAt(request, 150)).to.equal(0n);
    expect(feeAt({ ...request, fullFeeUntil: 200 }, 200)).to.equal(request.fee);
  });
});

/** The contract's own code at an address where only its pure functions are asked. */
async function pureViews() {
  const { ethers, provider } = await network.create("op");
  const [account] = await ethers.getSigners();
  const address = getAddress(`0x${"77".repeat(20)}`);
  const { deployedBytecode } = await (await import("hardhat")).default.artifacts.readArtifact(
    "InferenceRequests",
  );
  await provider.request({ method: "hardhat_setCode", params: [address, deployedBytecode] });
  return InferenceRequests__factory.connect(address, account);
}
