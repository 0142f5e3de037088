import { operatorNetwork, RESULT_FIELDS, START_SEC } from "../operatorNetwork.ts";

const RUNS = 3;
const BUNDLE = 10;
const MAX_VALIDITY_SEC = 3_600;
const OPG = 10n ** 18n;
const STAKE = 1_000_000n * OPG;

/**
 * Gas of proving that an operator signed two outputs for one input, whole transactions with 21,000 base: each result
 * signed alone, and each out of a bundle of ten. By one challenger that holds OPG already, against an operator new to
 * slashing; of three runs the last counts.
 */
export async function measure(): Promise<Record<string, number>> {
  const { ethers, opg, operators, disputes, domain, deployer, accounts, gasOf, signConsent } =
    await operatorNetwork();
  const coder = ethers.AbiCoder.defaultAbiCoder();
  const typehash = ethers.id(
    `InferenceResult(${RESULT_FIELDS.map(({ type, name }) => `${type} ${name}`).join(",")})`,
  );
  const fieldTypes = RESULT_FIELDS.map(({ type }) => type);

  const onboard = async () => {
    const [owner, signer] = accounts.splice(0, 2);
    if (!owner || !signer) throw new Error("the network has too few accounts");
    await opg.transfer(owner, STAKE);
    await opg.connect(owner).approve(operators, STAKE);
    await operators.connect(owner).register(signer, await signConsent(signer, owner), 1, "");
    await operators.connect(owner).stake(await operators.operatorCount(), STAKE);
    return signer;
  };

  const resultOf = (question: string, answer: string) => ({
    context: ethers.id(`context of ${question}`),
    release: ethers.id("release"),
    mode: 0,
    codec: 1,
    inputHash: ethers.id(question),
    outputHash: ethers.id(answer),
    fee: OPG / 20n,
    maxCover: 0,
    validUntil: START_SEC + MAX_VALIDITY_SEC,
  });
  type Result = ReturnType<typeof resultOf>;
  type Signer = Awaited<ReturnType<typeof onboard>>;

  const alone = async (signer: Signer, result: Result) => ({
    result,
    path: [] as string[],
    signature: await signer.signTypedData(domain, { InferenceResult: RESULT_FIELDS }, result),
  });

  const hashOf = (result: Result): string =>
    ethers.keccak256(coder.encode(["bytes32", ...fieldTypes], [typehash, ...Object.values(result)]));
  const parentOf = (left: string, right: string): string =>
    ethers.keccak256(ethers.concat(BigInt(left) < BigInt(right) ? [left, right] : [right, left]));

  /** The first result of a bundle whose others answer other questions. */
  const bundled = async (signer: Signer, result: Result) => {
    const path: string[] = [];
    let nodes = [
      result,
      ...Array.from({ length: BUNDLE - 1 }, (_, i) => resultOf(`other ${i}`, "answer")),
    ].map(hashOf);
    while (nodes.length > 1) {
      path.push(nodes[1] ?? "");
      nodes = Array.from({ length: Math.ceil(nodes.length / 2) }, (_, i) => {
        const [left, right] = [nodes[2 * i] ?? "", nodes[2 * i + 1]];
        return right === undefined ? left : parentOf(left, right);
      });
    }
    const types = { InferenceBundle: [{ name: "root", type: "bytes32" }] };
    return { result, path, signature: await signer.signTypedData(domain, types, { root: nodes[0] }) };
  };

  const prove = async (sign: typeof alone, label: string): Promise<number> => {
    let gas = 0;
    for (let run = 0; run < RUNS; run++) {
      const signer = await onboard();
      const a = await sign(signer, resultOf(`${label} ${run}`, "one answer"));
      const b = await sign(signer, resultOf(`${label} ${run}`, "another answer"));
      gas = await gasOf(disputes.connect(deployer).proveEquivocation(a, b));
    }
    return gas;
  };

  return {
    "gas.dispute.equivocation": await prove(alone, "single"),
    "gas.dispute.equivocation.bundle": await prove(bundled, "bundle"),
  };
}
