import { type ExactModel, publishExact, readExactModel } from "../exactRelease.ts";
import { operatorNetwork, RESULT_FIELDS, START_SEC } from "../operatorNetwork.ts";

const RUNS = 3;
const BUNDLE = 10;
const MAX_VALIDITY_SEC = 3_600;
const OPG = 10n ** 18n;
const STAKE = 1_000_000n * OPG;

/**
 * Gas of proofs of fault, whole transactions with 21,000 base. Two outputs for one input: each result signed alone, and
 * each out of a bundle of ten. A wrong output: of the shipped exact models, on inputs of their samples, computed by the
 * machine; of the volatility model, with a hash above and (`.lower`) below the right one's. By one challenger that holds OPG already, against an operator new to slashing; of three runs the last counts.
 */
export async function measure(): Promise<Record<string, number>> {
  const chain = await operatorNetwork();
  const { ethers, opg, operators, disputes, domain, deployer, accounts, gasOf, signConsent } = chain;
  const coder = ethers.AbiCoder.defaultAbiCoder();
  const typehash = ethers.id(
    `InferenceResult(${RESULT_FIELDS.map(({ type, name }) => `${type} ${name}`).join(",")})`,
  );
  const fieldTypes = RESULT_FIELDS.map(({ type }) => type);

  let operatorsMade = 0;
  const onboard = async () => {
    const [owner] = accounts;
    if (!owner) throw new Error("the network has too few accounts");
    const signer = new ethers.Wallet(ethers.id(`signer ${operatorsMade++}`));
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

  /** A small lie, with a hash on one side of the right one's. */
  const lieAbout = (output: Uint8Array, isLower: boolean): Uint8Array => {
    const rightHash = ethers.keccak256(output);
    // The last byte that is not padding, from its last bit on.
    const place = output.length - 32;
    for (let change = 1; change < 256; change++) {
      const lie = Uint8Array.from(output);
      lie[place] = (lie[place] ?? 0) ^ change;
      if (BigInt(ethers.keccak256(lie)) < BigInt(rightHash) === isLower) return lie;
    }
    throw new Error("no lie has a hash on that side of the right one's");
  };

  const proveWrong = async (release: string, model: ExactModel, isLower: boolean): Promise<number> => {
    let gas = 0;
    for (let run = 0; run < RUNS; run++) {
      const signer = await onboard();
      const input = model.inputs[run] ?? new Uint8Array();
      const result = {
        ...resultOf(release, "lie"),
        release,
        inputHash: ethers.keccak256(input),
        outputHash: ethers.keccak256(lieAbout(model.outputOf(input), isLower)),
      };
      gas = await gasOf(disputes.connect(deployer).proveWrongOutput(await alone(signer, result), input));
    }
    return gas;
  };

  const volatility = readExactModel("eth-volatility-1h-exact");
  const volatilityRelease = await publishExact(chain, deployer, volatility);
  const digits = readExactModel("digits");
  const digitsRelease = await publishExact(chain, deployer, digits);
  return {
    "gas.dispute.equivocation": await prove(alone, "single"),
    "gas.dispute.equivocation.bundle": await prove(bundled, "bundle"),
    "gas.dispute.volatility": await proveWrong(volatilityRelease, volatility, false),
    "gas.dispute.volatility.lower": await proveWrong(volatilityRelease, volatility, true),
    "gas.dispute.digits": await proveWrong(digitsRelease, digits, false),
  };
}
