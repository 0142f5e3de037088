import { appendResults } from "@opg-network/sdk/carriedResults";
import { demanding } from "@opg-network/sdk/carrier";
import type { PreexecuteResponse } from "@opg-network/sdk/nodeApi";
import { signNodeCall } from "@opg-network/sdk/nodeCall";
import { askPreexecution } from "@opg-network/sdk/nodeClient";
import { decodeTensors } from "@opg-network/sdk/tensorCodec";
import type { Wallet } from "ethers";
import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { type LocalChain, startLocalChain } from "../../test/e2e/fixture/localChain.ts";
import { NodeProcess } from "../../test/e2e/fixture/nodeProcess.ts";
import { deployPipe, numbers } from "../../test/e2e/fixture/pipe.ts";
import { deployProtocol } from "../../test/e2e/fixture/protocol.ts";
import { affine } from "../../test/fixtures/models/make.ts";
import { CarryingConsumer__factory } from "../../types/factories/contracts/mocks/CarryingConsumer__factory.ts";
import type { Figures } from "../figures.ts";
import { quantile } from "../quantile.ts";

const SERIES = 8;
const CALLS = 25;

type Hex = `0x${string}`;

/**
 * What pre-execution of a call with one inference adds to the bare run of its model, over loopback: `overhead`. Of that,
 * `chain` is what the two simulations take when the chain is asked for them directly, and `caller` what the caller's
 * signature takes; the rest is the node's own and HTTP. `overhead.two` is the same with a second inference that depends
 * on the first.
 */
export async function measure(): Promise<Figures> {
  const chain = await startLocalChain();
  const protocol = await deployProtocol(chain);
  const pipe = await deployPipe(chain, protocol);
  const payer = chain.account(5);
  const single = await new CarryingConsumer__factory(chain.account(0)).deploy(pipe.pipe, false);
  await pipe.fund(payer, "100");
  await pipe.fund(payer, "100", single);
  await protocol.register(chain.account(1));
  const node = new NodeProcess(
    chain,
    { ...protocol, addresses: pipe.addresses },
    chain.account(1),
    [pipe.release],
    { pipe: { unpaid: { base: "1000", newcomers: "1000" } }, logLevel: "info" },
  );
  const queryOf = (value: number) => ({
    ...{
      release: pipe.release,
      codec: 1,
      modes: 1,
      cover: 0n,
      operatorId: 0,
      maxFee: 10n ** 18n,
      minStake: 0n,
    },
    input: numbers(value),
  });
  try {
    await node.start();
    const bareMs = await bareRun();
    const one = await preExecutions(node.url, payer, await single.getAddress(), (value) =>
      single.interface.encodeFunctionData("askAny", [queryOf(value)]),
    );
    const two = await preExecutions(node.url, payer, await pipe.consumer.getAddress(), (value) =>
      pipe.consumer.interface.encodeFunctionData("ask", [numbers(value + 2 * SERIES * CALLS)]),
    );
    return {
      "ms.pipe.overhead": rounded(one.ms - bareMs),
      "ms.pipe.overhead.two": rounded(two.ms - 2 * bareMs),
      "ms.pipe.part.chain": rounded(await simulations(chain, one.last)),
      "ms.pipe.part.caller": rounded(await signatures(payer, one.last.data)),
      "ms.pipe.part.run": rounded(bareMs),
    };
  } finally {
    await node.dispose();
    await chain.stop();
  }
}

interface PreExecuted {
  from: string;
  to: string;
  data: string;
  given: PreexecuteResponse;
}

/** Median milliseconds of a pre-execution, each of another call. */
async function preExecutions(
  url: string,
  payer: Wallet,
  to: string,
  dataFor: (value: number) => string,
): Promise<{ ms: number; last: PreExecuted }> {
  const { signal } = new AbortController();
  const options = { chainId: 31_337, fetch, timeoutMs: 10_000, signal, identity: payer };
  let last: PreExecuted | undefined;
  const ms = await medianMs(async (index) => {
    const call = { from: payer.address, to, data: dataFor(index) as Hex };
    const given = await askPreexecution(url, { chainId: 31_337, call, carry: "appended" }, options);
    if (!given.complete || given.inferences.length === 0) throw new Error("nothing was given");
    last = { ...call, given };
  });
  return { ms, last: last as PreExecuted };
}

/** Median milliseconds of the two simulations that a call with one inference needs. */
async function simulations({ url }: LocalChain, { from, to, data, given }: PreExecuted): Promise<number> {
  const ask = async (method: string, call: { from: string; to: string; data: string }): Promise<void> => {
    const params = [{ ...call, gas: "0x1000000" }, "latest"];
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const headers = { "content-type": "application/json" };
    await (await fetch(url, { method: "POST", headers, body })).text();
  };
  const bare = demanding({ from, to, data, value: 0n });
  return medianMs(async () => {
    await ask("eth_call", { from, to, data: bare.data });
    await ask("eth_estimateGas", { from, to, data: appendResults(data, given.results) });
  });
}

async function signatures(payer: Wallet, body: string): Promise<number> {
  return medianMs(async (index) => {
    await signNodeCall(payer, { chainId: 31_337, body, issuedAt: index });
  });
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
  const ms = await medianMs(async () => {
    await session.run({ x });
  });
  await session.release();
  return ms;
}

/** Median milliseconds of the quietest series: what else the machine does in between is no part of it. */
async function medianMs(work: (index: number) => Promise<void>): Promise<number> {
  const medians: number[] = [];
  for (let series = 0; series < SERIES; ++series) {
    const ms: number[] = [];
    for (let index = 0; index < CALLS; ++index) {
      const beganAt = performance.now();
      await work(series * CALLS + index);
      ms.push(performance.now() - beganAt);
    }
    medians.push(quantile(ms, 0.5));
  }
  return Math.min(...medians);
}

function rounded(ms: number): number {
  return Number(ms.toFixed(2));
}
