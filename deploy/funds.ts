import { Contract, dataLength } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";
import type { NetworkConnection } from "hardhat/types/network";
import type { Replica } from "./check/replica.ts";
import { completed, readJournal } from "./journal.ts";

/** Where an OP-stack chain says what the data of a transaction costs. */
const GAS_PRICE_ORACLE = "0x420000000000000000000000000000000000000F";
const ORACLE_ABI = ["function getL1FeeUpperBound(uint256 unsignedTxSize) view returns (uint256)"];
/** Beside the creation code: arguments, and what surrounds a transaction's data. */
const OVERHEAD_BYTES = 1_000;
/** Calls other than deployments: one of them has all the roles in it. */
const CALL_BYTES = 10_000;

/** What a deployment costs at most, as things are now. */
export interface Cost {
  gas: bigint;
  gasPrice: bigint;
  dataFee: bigint;
  total: bigint;
}

/** Of what is not done yet, by what the same took on the chain in memory. */
export async function remainingCost(
  connection: NetworkConnection<string>,
  artifacts: ArtifactManager,
  replica: Replica,
  folder: string | undefined,
): Promise<Cost> {
  const done = folder === undefined ? [] : [...completed(await readJournal(folder)).keys()];
  const doneNames = new Set(done.map((id) => id.slice(id.indexOf("#") + 1)));
  const isOver = done.some((id) => /^(HandOver|AdminDelay)#/.test(id));
  const names = isOver ? [] : [...replica.gas.keys()].filter((name) => !doneNames.has(name));
  const gas = names.reduce((sum, name) => sum + (replica.gas.get(name) ?? 0n), 0n);
  const { maxFeePerGas, gasPrice } = await connection.ethers.provider.getFeeData();
  const price = maxFeePerGas ?? gasPrice ?? 0n;
  let dataFee = 0n;
  for (const name of names) dataFee += await dataFeeOf(connection, await bytesOf(artifacts, name));
  return { gas, gasPrice: price, dataFee, total: gas * price + dataFee };
}

async function bytesOf(artifacts: ArtifactManager, name: string): Promise<number> {
  if (name === "calls") return CALL_BYTES;
  return dataLength((await artifacts.readArtifact(name)).bytecode) + OVERHEAD_BYTES;
}

async function dataFeeOf(connection: NetworkConnection<string>, bytes: number): Promise<bigint> {
  const { provider } = connection.ethers;
  if ((await provider.getCode(GAS_PRICE_ORACLE)) === "0x") return 0n;
  const oracle = new Contract(GAS_PRICE_ORACLE, ORACLE_ABI, provider);
  // An oracle from before Fjord does not know the bound; its data fee is a small part of the whole.
  return await oracle
    .getFunction("getL1FeeUpperBound")
    .staticCall(bytes)
    .then(BigInt, () => 0n);
}
