import { CarriedResultsError, type ResultBundle } from "@opg-network/sdk/carriedResults";
import { domainSeparatorOf, INFERENCE_RESULT_TYPES, operatorsDomain } from "@opg-network/sdk/inferenceResult";
import { bundleSigner, carriedDigest, contextOf, signedResultsOf } from "@opg-network/sdk/signedBundle";
import { expect } from "chai";
import { getAddress, keccak256, toBeHex, verifyTypedData, Wallet, ZeroAddress, ZeroHash } from "ethers";

const PAYER = getAddress(`0x${"aa".repeat(20)}`);
const CONSUMER = getAddress(`0x${"bb".repeat(20)}`);
const DOMAIN = operatorsDomain(31_337n, getAddress(`0x${"cc".repeat(20)}`));
const SEPARATOR = domainSeparatorOf(DOMAIN);
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const wallet = new Wallet(keccak256("0x01"));

function someBundle(consumer: string, count: number): ResultBundle {
  const unsigned = {
    consumer,
    validUntil: 2_000_000_000,
    results: Array.from({ length: count }, (_, n) => ({
      release: toBeHex(1, 32),
      inputHash: toBeHex(n, 32),
      mode: 0,
      codec: 1,
      fee: 10n ** 18n,
      maxCover: 0n,
      output: toBeHex(n, 32),
      proof: "0x",
    })),
  };
  const digest = carriedDigest(unsigned, PAYER, SEPARATOR);
  return { ...unsigned, signature: wallet.signingKey.sign(digest).serialized };
}

describe("signed bundles", () => {
  it("recover to their signer, alone and together", () => {
    for (const count of [1, 2, 7])
      expect(bundleSigner(someBundle(CONSUMER, count), PAYER, SEPARATOR)).to.equal(wallet.address);
  });

  it("of one result are signed as EIP-712 tools sign it", () => {
    const bundle = someBundle(CONSUMER, 1);
    const [result] = signedResultsOf(bundle, PAYER);
    expect(verifyTypedData(DOMAIN, INFERENCE_RESULT_TYPES, { ...result }, bundle.signature)).to.equal(
      wallet.address,
    );
  });

  it("are bound to payer and consumer, or to nobody", () => {
    const [bound] = signedResultsOf(someBundle(CONSUMER, 1), PAYER);
    expect(bound?.context).to.equal(contextOf(PAYER, CONSUMER));
    const [free] = signedResultsOf(someBundle(ZeroAddress, 1), PAYER);
    expect(free?.context).to.equal(ZeroHash);
    expect(bundleSigner(someBundle(CONSUMER, 2), CONSUMER, SEPARATOR)).to.not.equal(wallet.address);
    expect(bundleSigner(someBundle(ZeroAddress, 2), CONSUMER, SEPARATOR)).to.equal(wallet.address);
  });

  it("refuse the second form of a signature, which the chain refuses too", () => {
    const bundle = someBundle(CONSUMER, 1);
    const s = ORDER - BigInt(`0x${bundle.signature.slice(66, 130)}`);
    const v = bundle.signature.endsWith("1b") ? "1c" : "1b";
    const twisted = bundle.signature.slice(0, 66) + toBeHex(s, 32).slice(2) + v;
    for (const signature of [twisted, `${bundle.signature.slice(0, 130)}00`, `0x${"00".repeat(65)}`])
      expect(() => bundleSigner({ ...bundle, signature }, PAYER, SEPARATOR)).to.throw(CarriedResultsError);
  });
});
