import { readFileSync } from "node:fs";
import { expect } from "chai";
import { hexlify, keccak256, parseEther } from "ethers";
import { lowerRelease } from "../../../offchain-runner/src/exact/lowering.ts";
import { MODELS } from "../../../scripts/local/paths.ts";
import { readManifest } from "../../../sdk/src/manifest.ts";
import { encodeTensors } from "../../../sdk/src/tensorCodec.ts";
import { tensorFromNumbers } from "../../../sdk/src/tensorValues.ts";
import { applicationOf } from "../../fixtures/zk/creditApplication.ts";
import {
  BUDGET,
  type CreditNetwork,
  FUNDS,
  INFERENCE_FEE,
  MAX_LIMIT,
  MODEL,
  startCreditNetwork,
} from "../../fixtures/zk/creditNetwork.ts";

interface Sample {
  cases: { features: number[]; score: number }[];
}

const { cases } = JSON.parse(readFileSync(`${MODELS}/${MODEL}/sample.json`, "utf8")) as Sample;
const worst = cases[0] ?? { features: [], score: -1 };
const best = cases.at(-1) ?? worst;
const YEAR_SEC = 365 * 86_400;
const GAS = 3_000_000;

// From application to loan to refusal, with real keys, real proofs and the deployed contracts.
describe("a lender that takes proved scores alone", () => {
  let net: CreditNetwork;

  before(async function () {
    this.timeout(300_000);
    net = await startCreditNetwork();
  });

  after(async () => await net?.stop());

  async function openCall({ features }: { features: number[] }, who = net.applicant) {
    const asked = applicationOf(features);
    const { attestation, signature } = await net.attested(asked.features, who);
    const call = net.lender.interface.encodeFunctionData("open", [attestation, signature, asked.term]);
    return { ...asked, call };
  }

  const send = async (data: string, from = net.applicant) =>
    await from.sendTransaction({ to: net.lender, data, gasLimit: GAS });
  const budget = async () => (await net.protocol.pipe.budgetOf(net.applicant, net.lender)).balance;

  it("asks for the model's own encoding of the features", async () => {
    for (const { features } of cases) {
      const asked = applicationOf(features);
      expect(await net.lender.inputOf(asked.features, asked.term)).to.equal(
        hexlify(encodeTensors([tensorFromNumbers("uint8", [1, 7], features)])),
      );
    }
    const manifest = await readManifest(`${MODELS}/${MODEL}/manifest.json`);
    const graph = lowerRelease(new Uint8Array(readFileSync(`${MODELS}/${MODEL}/model.onnx`)), manifest);
    expect((await net.protocol.hub.exactCommitmentOf(net.release)).graphRoot).to.equal(graph.graphRoot);
  });

  it("refuses an applicant whose proved score is too low, and keeps nothing", async () => {
    const { features, term, call } = await openCall(worst);
    const { result } = await net.proved(features, term);
    await expect(send(await net.carrying(call, result)))
      .to.be.revertedWithCustomError(net.lender, "ScoreTooLow")
      .withArgs(worst.score, net.terms.minScore);
    expect(await net.lender.nonceOf(net.applicant)).to.equal(0n);
    expect(await budget()).to.equal(BUDGET);
    await expect(net.lender.creditOf(net.applicant)).to.be.revertedWithCustomError(
      net.lender,
      "CreditUnknown",
    );
  });

  it("refuses that applicant with whatever else it brings instead of the proof", async () => {
    const { features, term, call } = await openCall(worst);
    const { pipe, settlement } = net.protocol;
    const { result } = await net.proved(features, term);
    const generous = outputOf(1000);
    const refused = async (data: string, by: { interface: typeof pipe.interface }, error: string) =>
      await expect(send(data)).to.be.revertedWithCustomError(by as never, error);

    // A better score with the proof of the true one.
    await expect(
      send(await net.carrying(call, { ...result, output: generous })),
    ).to.be.revertedWithCustomError(settlement, "ProofRejected");
    // The signature of a staked operator, and no proof.
    await refused(
      await net.carrying(call, { ...result, output: generous, mode: 0, proof: "0x" }),
      pipe,
      "ModeNotOffered",
    );
    // Nothing at all.
    await refused(call, pipe, "InferenceRequired");
    // The score of somebody whom the model would trust.
    const asked = applicationOf(best.features);
    const { result: anothers } = await net.proved(asked.features, asked.term);
    await refused(await net.carrying(call, anothers), pipe, "InferenceRequired");
    // That score, said to be the answer to this applicant's features.
    await expect(
      send(await net.carrying(call, { ...anothers, inputHash: result.inputHash })),
    ).to.be.revertedWithCustomError(settlement, "InputMismatch");
    expect(await budget()).to.equal(BUDGET);
  });

  it("takes no proof of another operator, release or applicant", async () => {
    const { features, term, call } = await openCall(best);
    const { pipe, settlement } = net.protocol;
    const { result } = await net.proved(features, term);
    await expect(send(await net.carrying(call, result, 2))).to.be.revertedWithCustomError(
      settlement,
      "ProofRejected",
    );
    // The same model published once more: its own results answer another question, and its proofs do not fit here.
    const { result: twins } = await net.proved(features, term, 1, net.twin);
    await expect(send(await net.carrying(call, twins))).to.be.revertedWithCustomError(
      pipe,
      "InferenceRequired",
    );
    await expect(
      send(await net.carrying(call, { ...twins, release: net.release })),
    ).to.be.revertedWithCustomError(settlement, "ProofRejected");
    // Signed for the other account: whoever that signature belongs to is no operator.
    await expect(send(await net.carrying(call, result, 1, net.other))).to.be.revertedWithCustomError(
      pipe,
      "OperatorNotActive",
    );
    // The whole call, copied by somebody else.
    await expect(
      send(await net.carrying(call, result, 1, net.other), net.other),
    ).to.be.revertedWithCustomError(net.lender, "ApplicantMismatch");
  });

  it("lends on a proved score: application, line, loan, repayment", async () => {
    const { applicant, lender, token } = net;
    const { features, term, call } = await openCall(best);
    const { result, provingMs } = await net.proved(features, term);
    const data = await net.carrying(call, result);
    const opened = await send(data);
    const limit = (MAX_LIMIT * BigInt(best.score)) / 1000n;
    const line = await lender.creditOf(applicant);
    expect([line.limit, line.score, line.principal]).to.deep.equal([limit, BigInt(best.score), 0n]);
    expect(await budget()).to.equal(BUDGET - INFERENCE_FEE);
    const [inferred] = await net.protocol.pipe.queryFilter(net.protocol.pipe.filters.Inferred(lender));
    expect(keccak256(inferred?.args.input ?? "0x")).to.equal(result.inputHash);
    const gas = (await opened.wait())?.gasUsed;
    console.log(
      `      a line on a proved score: ${gas} gas, ${net.constraints} constraints, ${Math.round(provingMs)} ms`,
    );

    await expect(send(data)).to.be.revertedWithCustomError(lender, "AttestationNonceInvalid");
    await (await lender.connect(applicant).draw(limit)).wait();
    expect(await token.balanceOf(applicant)).to.equal(limit);
    await expect(lender.connect(applicant).draw(1n)).to.be.revertedWithCustomError(
      lender,
      "CreditLimitExceeded",
    );
    const again = await openCall(best);
    await expect(send(await net.carrying(again.call, result))).to.be.revertedWithCustomError(
      lender,
      "DebtOutstanding",
    );

    await net.cli.increaseTime(YEAR_SEC);
    await (await token.transfer(applicant, parseEther("2000"))).wait();
    await (await token.connect(applicant).approve(lender, MAX_LIMIT * 2n)).wait();
    await (await lender.connect(applicant).repay(applicant, MAX_LIMIT * 2n)).wait();
    expect(await lender.debtOf(applicant)).to.equal(0n);
    const earned = (await token.balanceOf(lender)) - FUNDS;
    // A tenth, and what the seconds between the blocks add.
    expect(earned >= limit / 10n && earned < limit / 10n + parseEther("0.01")).to.equal(true);
    await (await lender.withdraw(FUNDS + earned)).wait();
    expect(await token.balanceOf(lender)).to.equal(0n);
  });

  it("refuses what the attester signed, once the lender has named another", async () => {
    const { features, term, call } = await openCall(best, net.applicant);
    const { result } = await net.proved(features, term);
    await (await net.lender.setAttester(net.other)).wait();
    await expect(send(await net.carrying(call, result))).to.be.revertedWithCustomError(
      net.lender,
      "AttestationSignatureInvalid",
    );
  });
});

function outputOf(score: number): string {
  return hexlify(encodeTensors([tensorFromNumbers("int64", [1, 1], [score])]));
}
