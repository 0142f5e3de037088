import { network } from "hardhat";
import { type GraphParts, type StoredGraph, storeGraph } from "../../offchain-runner/src/exact/blobs.ts";
import { packDense } from "../../offchain-runner/src/exact/denseLayout.ts";
import type { CopyLoop, DenseOp, Op, TensorPlace } from "../../offchain-runner/src/exact/program.ts";
import { encodeTensors } from "../../sdk/src/tensorCodec.ts";
import { exactMachine } from "../../test/fixtures/exactMachine.ts";
import { randomStream } from "../randomStream.ts";

const GAS_LIMIT = 2n ** 24n;
const WIDE = 1_024;
/** Inputs and outputs of the layers of a volatility network. */
export const VOLATILITY = [96, 32, 16, 1] as const;
const random = randomStream("exact models");

/** Collects the steps and constants of a network whose layers all requantise to bytes. */
class NetworkBuilder {
  readonly ops: Op[] = [];
  readonly #constants: Uint8Array[] = [];
  #constantBytes = 0;
  #words: number;

  constructor(inputs: number) {
    this.#words = inputs;
  }

  get words(): number {
    return this.#words;
  }

  buffer(words: number): number {
    const at = this.#words;
    this.#words += words;
    return at;
  }

  /** Rows of `k` words at `x` times a random matrix; the place of the rows of `n`. */
  dense(x: number, k: number, n: number, rows = 1): number {
    const y = this.buffer(rows * n);
    const parts = {
      weights: Uint8Array.from({ length: k * n }, () => Math.floor(random() * 256)),
      m: Array.from({ length: n }, () => 1n + BigInt(Math.floor(random() * 2 ** 16))),
      b: Array.from({ length: n }, () => BigInt(Math.floor(random() * 2 ** 16)) - 2n ** 15n),
    };
    const packed = packDense({ k, n, ...parts });
    const op: DenseOp = {
      kind: "dense",
      x,
      y,
      rows,
      xRowStride: k,
      yRowStride: n,
      k,
      n,
      weights: this.#constantBytes,
      weightOffset: 128,
      divisor: 2n ** 24n,
      lo: 0n,
      hi: 255n,
    };
    this.#constants.push(packed);
    this.#constantBytes += packed.length;
    this.ops.push(op);
    return y;
  }

  copy(src: number, dst: number, loops: CopyLoop[]): void {
    this.ops.push({ kind: "copy", src, dst, loops });
  }

  graph(inputs: TensorPlace[], outputs: TensorPlace[]): StoredGraph {
    const constants = new Uint8Array(Buffer.concat(this.#constants));
    const parts: GraphParts = {
      steps: this.ops,
      live: [],
      constants,
      arenaWords: this.#words,
      inputs,
      outputs,
    };
    return storeGraph(parts);
  }
}

/** 3×3 convolutions with padding, each followed by 2×2 maximum pooling, then a layer to ten values. */
export function digits(): StoredGraph {
  const net = new NetworkBuilder(64);
  let [image, side, channels] = [0, 8, 1];
  for (const next of [8, 16]) {
    image = pooled(net, convolved(net, image, side, channels, next), side, next);
    side /= 2;
    channels = next;
  }
  const logits = net.dense(image, side * side * channels, 10);
  return net.graph(
    [{ dtype: "uint8", shape: [1, 1, 8, 8], offset: 0 }],
    [{ dtype: "uint8", shape: [1, 10], offset: logits }],
  );
}

function convolved(net: NetworkBuilder, image: number, side: number, from: number, to: number): number {
  const edge = side + 2;
  const framed = net.buffer(edge * edge * from);
  net.ops.push({ kind: "fill", dst: framed, count: edge * edge * from, value: 0n });
  net.copy(image, framed + (edge + 1) * from, [
    { count: side, srcStride: side * from, dstStride: edge * from },
    { count: side * from, srcStride: 1, dstStride: 1 },
  ]);
  const windows = net.buffer(side * side * 9 * from);
  net.copy(framed, windows, [
    { count: side, srcStride: edge * from, dstStride: side * 9 * from },
    { count: side, srcStride: from, dstStride: 9 * from },
    { count: 3, srcStride: edge * from, dstStride: 3 * from },
    { count: 3 * from, srcStride: 1, dstStride: 1 },
  ]);
  return net.dense(windows, 9 * from, to, side * side);
}

function pooled(net: NetworkBuilder, image: number, side: number, channels: number): number {
  const half = side / 2;
  const dst = net.buffer(half * half * channels);
  net.ops.push({
    kind: "reduce",
    reduce: "max",
    src: image,
    dst,
    outer: [
      { count: half, srcStride: 2 * side * channels, dstStride: half * channels },
      { count: half, srcStride: 2 * channels, dstStride: channels },
      { count: channels, srcStride: 1, dstStride: 1 },
    ],
    inner: [
      { count: 2, srcStride: side * channels },
      { count: 2, srcStride: channels },
    ],
  });
  return dst;
}

export function layers(sizes: readonly number[]): StoredGraph {
  const [inputs = 0, ...rest] = sizes;
  const net = new NetworkBuilder(inputs);
  let [x, k] = [0, inputs];
  for (const n of rest) {
    x = net.dense(x, k, n);
    k = n;
  }
  return net.graph(
    [{ dtype: "uint8", shape: [1, inputs], offset: 0 }],
    [{ dtype: "uint8", shape: [1, k], offset: x }],
  );
}

/**
 * Gas of whole transactions that evaluate a graph on chain: a layer of 1,024 × 1,024 (by the multiply-add), a
 * volatility network of 96-32-16-1, and a digit network with two convolutions. Bytes a weight count every blob of the
 * large layer.
 */
export async function measure(): Promise<Record<string, number>> {
  const { ethers } = await network.create("op");
  const { machine, place } = await exactMachine(ethers);
  const [sender] = await ethers.getSigners();
  const evaluate = async (graph: StoredGraph) => {
    await place(graph);
    const [input] = graph.root.inputs;
    if (input === undefined) throw new Error("the graph has an input");
    const elements = input.shape.reduce((product, size) => product * size, 1);
    const data = Uint8Array.from({ length: elements }, () => Math.floor(random() * 256));
    const encoded = encodeTensors([{ dtype: input.dtype, shape: input.shape, data }]);
    const call = machine.interface.encodeFunctionData("evaluate", [graph.graphRoot, encoded]);
    const sent = await sender?.sendTransaction({ to: machine, data: call, gasLimit: GAS_LIMIT });
    const receipt = await sent?.wait();
    if (receipt?.status !== 1) throw new Error("the evaluation failed");
    return Number(receipt.gasUsed);
  };
  const wide = layers([WIDE, WIDE]);
  const bytes = wide.blobs.reduce((sum, blob) => sum + blob.length + 1, 0);
  return {
    "gas.exact.mac": rounded((await evaluate(wide)) / WIDE ** 2),
    "bytes.exact.weight": rounded(bytes / WIDE ** 2),
    "gas.exact.volatility": await evaluate(layers(VOLATILITY)),
    "gas.exact.digits": await evaluate(digits()),
  };
}

function rounded(ratio: number): number {
  return Number(ratio.toFixed(3));
}
