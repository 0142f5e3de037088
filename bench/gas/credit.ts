import { appendResults, encodeBundle } from "@opg-network/sdk/carriedResults";
import { signedResultsOf } from "@opg-network/sdk/signedBundle";
import { hexlify, keccak256, parseEther } from "ethers";
import { bindingOf, publicSignals } from "../../offchain-runner/src/zk/statement.ts";
import { ATTESTATION_TYPES, applicationOf } from "../../test/fixtures/zk/creditApplication.ts";
import { knownKeyBlob, provedAnyhow } from "../../test/fixtures/zk/knownKey.ts";
import { readExactModel } from "../exactRelease.ts";
import { operatorNetwork, RESULT_FIELDS, START_SEC } from "../operatorNetwork.ts";

const FEE = parseEther("0.05");
const ZK = 1;
const SINGLE = 1;
const RUNS = 3;
/** A credit of the model's sample that is granted. */
const SAMPLE = 5;

/**
 * `gas.credit.open`: a credit line on a proved score, the whole transaction: attestation, proof, payment, line; third run,
 * in place of a line that owes nothing. The proof is made from the known secrets of a key, the same bytes in every run.
 */
export async function measure(): Promise<Record<string, number>> {
  const net = await operatorNetwork();
  const { ethers, opg, authority, blobs, hub, operators, domain, deployer, accounts, gasOf } = net;
  const [owner, signer, applicant, attester] = accounts;
  if (!owner || !signer || !applicant || !attester) throw new Error("the network has too few accounts");
  const coder = ethers.AbiCoder.defaultAbiCoder();
  const settlement = await ethers.deployContract("ProofSettlement", [operators, authority]);
  const groth16 = await ethers.deployContract("Groth16Verifier", [hub, SINGLE]);
  await settlement.setVerifier(ZK, groth16);
  const gateways = await ethers.deployContract("Gateways", [operators, hub, settlement]);
  const parts = [opg, operators, hub, settlement, gateways, deployer, deployer, 500];
  const pipe = await ethers.deployContract("Pipe", parts);
  await opg.transfer(owner, parseEther("100000"));
  await opg.connect(owner).approve(operators, parseEther("100000"));
  const consent = await net.signConsent(signer, owner);
  await operators.connect(owner).register(signer, consent, 1, "https://node.example.org");
  await operators.connect(owner).stake(1, parseEther("50000"));

  const { graph, content, inputs, outputOf } = readExactModel("credit-score");
  const key = knownKeyBlob(graph);
  for (const blob of [...graph.blobs, key]) await blobs.put(blob);
  const exact = {
    graphRoot: graph.graphRoot,
    loweringVersion: graph.root.loweringVersion,
    zkVerifier: await groth16.getAddress(),
    zkKeyDigest: await blobs.digestOf(key),
    zkKeyOrigin: SINGLE,
  };
  await hub.createModel("credit-score");
  const model = ethers.keccak256(coder.encode(["address", "string"], [deployer.address, "credit-score"]));
  await hub.publish(model, false, { ...content, arithmetic: 1, exact }, 0n, 0n, 1 << ZK, "", ethers.ZeroHash);
  const release: string = await hub.releaseAt(model, 1, 0);
  await groth16.admitKey(release);

  const terms = {
    token: opg,
    release,
    lender: deployer,
    leastOrigin: SINGLE,
    minScore: 700,
    maxLimit: parseEther("10000"),
    interest: parseEther("0.1"),
    maxInferenceFee: FEE,
  };
  const lender = await ethers.deployContract("CreditLender", [pipe, hub, terms]);
  await lender.setAttester(attester);
  await opg.approve(pipe, parseEther("100"));
  await pipe.deposit(applicant, parseEther("100"));
  await pipe.connect(applicant).fundBudget(lender, parseEther("50"), parseEther("50"));

  const input = inputs[SAMPLE] ?? new Uint8Array();
  const output = outputOf(input);
  const verifier = await groth16.getAddress();
  const binding = bindingOf({ operatorId: 1, chainId: domain.chainId, verifier, release });
  const proved = provedAnyhow(publicSignals(graph.root, input, output, binding));
  const consumer = await lender.getAddress();
  const { features, term } = applicationOf([...input.subarray(-32)]);
  let gas = 0;
  for (let nonce = 0; nonce < RUNS; nonce++) {
    const now = START_SEC + 100_000 + 100 * nonce;
    const attestation = { applicant: applicant.address, features, nonce, validUntil: now + 600 };
    const lenderDomain = { ...domain, name: "OPG CreditLender", verifyingContract: consumer };
    const attested = await attester.signTypedData(lenderDomain, ATTESTATION_TYPES, attestation);
    const result = {
      ...{ release, inputHash: keccak256(input), mode: ZK, codec: 1, fee: FEE, maxCover: 0n },
      ...{ output: hexlify(output), proof: coder.encode(["bytes", "bytes"], [input, proved]) },
    };
    const bundle = { consumer, validUntil: now + 600, results: [result] };
    const [signed] = signedResultsOf(bundle, applicant.address);
    const signature = await signer.signTypedData(domain, { InferenceResult: RESULT_FIELDS }, { ...signed });
    const call = lender.interface.encodeFunctionData("open", [attestation, attested, term]);
    const data = appendResults(call, encodeBundle({ ...bundle, signature }));
    await net.networkHelpers.time.setNextBlockTimestamp(now);
    gas = await gasOf(applicant.sendTransaction({ to: consumer, data }));
  }
  return { "gas.credit.open": gas };
}
