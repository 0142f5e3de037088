import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NetworkError } from "@opg-network/sdk/errors";
import { readManifest } from "@opg-network/sdk/manifest";
import type { NodeReport } from "@opg-network/sdk/pipeError";
import { PipeSigner } from "@opg-network/sdk/pipeSigner";
import { expect } from "chai";
import { parseEther, type Wallet } from "ethers";
import { KEY_ORIGINS } from "../../offchain-runner/src/zk/keysRecord.ts";
import { Prover } from "../../offchain-runner/src/zk/prover.ts";
import { MODELS } from "../../scripts/local/paths.ts";
import type { CreditLender } from "../../types/contracts/examples/CreditLender.ts";
import { Coverage__factory } from "../../types/factories/contracts/Coverage__factory.ts";
import { CreditLender__factory } from "../../types/factories/contracts/examples/CreditLender__factory.ts";
import { OPG__factory } from "../../types/factories/contracts/OPG__factory.ts";
import { ATTESTATION_TYPES, applicationOf } from "../fixtures/zk/creditApplication.ts";
import { makeKeys } from "../fixtures/zk/keysFolder.ts";
import { type LocalChain, startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import { deployProving, type ProvingProtocol } from "./fixture/provedRelease.ts";

const MODEL = "credit-score";
const ONLY_ZK = 0b10;
const CHAIN_ID = 31_337;
const ZK_FEE = parseEther("0.3");
const MAX_LIMIT = parseEther("10000");
const MIN_SCORE = 700;
const { cases } = JSON.parse(readFileSync(`${MODELS}/${MODEL}/sample.json`, "utf8")) as {
  cases: { features: number[]; score: number }[];
};
const worst = cases[0] ?? { features: [], score: -1 };
const best = cases.at(-1) ?? worst;

// The lender of contracts/examples with a real node: an applicant's ordinary call, through PipeSigner.
describe("a credit line end to end", function () {
  this.timeout(180_000);

  let chain: LocalChain;
  let protocol: ProvingProtocol;
  let node: NodeProcess;
  let lender: CreditLender;
  let applicant: Wallet;
  let attester: Wallet;
  let signer: PipeSigner;
  let release: string;
  const folder = mkdtempSync(join(tmpdir(), "opg-credit-"));

  before(async () => {
    chain = await startLocalChain();
    protocol = await deployProving(chain);
    const [deployer, operator] = [chain.account(0), chain.account(1)];
    [applicant, attester] = [chain.account(4), chain.account(5)];
    release = await publishModel();
    const token = await new OPG__factory(deployer).deploy(deployer);
    lender = await new CreditLender__factory(deployer).deploy(protocol.pipe, {
      ...{ token, release, lender: deployer, leastOrigin: KEY_ORIGINS.single, minScore: MIN_SCORE },
      ...{ maxLimit: MAX_LIMIT, interest: parseEther("0.1"), maxInferenceFee: parseEther("0.5") },
    });
    await (await lender.setAttester(attester)).wait();
    await (await token.transfer(lender, MAX_LIMIT)).wait();
    await protocol.fund(applicant, lender, "10");

    const { operators, hub, requests, pipe } = protocol;
    const operatorId = await protocol.register(operator);
    await (await operators.setOffer(operatorId, release, ZK_FEE, ONLY_ZK)).wait();
    node = new NodeProcess(chain, protocol, operator, [], {
      serve: [{ release, minFee: "0.3", zkFee: "0.3", modes: ["ZK"], proofs: folder }],
    });
    await node.start({ isReady: false });
    await node.until(
      async () => (await node.status()).releases.find(({ id }) => id === release)?.zk?.status === "ready",
      "mode ZK is ready",
      60_000,
    );
    await (await operators.setEndpoint(operatorId, node.url)).wait();
    const coverage = await new Coverage__factory(deployer).deploy(hub, operators, requests);
    const network = {
      pipe: await pipe.getAddress(),
      coverage: await coverage.getAddress(),
      operators: await operators.getAddress(),
    };
    signer = new PipeSigner(applicant, { network, maxFee: parseEther("0.5") });
  });

  after(async () => {
    await node?.dispose();
    await chain?.stop();
    protocol?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  async function publishModel(): Promise<string> {
    const { inputs, outputs } = await readManifest(`${MODELS}/${MODEL}/manifest.json`);
    const bytes = new Uint8Array(readFileSync(`${MODELS}/${MODEL}/model.onnx`));
    const schema = { inputs, outputs };
    const prover = new Prover();
    const keys = await makeKeys({ bytes, schema }, folder, prover).finally(() => prover.stop());
    for (const blob of [...keys.graph.blobs, keys.blob]) await (await protocol.blobs.put(blob)).wait();
    const proofKey = {
      verifier: await protocol.verifier.getAddress(),
      digest: keys.record.keyDigest,
      origin: KEY_ORIGINS.single,
    };
    const { graphRoot } = keys.graph;
    return await protocol.publish({
      ...{ name: MODEL, uri: `${MODEL}/model.onnx`, file: bytes, schema, graphRoot, proofKey },
    });
  }

  async function applyWith(values: number[]) {
    const { features, term } = applicationOf(values);
    const nonce = await lender.nonceOf(applicant);
    const attestation = {
      ...{ applicant: applicant.address, features, nonce, validUntil: (await chain.timestamp()) + 3_600 },
    };
    const domain = {
      ...{ name: "OPG CreditLender", version: "1", chainId: CHAIN_ID },
      verifyingContract: await lender.getAddress(),
    };
    const signature = await attester.signTypedData(domain, ATTESTATION_TYPES, attestation);
    return await lender.connect(signer).open(attestation, signature, term);
  }

  const budget = async () => (await protocol.pipe.budgetOf(applicant, lender)).balance;

  it("is refused where the proved score is too low, and nothing is charged", async () => {
    const before = await budget();
    const refused = await applyWith(worst.features).then(
      () => undefined,
      (error: NetworkError) => error,
    );
    expect(refused?.code).to.equal("all-nodes-failed");
    const [report] = (refused?.data["reports"] ?? []) as NodeReport[];
    expect(report?.code).to.equal("call-reverts");
    // What the applicant is told before anything is sent.
    const reason = lender.interface.parseError(report?.revertData ?? "0x");
    expect([reason?.name, ...(reason?.args ?? [])]).to.deep.equal([
      "ScoreTooLow",
      BigInt(worst.score),
      BigInt(MIN_SCORE),
    ]);
    expect(await budget()).to.equal(before);
    expect(await lender.nonceOf(applicant)).to.equal(0n);
  });

  it("is opened by an ordinary call, whose proof a node made, and lent on", async () => {
    const before = await budget();
    const sent = await applyWith(best.features);
    const receipt = await sent.wait();
    const line = await lender.creditOf(applicant);
    expect([line.score, line.limit]).to.deep.equal([
      BigInt(best.score),
      (MAX_LIMIT * BigInt(best.score)) / 1_000n,
    ]);
    expect(before - (await budget())).to.equal(ZK_FEE);
    await (await lender.connect(applicant).draw(line.limit)).wait();
    expect(await lender.debtOf(applicant)).to.equal(line.limit);
    console.log(`      a line with its proof: ${receipt?.gasUsed} gas`);
  });
});
