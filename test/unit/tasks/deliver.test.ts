import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { readManifest } from "@opg-network/sdk/manifest";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { expect } from "chai";
import { hexlify } from "ethers";
import hre from "hardhat";
import { ExactInterpreter } from "../../../offchain-runner/src/exact/interpreter.ts";
import { loweredModel } from "../../../tasks/hub/loweredModel.ts";
import { IOnChainModel__factory } from "../../../types/index.ts";
import { type CommandLine, commandLine } from "../../fixtures/commands.ts";

const MODELS = path.join(hre.config.paths.root, "models");

describe("hub deliver and hub check-contract", function () {
  this.timeout(240_000);
  let cli: CommandLine;

  before(async () => {
    cli = await commandLine();
  });

  after(async () => await cli.close());

  async function copyOf(name: string): Promise<string> {
    const folder = path.join(cli.folder, name);
    await cp(path.join(MODELS, name), folder, { recursive: true });
    return folder;
  }

  /** What the interpreter and the contract give for candles that all move by as much. */
  async function bothOf(folder: string, address: string): Promise<[string, string]> {
    const graph = await loweredModel(folder, await readManifest(path.join(folder, "manifest.json")));
    if (graph === undefined) throw new Error("the model is exact");
    const values = Array.from({ length: 96 }, (_, i) => ((i * 7_919) % 40_000) - 20_000);
    const input = encodeTensors([tensorFromNumbers("int32", [1, 24, 4], values)]);
    const model = IOnChainModel__factory.connect(address, cli.connection.ethers.provider);
    return [hexlify(new ExactInterpreter(graph).evaluate(input)), await model.evaluate(input)];
  }

  it("deploys a model as a contract, once, and leaves its source for review", async () => {
    const folder = await copyOf("eth-volatility-1h-exact");
    const dry = await cli.value("hub deliver", { folder, dry: true });
    expect(await cli.failure("hub check-contract", { folder })).to.include({ code: "contract-missing" });
    const delivered = await cli.value("hub deliver", { folder });
    expect(delivered).to.include({ address: dry.address, onChain: "contract" });
    expect(await readFile(delivered.source as string, "utf8")).to.contain(
      `GRAPH_ROOT = ${delivered.graphRoot};`,
    );
    const [expected, given] = await bothOf(folder, delivered.address as string);
    expect(given).to.equal(expected);
    expect(await cli.value("hub deliver", { folder })).to.include({ address: delivered.address, gas: 0 });
    expect(await cli.value("hub check-contract", { folder })).to.include({
      address: delivered.address,
      onChain: "contract",
      graphRoot: delivered.graphRoot,
    });
  });

  it("deploys its entry to the machine behind the same interface", async () => {
    const folder = path.join(MODELS, "digits");
    const { address } = await cli.value("hub deliver", { folder, onChain: "machine" });
    const onChain = IOnChainModel__factory.connect(address as string, cli.connection.ethers.provider);
    const image = encodeTensors([{ dtype: "uint8", shape: [1, 1, 8, 8], data: new Uint8Array(64).fill(9) }]);
    const graph = await loweredModel(folder, await readManifest(path.join(folder, "manifest.json")));
    if (graph === undefined) throw new Error("the model is exact");
    expect(await onChain.evaluate(image)).to.equal(hexlify(new ExactInterpreter(graph).evaluate(image)));
    expect(await onChain.graphRoot()).to.equal(graph.graphRoot);
    // Too large for a contract, which is no reason not to find it on the machine.
    const checked = await cli.value("hub check-contract", { folder, address });
    expect(checked).to.include({ address, onChain: "machine", graphRoot: graph.graphRoot });
  });

  it("publishes and delivers in one go, and ties the contract to the release", async () => {
    const folder = await copyOf("btc-volatility-1h-exact");
    const published = await cli.value("hub publish", { folder, onChain: "contract" });
    expect(published.onChainModel).to.match(/^0x[0-9a-fA-F]{40}$/);
    const [expected, given] = await bothOf(folder, published.onChainModel as string);
    expect(given).to.equal(expected);
    const { release } = published;
    const checked = await cli.value("hub check-contract", { folder, release });
    expect(checked).to.include({ address: published.onChainModel });
    const other = path.join(MODELS, "eth-volatility-1h-exact");
    expect(await cli.failure("hub check-contract", { folder: other, release })).to.include({
      code: "arguments-conflict",
    });
  });

  it("finds out a contract that only says it is the model", async () => {
    const folder = path.join(MODELS, "eth-volatility-1h-exact");
    const { address } = await cli.value("hub deliver", { folder: await copyOf("btc-volatility-1h-exact") });
    expect(await cli.failure("hub check-contract", { folder, address })).to.include({
      code: "contract-untrue",
    });
  });

  it("compares on chain with what is offered, and says what is not", async () => {
    const folder = path.join(MODELS, "digits");
    const { release } = await cli.value("hub publish", { folder });
    const input = path.join(cli.folder, "image.json");
    await writeFile(input, JSON.stringify([[Array.from({ length: 8 }, () => new Array(8).fill(7))]]));
    const quoted = await cli.value("inference quote", { release, input });
    expect(quoted.missing).to.deep.equal(
      ["VANILLA", "ZK", "TEE"].map((way) => ({ way, code: "not-offered" })),
    );
    const [machine, ...others] = quoted.ways as { gas: number }[];
    expect(others).to.deep.equal([]);
    expect(machine).to.include({ way: "on-chain-machine", protection: "computed", fee: "0", waitMs: 0 });
    expect(machine?.gas).to.be.within(50_000, 400_000);

    const exact = path.join(MODELS, "eth-volatility-1h-exact");
    const published = await cli.value("hub publish", { folder: exact, onChain: "contract" });
    const candles = path.join(cli.folder, "candles.json");
    await writeFile(candles, JSON.stringify([new Array(24).fill([1, 2, 3, 4])]));
    const asked = { release: published.release, input: candles, model: published.onChainModel };
    const [contract] = (await cli.value("inference quote", asked)).ways as { way: string; gas: number }[];
    expect(contract?.way).to.equal("on-chain-contract");
    expect(contract?.gas).to.be.within(8_000, 40_000);
    const lie = await cli.failure("inference quote", { ...asked, release, input });
    expect(lie.code).to.equal("on-chain-model-wrong");

    const { release: approximate } = await cli.value("hub publish", {
      folder: path.join(MODELS, "eth-volatility-1h"),
    });
    const floats = await cli.value("inference quote", { release: approximate, input: candles });
    expect((floats.missing as object[])[0]).to.deep.equal({ way: "on-chain-machine", code: "not-exact" });
  });

  it("refuses what is approximate, too large, or no way of delivery, before anything is sent", async () => {
    const cases: [object, string][] = [
      [{ folder: path.join(MODELS, "eth-volatility-1h") }, "arguments-conflict"],
      [{ folder: path.join(MODELS, "digits") }, "exact-contract-too-large"],
      [{ folder: path.join(MODELS, "digits"), onChain: "paper" }, "argument-invalid"],
      [{ folder: path.join(MODELS, "digits"), onChain: "none" }, "arguments-conflict"],
    ];
    const before = await cli.connection.ethers.provider.getBlockNumber();
    for (const [args, code] of cases)
      expect(await cli.failure("hub deliver", { ...args })).to.include({ code });
    expect(await cli.connection.ethers.provider.getBlockNumber()).to.equal(before);
  });
});
