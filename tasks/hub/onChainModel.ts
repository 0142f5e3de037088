import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Manifest } from "@opg-network/sdk/manifest";
import { dataLength, keccak256 } from "ethers";
import type { StoredGraph } from "../../offchain-runner/src/exact/blobs.ts";
import { literalContract } from "../../offchain-runner/src/exact/literals/literalContract.ts";
import { elementCount } from "../../offchain-runner/src/exact/program.ts";
import { dtypeInfo } from "../../sdk/src/dtype.ts";
import { encodeTensors } from "../../sdk/src/tensorCodec.ts";
import { IOnChainModel__factory } from "../../types/index.ts";
import { invalid } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import type { Session } from "../session.ts";
import { explained, send } from "../transaction.ts";
import { type CompiledContract, compileLiteralContract } from "./contractCompiler.ts";
import { differenceOf } from "./contractTrial.ts";
import { storeBlobs } from "./loweredModel.ts";

/** Inputs on which a contract is compared with the interpreter before it is deployed. */
const TRIALS = 256;

/** What is going to be deployed, known before anything is sent. */
export type Delivery =
  | { readonly kind: "machine"; readonly graph: StoredGraph }
  | {
      readonly kind: "contract";
      readonly graph: StoredGraph;
      readonly name: string;
      readonly source: string;
      readonly code: CompiledContract;
    };

export interface DeliveredModel {
  readonly address: string;
  /** Of the deployment; nothing where it was there already. */
  readonly gas: bigint;
  /** Gas of a transaction that evaluates it and does nothing else. */
  readonly evaluation: bigint;
}

/**
 * Reads what was asked for and prepares it; `undefined` for none. A contract is written, compiled and compared with the
 * interpreter.
 * @throws CommandError `arguments-conflict`, `contract-differs`; ExactError where the model makes no contract
 */
export async function plannedDelivery(
  kind: string | undefined,
  manifest: Manifest,
  graph: StoredGraph | undefined,
  session: Session,
): Promise<Delivery | undefined> {
  if (kind === undefined || kind === "none") return undefined;
  if (kind !== "machine" && kind !== "contract")
    throw invalid("--on-chain", kind, "machine, contract or none");
  if (graph === undefined) {
    throw new CommandError("arguments-conflict", {
      problem: `${manifest.name} is declared approximate; only exact models are evaluated on chain`,
    });
  }
  if (kind === "machine") return { kind, graph };
  const { name, source } = literalContract(graph, manifest.name);
  session.say(`Compiling ${name}, and comparing it with the interpreter on ${TRIALS} inputs`);
  const code = await compileLiteralContract({ name, source });
  const difference = await differenceOf(session.hre, code.runtimeCode, graph, TRIALS);
  if (difference !== undefined) throw new CommandError("contract-differs", difference);
  return { kind, graph, name, source, code };
}

/** Where the model is, or would be. */
export async function addressOf(delivery: Delivery, session: Session): Promise<string> {
  const { models } = await session.readOnly();
  return delivery.kind === "machine"
    ? await models.addressOnMachine(delivery.graph.graphRoot)
    : await models.addressOf(keccak256(delivery.code.creationCode));
}

/** Deploys what is not there yet. */
export async function deliverModel(delivery: Delivery, session: Session): Promise<DeliveredModel> {
  const { models } = await session.contracts();
  const { provider } = session.connection.ethers;
  const address = await addressOf(delivery, session);
  let gas = 0n;
  if (delivery.kind === "machine") gas += await storeBlobs(session, delivery.graph);
  if ((await provider.getCode(address)) === "0x") {
    session.say(`Deploying ${describe(delivery)} to ${address}`);
    const receipt = await send(() =>
      delivery.kind === "machine"
        ? models.deployOnMachine(delivery.graph.graphRoot)
        : models.deploy(delivery.code.creationCode),
    );
    // Whoever was quicker deployed the same.
    gas += receipt.gasUsed;
  }
  return { address, gas, evaluation: await evaluationGas(address, delivery.graph, session) };
}

/** The file that a contract is reviewed in. */
export async function writeSource(
  delivery: Extract<Delivery, { kind: "contract" }>,
  folder: string,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, `${delivery.name}.sol`);
  await writeFile(file, delivery.source);
  return file;
}

function describe(delivery: Delivery): string {
  if (delivery.kind === "machine") return "the model's entry to the machine";
  return `${delivery.name}, ${dataLength(delivery.code.runtimeCode)} bytes`;
}

/** Measured with an input whose every byte is 1: zeros would be cheaper than what comes. */
async function evaluationGas(
  address: string,
  { root }: StoredGraph,
  { connection }: Session,
): Promise<bigint> {
  const input = encodeTensors(
    root.inputs.map(({ dtype, shape }) => ({
      dtype,
      shape,
      data: new Uint8Array(elementCount(shape) * dtypeInfo(dtype).bytes).fill(1),
    })),
  );
  const data = IOnChainModel__factory.createInterface().encodeFunctionData("evaluate", [input]);
  return await explained(() => connection.ethers.provider.estimateGas({ to: address, data }));
}
