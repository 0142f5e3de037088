import { appendResults } from "@opg-network/sdk/carriedResults";
import { askPreexecution } from "@opg-network/sdk/nodeClient";
import { decodeTensors } from "@opg-network/sdk/tensorCodec";
import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { startLocalChain } from "../../test/e2e/fixture/localChain.ts";
import { NodeProcess } from "../../test/e2e/fixture/nodeProcess.ts";
import { deployPipe, numbers } from "../../test/e2e/fixture/pipe.ts";
import { deployProtocol } from "../../test/e2e/fixture/protocol.ts";
import { affine } from "../../test/fixtures/models/make.ts";
import type { Figures } from "../figures.ts";
import { quantile } from "../quantile.ts";

const CALLS = 60;
const WARM_UP = 10;
/** Each call asks the model twice, the second time about the first answer. */
const RUNS_A_CALL = 2;

/** What pre-execution of a call adds to the bare runs of its model: simulations, signature, ledger and HTTP. */
export async function measure(): Promise<Figures> {
  const chain = await startLocalChain();
  const protocol = await deployProtocol(chain);
  const pipe = await deployPipe(chain, protocol);
  const payer = chain.account(5);
  await pipe.fund(payer, "100");
  await protocol.register(chain.account(1));
  const addresses = pipe.addresses;
  const overrides = { pipe: { unpaid: { base: "1000", newcomers: "1000" } }, logLevel: "info" };
  const node = new NodeProcess(
    chain,
    { ...protocol, addresses },
    chain.account(1),
    [pipe.release],
    overrides,
  );
  try {
    await node.start();
    const bareMs = await bareRun();
    const to = await pipe.consumer.getAddress();
    const ms: number[] = [];
    for (let value = 0; value < WARM_UP + CALLS; ++value) {
      const data = pipe.consumer.interface.encodeFunctionData("ask", [numbers(value)]) as "0x";
      const beganAt = performance.now();
      const given = await askPreexecution(
        node.url,
        { chainId: 31_337, call: { from: payer.address, to, data }, carry: "appended" },
        { chainId: 31_337, fetch, timeoutMs: 10_000, signal: new AbortController().signal, identity: payer },
      );
      ms.push(performance.now() - beganAt);
      if (!given.complete || appendResults(data, given.results) === data)
        throw new Error("nothing was given");
    }
    const overhead = quantile(ms.slice(WARM_UP), 0.5) - RUNS_A_CALL * bareMs;
    return { "ms.pipe.overhead": Number(overhead.toFixed(2)) };
  } finally {
    await node.dispose();
    await chain.stop();
  }
}

/** Median milliseconds of one run on the same input in this process. */
async function bareRun(): Promise<number> {
  const session = await InferenceSession.create(Buffer.from(affine().bytes), { intraOpNumThreads: 1 });
  const [tensor] = decodeTensors(numbers(1));
  const x = new OnnxTensor(
    "float32",
    new Float32Array((tensor?.data ?? new Uint8Array(4)).slice().buffer),
    [1],
  );
  const ms: number[] = [];
  for (let i = 0; i < CALLS; ++i) {
    const beganAt = performance.now();
    await session.run({ x });
    ms.push(performance.now() - beganAt);
  }
  await session.release();
  return quantile(ms, 0.5);
}
