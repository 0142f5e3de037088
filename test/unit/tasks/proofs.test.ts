import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { expect } from "chai";
import { hexlify } from "ethers";
import { ExactInterpreter } from "../../../offchain-runner/src/exact/interpreter.ts";
import { CircuitCache } from "../../../offchain-runner/src/proving/circuitCache.ts";
import { keySystemOf } from "../../../offchain-runner/src/proving/keySystem.ts";
import { readKeys } from "../../../offchain-runner/src/proving/keysFolder.ts";
import { carriedProof } from "../../../offchain-runner/src/proving/resultProver.ts";
import { Prover } from "../../../offchain-runner/src/zk/prover.ts";
import { fulfil } from "../../fixtures/answers.ts";
import { type CommandLine, commandLine } from "../../fixtures/commands.ts";
import { byteSum } from "../../fixtures/models/make.ts";
import { type MadeKeys, makeKeys } from "../../fixtures/zk/keysFolder.ts";

const OPERATOR = 1;
const VALUES = [1, 20, 3, 40];

describe("commands in mode ZK", function () {
  this.timeout(300_000);

  let cli: CommandLine;
  let signer: string;
  let keys: MadeKeys;
  let release: string;
  const prover = new Prover();
  const { signal } = new AbortController();

  before(async () => {
    cli = await commandLine();
    signer = cli.accounts[1] ?? "";
    const folder = path.join(cli.folder, "byte-sum");
    await mkdir(path.join(folder, "keys"), { recursive: true });
    const { bytes, schema } = byteSum();
    await writeFile(path.join(folder, "model.onnx"), bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const manifest = {
      ...{ name: "byte-sum", entry: "model.onnx", ...schema },
      files: [{ path: "model.onnx", size: bytes.length, sha256 }],
      ...{ modes: ["VANILLA", "ZK"], arithmetic: "exact" },
      ...{ royalty: "0.01", minStake: "1000", contributors: [] },
    };
    await writeFile(path.join(folder, "manifest.json"), JSON.stringify(manifest));
    keys = await makeKeys(byteSum(), path.join(folder, "keys"), prover);
    ({ release } = (await cli.value("hub publish", { folder, keys: keys.folder })) as { release: string });
    await cli.value("operator register", { signer });
    await cli.value("operator stake", { amount: "2000" });
    await cli.value("operator update", { slots: "4" });
  });

  after(async () => {
    await prover.stop();
    await cli.close();
  });

  it("offers proofs, and shows who does", async () => {
    const none = await cli.value("network coverage", { release, mode: "zk" });
    expect(none.candidates).to.deep.equal([]);
    const offered = await cli.value("operator serve", { release, price: "0.3", modes: "vanilla,zk" });
    expect(offered).to.deep.include({ modes: ["VANILLA", "ZK"], price: "0.3" });
    const [offer] = (await cli.value("operator show")).offers as { modes: string[]; price: string }[];
    expect(offer).to.deep.include({ modes: ["VANILLA", "ZK"], price: "0.3" });
    const { candidates, mode } = await cli.value("network coverage", { release, mode: "zk" });
    expect(mode).to.equal("ZK");
    expect(candidates).to.have.length(1);
  });

  it("says when the release has nothing to prove in a mode that is offered", async () => {
    const { stderr, stdout } = await cli.run("operator serve", { release, price: "0.3", modes: "TEE,ZK" });
    expect(stderr + stdout).to.include("no results in TEE");
    await cli.value("operator serve", { release, price: "0.3", modes: "VANILLA,ZK" });
  });

  it("asks for a proof, waits for it and shows the answer", async () => {
    const file = path.join(cli.folder, "input.json");
    await writeFile(file, JSON.stringify({ x: [VALUES] }));
    const asked = await cli.value("inference request", { release, input: file, mode: "zk", yes: true });
    expect(asked).to.include({ mode: "ZK", fee: "0.3" });
    const { stdout } = await cli.run("inference show", { request: asked.request });
    expect(stdout).to.match(/mode\s+ZK/);

    const input = encodeTensors([tensorFromNumbers("uint8", [1, 4], VALUES)]);
    const output = new ExactInterpreter(keys.graph).evaluate(input);
    const files = await readKeys(keys.folder);
    const circuit = await new CircuitCache(path.join(cli.folder, "circuits")).make(keys.graph, prover);
    const verifier = cli.protocol.deployment.contracts.Groth16Verifier?.address ?? "";
    const binding = { operatorId: OPERATOR, chainId: 31_337n, verifier, release };
    const work = { circuit, keys: files, root: keys.graph.root };
    const made = await keySystemOf(files.record).prove(work, { input, binding }, prover, signal);
    const proof = carriedProof(input, Buffer.from(made.proof.slice(2), "hex"));
    const waiting = cli.value("inference wait", { request: asked.request, timeout: "60" });
    await fulfil(cli, signer, [{ request: asked.request, output: hexlify(output), proof }]);
    const done = await waiting;
    expect(done).to.include({ state: "fulfilled", mode: "ZK" });
    expect((done.output as { values: number[] }[])[0]?.values).to.deep.equal([64]);
  });
});
