import type { InferenceResult } from "@opg-network/sdk/inferenceResult";
import {
  domainSeparatorOf,
  INFERENCE_RESULT_TYPES,
  operatorsDomain,
  resultHash,
  typedDataDigest,
} from "@opg-network/sdk/inferenceResult";
import {
  BundleEmptyError,
  BundleIndexError,
  bundleDigest,
  bundlePath,
  bundleRoot,
  memberDigest,
} from "@opg-network/sdk/resultBundle";
import { expect } from "chai";
import { keccak256, TypedDataEncoder, toBeHex, Wallet } from "ethers";
import { network } from "hardhat";
import { OPG__factory } from "../../../types/factories/contracts/OPG__factory.ts";
import { Operators__factory } from "../../../types/factories/contracts/Operators__factory.ts";
import { ProofSettlement__factory } from "../../../types/factories/contracts/ProofSettlement__factory.ts";

const hash = (n: number): string => keccak256(toBeHex(n, 32));

function someResult(n: number): InferenceResult {
  return {
    context: hash(n),
    release: hash(1),
    mode: 0,
    codec: 1,
    inputHash: hash(2),
    outputHash: hash(3 + n),
    fee: 10n ** 18n,
    maxCover: 0n,
    validUntil: 2_000_000_000,
  };
}

describe("signed results", () => {
  const domain = operatorsDomain(31_337n, `0x${"12".repeat(20)}`);
  const separator = domainSeparatorOf(domain);

  it("hash a single result as EIP-712 tools do", () => {
    const result = someResult(1);
    expect(typedDataDigest(separator, resultHash(result))).to.equal(
      TypedDataEncoder.hash(domain, INFERENCE_RESULT_TYPES, result),
    );
    expect(bundleDigest(separator, [resultHash(result)])).to.equal(
      TypedDataEncoder.hash(domain, INFERENCE_RESULT_TYPES, result),
    );
  });

  it("lead every member of a bundle of any size to the digest that was signed", () => {
    for (let size = 1; size <= 17; ++size) {
      const leaves = Array.from({ length: size }, (_, n) => hash(n));
      const digest = bundleDigest(separator, leaves);
      for (const [index, leaf] of leaves.entries()) {
        expect(memberDigest(separator, leaf, bundlePath(leaves, index)), `${index} of ${size}`).to.equal(
          digest,
        );
      }
    }
  });

  it("lead no stranger and no inner node there", () => {
    const leaves = [1, 2, 3, 4].map(hash);
    const digest = bundleDigest(separator, leaves);
    const inner = bundleRoot(leaves.slice(0, 2));
    expect(memberDigest(separator, hash(9), bundlePath(leaves, 0))).to.not.equal(digest);
    expect(memberDigest(separator, bundleRoot(leaves), [])).to.not.equal(digest);
    expect(bundleRoot([inner, hash(3), hash(4)])).to.not.equal(bundleRoot(leaves));
  });

  it("refuse an empty bundle and an index outside it", () => {
    expect(() => bundleRoot([])).to.throw(BundleEmptyError);
    expect(() => bundlePath([hash(1)], 1))
      .to.throw(BundleIndexError)
      .with.property("code", "bundle-index-out-of-range");
    expect(() => bundlePath([hash(1)], -1)).to.throw(BundleIndexError);
  });

  it("recover to the signer in ProofSettlement, alone and out of a bundle", async () => {
    const { ethers } = await network.create("op");
    const deployer = await ethers.provider.getSigner(0);
    const opg = await new OPG__factory(deployer).deploy(deployer);
    const operators = await new Operators__factory(deployer).deploy(opg, deployer, {
      disputeWindow: 86_400,
      maxValidity: 3_600,
      unbondingPeriod: 604_800,
      jailPeriod: 604_800,
      minimumStake: ethers.parseEther("1000"),
      stakePerSlot: ethers.parseEther("100"),
      bountyFloor: ethers.parseEther("50"),
    });
    const settlement = await new ProofSettlement__factory(deployer).deploy(operators, deployer);
    const onChain = domainSeparatorOf(operatorsDomain(31_337n, await operators.getAddress()));
    expect(await operators.domainSeparator()).to.equal(onChain);

    const { signingKey, address } = Wallet.createRandom();
    for (const size of [1, 2, 5, 10]) {
      const results = Array.from({ length: size }, (_, n) => someResult(n));
      const leaves = results.map(resultHash);
      const signature = signingKey.sign(bundleDigest(onChain, leaves)).serialized;
      for (const [index, result] of results.entries()) {
        const signed = { result, path: bundlePath(leaves, index), signature };
        expect(await settlement.signerOf(signed), `${index} of ${size}`).to.equal(address);
      }
    }
  });
});
