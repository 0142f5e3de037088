import { network } from "hardhat";
import { ChainMachine } from "../../test/fixtures/exact/chainMachine.ts";
import { compareInMachine, countTable, tooFew } from "../../test/fixtures/exact/machineComparison.ts";
import type { Figures } from "../figures.ts";

const GRAPHS = 2_000;
const SPLIT_GRAPHS = 100;
const LEAST = 20;
const SEED = 0x6b1f03d5;

/** Random graphs on which the machine in the EVM, interpreter and onnxruntime give the same bits. */
export async function measure(): Promise<Figures> {
  const { ethers } = await network.create({ network: "op", chainType: "op" });
  const found = await compareInMachine(await ChainMachine.deploy(ethers), {
    graphs: GRAPHS,
    seed: SEED,
    splitGraphs: SPLIT_GRAPHS,
    least: LEAST,
  });
  console.log(countTable(found));
  if (found.disagreements.length > 0) throw new Error(`they differ: ${found.disagreements.join("; ")}`);
  const short = tooFew(found, LEAST);
  if (short.length > 0) throw new Error(`in fewer than ${LEAST} graphs: ${short.join(", ")}`);
  return { "count.exact.graphs.evm": found.graphs };
}
