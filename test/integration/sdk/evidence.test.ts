import { claimCommitment, claimKey, claimOf } from "@opg-network/sdk/evidence/claim";
import { type Evidence, type EvidenceLog, evidenceSigner } from "@opg-network/sdk/evidence/evidence";
import { PIPE_EVIDENCE_ABI, REQUESTS_EVIDENCE_ABI } from "@opg-network/sdk/evidence/evidenceAbi";
import { pipeEvidence } from "@opg-network/sdk/evidence/pipeEvidence";
import {
  fulfilmentEvidence,
  openedRequests,
  signedFulfilments,
} from "@opg-network/sdk/evidence/requestEvidence";
import { domainSeparatorOf, operatorsDomain } from "@opg-network/sdk/inferenceResult";
import { expect } from "chai";
import { Interface, type InterfaceAbi, keccak256, ZeroHash } from "ethers";
import hre from "hardhat";
import { type ExactModel, readExactModel } from "../../../bench/exactRelease.ts";
import { type Court, deployCourt } from "../../e2e/fixture/court.ts";
import { type LocalChain, startLocalChain } from "../../e2e/fixture/localChain.ts";
import { askRequests, LyingOperator } from "../../e2e/fixture/lyingOperator.ts";
import { variedInputs } from "../../fixtures/lies.ts";
import { loggedResults } from "../../fixtures/loggedResults.ts";

