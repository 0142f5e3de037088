import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tensor } from "@opg-network/sdk/tensor";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { expect } from "chai";
import { countedLoop, int64Scalar, int64Vector, memoryHog } from "../fixtures/models/make.ts";
import type { LocalChain } from "./fixture/localChain.ts";
import { startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import type { Protocol } from "./fixture/protocol.ts";
import { deployProtocol, MODEL_FOLDER } from "./fixture/protocol.ts";

const FOREVER = 1_000_000_000n;
const HUGE = 400_000_000n;

describe("node end to end: models that misbehave", () => {
  let chain: LocalChain;
  let protocol: Protocol;
  let node: NodeProcess;
  let folder: string;
  let good: string;
  let loop: string;
  let hog: string;
  let lane = 0;

  before(async () => {
    chain = await startLocalChain();
    protocol = await deployProtocol(chain);
    folder = mkdtempSync(join(tmpdir(), "opg-models-"));
    cpSync(MODEL_FOLDER, folder, { recursive: true });
    good = await protocol.publish();
    loop = await publishMade("loop", countedLoop());
    hog = await publishMade("hog", memoryHog());
    await protocol.register(chain.account(1));
    node = new NodeProcess(chain, protocol, chain.account(1), [good, loop, hog], {
      modelDir: folder,
      limits: { runTimeoutMs: 8_000, memoryMb: 500 },
    });
    await node.start();
  });

  after(async () => {
    await node.dispose();
    rmSync(folder, { recursive: true, force: true });
    await chain.stop();
  });

  afterEach("the node still serves", async () => {
    const opened = await ask(good);
    await node.reaches(opened.id, "fulfilled");
  });

  async function publishMade(
    name: string,
    { bytes, schema }: ReturnType<typeof countedLoop>,
  ): Promise<string> {
    writeFileSync(join(folder, `${name}.onnx`), bytes);
    return protocol.publish({ name, uri: `${name}.onnx`, file: bytes, schema });
  }

  async function ask(release: string, input?: Tensor) {
    lane += 1;
    const encoded = input === undefined ? undefined : encodeTensors([input]);
    return protocol.opened(await protocol.open(release, { lane }, encoded));
  }

  it("reports a native crash and lives on", async () => {
    const opened = await ask(loop, int64Scalar(FOREVER));
    await node.reaches(opened.id, "running");
    for (const pid of node.children()) process.kill(pid, "SIGSEGV");
    await node.reaches(opened.id, "failed");
    expect((await node.job(opened.id))?.reason).to.equal("model-crashed");
    expect(await protocol.stateOf(opened)).to.equal("open");
  });

  it("ends a run that takes too long", async () => {
    const opened = await ask(loop, int64Scalar(FOREVER));
    await node.reaches(opened.id, "failed");
    expect((await node.job(opened.id))?.reason).to.equal("inference-timeout");
  });

  it("ends a run that takes too much memory", async () => {
    const opened = await ask(hog, int64Vector(HUGE));
    await node.reaches(opened.id, "failed");
    expect((await node.job(opened.id))?.reason).to.equal("memory-exceeded");
  });
});
