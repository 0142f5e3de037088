import { network } from "hardhat";
import { ExactInterpreter } from "../../offchain-runner/src/exact/interpreter.ts";
import { literalContract } from "../../offchain-runner/src/exact/literals/literalContract.ts";
import { encodeTensors } from "../../sdk/src/tensorCodec.ts";
import { compileLiteralContract } from "../../tasks/hub/contractCompiler.ts";
import { IOnChainModel__factory } from "../../types/index.ts";
import { randomStream } from "../randomStream.ts";
import { layers, VOLATILITY } from "./exact.ts";

const GAS_LIMIT = 2n ** 24n;

/**
 * Gas of a whole transaction that evaluates the volatility network of `gas.exact.volatility`, 96-32-16-1, as a contract
 * of literals; and what that contract has in bytes.
 */
export async function measure(): Promise<Record<string, number>> {
  const { ethers } = await network.create("op");
  const [sender] = await ethers.getSigners();
  const graph = layers(VOLATILITY);
  const { creationCode, runtimeCode } = await compileLiteralContract(literalContract(graph, "volatility"));
  const deployed = await (await sender?.sendTransaction({ data: creationCode, gasLimit: GAS_LIMIT }))?.wait();
  const model = IOnChainModel__factory.connect(deployed?.contractAddress ?? "", sender);
  const random = randomStream("contracts of literals");
  const data = Uint8Array.from({ length: VOLATILITY[0] }, () => Math.floor(random() * 256));
  const input = encodeTensors([{ dtype: "uint8", shape: [1, VOLATILITY[0]], data }]);
  const output = Buffer.from((await model.evaluate(input)).slice(2), "hex");
  if (!output.equals(new ExactInterpreter(graph).evaluate(input)))
    throw new Error("the contract gives another output");
  const call = model.interface.encodeFunctionData("evaluate", [input]);
  const receipt = await (
    await sender?.sendTransaction({ to: model, data: call, gasLimit: GAS_LIMIT })
  )?.wait();
  if (receipt?.status !== 1) throw new Error("the evaluation failed");
  return {
    "gas.exact.volatility.contract": Number(receipt.gasUsed),
    "gas.exact.volatility.deploy": Number(deployed?.gasUsed),
    "bytes.exact.volatility.contract": runtimeCode.length / 2 - 1,
  };
}