describe("evidence from logs", function () {
  this.timeout(120_000);

  let chain: LocalChain;
  let court: Court;
  let operator: LyingOperator;
  let model: ExactModel;
  let release: string;

  before(async () => {
    chain = await startLocalChain();
    court = await deployCourt(chain);
    operator = await LyingOperator.enlist(court);
    model = readExactModel("eth-volatility-1h-exact");
    release = await court.publishExact(model);
  });

  after(async () => {
    await chain.stop();
  });

  async function logsFrom(fromBlock: number): Promise<EvidenceLog[]> {
    const { InferenceRequests, Pipe } = court.addresses;
    const logs = await chain.provider.getLogs({ address: [InferenceRequests, Pipe] as never, fromBlock });
    return [...logs];
  }

  function evidenceIn(logs: EvidenceLog[]): Evidence[] {
    const { InferenceRequests, Pipe } = court.addresses;
    const opened = new Map(openedRequests(logs, InferenceRequests).map((each) => [each.id, each]));
    const fulfilled = signedFulfilments(logs, InferenceRequests).flatMap(
      (each) => fulfilmentEvidence(each, (id) => opened.get(id)) ?? [],
    );
    return [...pipeEvidence(logs, Pipe), ...fulfilled];
  }

  function told(count: number) {
    return variedInputs(model, count).map((input) => ({ release, input, output: model.outputOf(input) }));
  }

  it("rebuilds every signed result with its input and output, as a second reader of the logs does", async () => {
    const from = (await chain.provider.getBlockNumber()) + 1;
    await operator.tellInTransaction(told(1));
    await operator.tellInTransaction(told(5));
    await operator.tellInTransaction(told(2), { isPublic: true });
    await operator.tellUnused(told(3));
    const answers = told(4);
    const opened = await askRequests(court, answers);
    const [first, ...others] = opened;
    if (first === undefined) throw new Error("no request was opened");
    await operator.fulfil([first], [answers[0]?.output ?? new Uint8Array()]);
    await operator.fulfil(
      others,
      answers.slice(1).map(({ output }) => output),
    );

    const found = evidenceIn(await logsFrom(from));
    expect(found).to.have.length(15);
    const others2 = await loggedResults(court, from);
    const comparable = (each: {
      signed: Evidence["signed"];
      input?: string | undefined;
      output: string;
    }) => ({
      result: each.signed.result,
      path: [...each.signed.path],
      signature: each.signed.signature,
      input: each.input,
      output: each.output,
    });
    const byHash = (a: { result: { context: string; inputHash: string } }, b: typeof a): number =>
      `${a.result.context}${a.result.inputHash}` < `${b.result.context}${b.result.inputHash}` ? -1 : 1;
    const [mine, theirs] = [found, others2].map((list) =>
      list.map((each) => comparable(each)).sort((a, b) => byHash(a, b) || a.path.length - b.path.length),
    );
    expect(mine).to.have.deep.members(theirs ?? []);

    const separator = domainSeparatorOf(operatorsDomain(31_337n, court.addresses.Operators));
    for (const { signed, signer, input } of found) {
      expect(evidenceSigner(signed, separator)).to.equal(signer).and.to.equal(operator.signer.address);
      if (input !== undefined) expect(keccak256(input)).to.equal(signed.result.inputHash);
    }
    expect(found.filter(({ input }) => input === undefined)).to.have.length(3);
  });

  it("rebuilds a bundle of which one answer was skipped", async () => {
    const from = (await chain.provider.getBlockNumber()) + 1;
    const answers = told(3);
    const opened = await askRequests(court, answers);
    const outputs = answers.map(({ output }) => output);
    await operator.fulfil(opened.slice(1, 2), outputs.slice(1, 2));
    await operator.fulfil(opened, outputs);
    const found = evidenceIn(await logsFrom(from));
    expect(found).to.have.length(3);
    const separator = domainSeparatorOf(operatorsDomain(31_337n, court.addresses.Operators));
    for (const { signed, signer } of found) expect(evidenceSigner(signed, separator)).to.equal(signer);
    expect(found.filter(({ signed }) => signed.path.length !== 0)).to.have.length(2);
  });

  it("says that it lacks a request instead of guessing a digest", async () => {
    const answers = told(2);
    const opened = await askRequests(court, answers);
    const receipt = await operator.fulfil(
      opened,
      answers.map(({ output }) => output),
    );
    const [fulfilment] = signedFulfilments(receipt.logs, court.addresses.InferenceRequests);
    if (fulfilment === undefined) throw new Error("nothing was fulfilled");
    expect(fulfilment.members).to.have.length(2);
    expect(fulfilmentEvidence(fulfilment, () => undefined)).to.equal(undefined);
  });

  it("passes over a request whose event lies about its input", async () => {
    const from = (await chain.provider.getBlockNumber()) + 1;
    await askRequests(court, told(1));
    const logs = await logsFrom(from);
    const requests = court.addresses.InferenceRequests;
    expect(openedRequests(logs, requests)).to.have.length(1);
    const forged = logs.map((log) => ({ ...log, data: log.data.replace(/[1-9a-f](?=0*$)/, "0") }));
    expect(openedRequests(forged, requests)).to.have.length(0);
  });

  it("names claims and commitments as the contract does", async () => {
    await operator.tellInTransaction([{ ...told(1)[0], output: Uint8Array.of(1) } as never]);
    const from = await chain.provider.getBlockNumber();
    const [evidence] = evidenceIn(await logsFrom(from));
    if (evidence === undefined) throw new Error("no evidence");
    const { operatorId, era } = await court.operators.slashableOperatorOf(evidence.signer);
    const claim = claimOf({ operatorId: Number(operatorId), era: Number(era) }, evidence.signed.result);
    const accuser = chain.account(2);
    const commitment = claimCommitment(claim, accuser.address, ZeroHash);
    await (await court.disputes.connect(accuser).commit(3, commitment)).wait();
    await chain.pass(301);
    const rival = court.disputes.connect(chain.account(1));
    await (await rival.proveWrongOutput(evidence.signed, evidence.input ?? "0x")).wait();
    expect(await court.disputes.isPunished(claimKey(claim))).to.equal(true);
    await (await court.disputes.connect(accuser).claimBounty(claim, 3, ZeroHash)).wait();
    expect((await court.disputes.bountyOf(claimKey(claim))).claimant).to.equal(accuser.address);
  });

  it("reads by the compiled contracts' events", async () => {
    for (const [contract, abi] of [
      ["InferenceRequests", REQUESTS_EVIDENCE_ABI],
      ["Pipe", PIPE_EVIDENCE_ABI],
    ] as const) {
      const artifact = await hre.artifacts.readArtifact(contract);
      const compiled = new Interface(artifact.abi as InterfaceAbi).format();
      for (const line of new Interface(abi).format()) expect(compiled).to.include(line);
    }
  });
});
