import { expect } from "chai";
import { network } from "hardhat";
import { storeGraph } from "../../../offchain-runner/src/exact/blobs.ts";
import { packDense } from "../../../offchain-runner/src/exact/denseLayout.ts";
import {
  type DenseOp,
  type MapOp,
  type Op,
  REDUCE_KINDS,
  type TensorPlace,
  ZIP_KINDS,
} from "../../../offchain-runner/src/exact/program.ts";
import { decodeProgram } from "../../../offchain-runner/src/exact/programCodec.ts";
import { encodeTensors } from "../../../sdk/src/tensorCodec.ts";
import type { ExactMachineMeter } from "../../../types/index.ts";
import { exactMachine, type MachineFixture } from "../../fixtures/exactMachine.ts";

const GAS = 2n ** 24n;
const WORDS = 8_192;
const REQUANTISATION = { divisor: 3n, lo: 1n, hi: 2n };

/** A step, the constants that it needs, and the value that all of the arena has before it. */
type Case = { op: Op; constants?: Uint8Array; value?: bigint };

/** Steps so large that what one element costs decides, and as small as they can be. */
const CASES: Case[] = [
  ...[1, 100, 8_000].map((count): Case => ({ op: { kind: "fill", dst: 0, count, value: 3n } })),
  ...copies([[1], [4_000], [2_000, 2], [2, 1_000, 3], [1, 1, 1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2, 2, 2]]),
  ...maps([
    [1, 1, 1],
    [1, 1, 8_000],
    [1, 100, 80],
    [1, 8_000, 1],
    [4_000, 1, 1],
    [2_000, 2, 1],
    [1, 4_000, 2],
  ]),
  ...zips([[1], [4_000], [4_000, 1], [2_000, 2], [2, 2, 2, 2, 2, 2, 2, 2]]),
  ...tables([
    [1, 10, 1, 1],
    [4_000, 10, 1, 8],
    [1_000, 10, 4, 8],
    [4, 10, 1_000, 8],
    [400, 20_000, 1, 8],
  ]),
  ...reductions([
    [[], [1]],
    [[], [2_000]],
    [[1_000], [1]],
    [
      [20, 20],
      [2, 2],
    ],
    [[10], [10, 2, 2]],
    [[], [2, 2, 2, 2, 2, 2, 2, 2]],
    [[1, 1, 1, 1, 1, 1, 1], [1]],
  ]),
  ...[1, 9, 16, 33, 96, 256, 257, 1_024].flatMap((k) =>
    [1, 9, 10, 20, 21, 30, 31, 60].flatMap((n) => layers(k, n)),
  ),
];

describe("the bounds of gas", function () {
  this.timeout(600_000);
  let fixture: MachineFixture;
  let meter: ExactMachineMeter;

  before(async () => {
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    fixture = await exactMachine(ethers);
    meter = (await ethers.deployContract("ExactMachineMeter")) as unknown as ExactMachineMeter;
  });

  const byte: TensorPlace = { dtype: "uint8", shape: [1], offset: 0 };

  async function measured(steps: Op[], constants: Uint8Array) {
    const graph = storeGraph({
      steps,
      live: [],
      constants,
      arenaWords: WORDS,
      inputs: [byte],
      outputs: [byte],
    });
    await fixture.place(graph);
    const input = encodeTensors([{ dtype: "uint8", shape: [1], data: new Uint8Array(1) }]);
    const [gas] = await meter.evaluate(fixture.machine, graph.graphRoot, input, { gasLimit: GAS });
    const last = decodeProgram(graph.stream.slice(0, graph.root.programBytes)).at(-1);
    return { gas: Number(gas), bound: last?.gasBound ?? 0, total: Number(graph.root.gasBound) };
  }

  it("hold for the smallest and for large steps of every kind", async () => {
    for (const { op, constants = new Uint8Array(), value = 7n } of CASES) {
      const fill: Op = { kind: "fill", dst: 0, count: WORDS, value };
      const before = await measured([fill], constants);
      const after = await measured([fill, op], constants);
      const about = JSON.stringify(op, (_, field) => (typeof field === "bigint" ? `${field}` : field));
      expect(after.gas - before.gas, about).to.be.at.most(after.bound);
      expect(after.gas, about).to.be.at.most(after.total);
    }
  });

  it("hold for tensors of every type, large and of less than a word", async () => {
    for (const [dtype, bytes] of [
      ["uint8", 1],
      ["int8", 1],
      ["bool", 1],
      ["uint16", 2],
      ["int32", 4],
      ["int64", 8],
    ] as const) {
      for (const [count, tensors] of [
        [1, 1],
        [31, 5],
        [3_000, 1],
      ] as const) {
        const places = Array.from({ length: tensors }, (_, i) => ({
          dtype,
          shape: [1, count],
          offset: i * count,
        }));
        const steps: Op[] = [{ kind: "fill", dst: WORDS - 1, count: 1, value: 1n }];
        const graph = storeGraph({
          steps,
          live: [],
          constants: new Uint8Array(),
          arenaWords: WORDS,
          inputs: places,
          outputs: places,
        });
        await fixture.place(graph);
        const data = new Uint8Array(count * bytes).fill(1);
        const input = encodeTensors(places.map(({ shape }) => ({ dtype, shape, data })));
        const [gas, output] = await meter.evaluate(fixture.machine, graph.graphRoot, input, {
          gasLimit: GAS,
        });
        expect(Number(gas), `${tensors} × ${count} ${dtype}`).to.be.at.most(Number(graph.root.gasBound));
        expect(output).to.equal(`0x${Buffer.from(input).toString("hex")}`);
      }
    }
  });
});

function copies(shapes: number[][]): Case[] {
  return shapes.flatMap((counts) =>
    [1, 2].map((srcStride): Case => {
      return {
        op: {
          kind: "copy",
          src: 0,
          dst: 0,
          loops: counts.map((count) => ({ count, srcStride, dstStride: 1 })),
        },
      };
    }),
  );
}

function maps(shapes: [number, number, number][]): Case[] {
  return shapes.flatMap(([outer, channels, inner]): Case[] => {
    const shape = {
      kind: "map",
      src: 0,
      dst: 0,
      outer,
      channels,
      inner,
      ...REQUANTISATION,
    } satisfies Partial<MapOp>;
    return [
      { op: { ...shape, perChannel: false, m: -5n, b: 2n } },
      { op: { ...shape, perChannel: true, params: 0 }, constants: new Uint8Array(16 * channels).fill(1) },
    ];
  });
}

function zips(shapes: number[][]): Case[] {
  return ZIP_KINDS.flatMap((zip) =>
    shapes.map((counts): Case => {
      const loops = counts.map((count) => ({ count, aStride: 1, bStride: 0, dstStride: 1 }));
      return { op: { kind: "zip", zip, a: 0, b: 4_100, dst: 0, loops }, value: zip === "max" ? -3n : 3n };
    }),
  );
}

function tables(sizes: [number, number, number, 1 | 8][]): Case[] {
  return sizes.map(([count, rows, rowLength, width]) => {
    const place = { kind: "table", src: 0, dst: 4_096, count, low: 0n, signed: true, table: 0 } as const;
    return {
      op: { ...place, rows, rowLength, width },
      constants: new Uint8Array(rows * rowLength * width).fill(200),
    };
  });
}

function reductions(shapes: [number[], number[]][]): Case[] {
  return REDUCE_KINDS.flatMap((reduce) =>
    shapes.map(([outer, inner]): Case => {
      const around = outer.map((count) => ({ count, srcStride: 1, dstStride: 0 }));
      const inside = inner.map((count) => ({ count, srcStride: 1 }));
      return { op: { kind: "reduce", reduce, src: 0, dst: WORDS - 1, outer: around, inner: inside } };
    }),
  );
}

/** The largest inputs and weights; three rows, clipped at one and at zero. */
function layers(k: number, n: number): Case[] {
  const params = { m: new Array<bigint>(n).fill(-7n), b: new Array<bigint>(n).fill(-5n) };
  const constants = packDense({ k, n, weights: new Uint8Array(k * n).fill(255), ...params });
  return [0n, 1n].map((lo) => {
    const places = { x: 0, y: 4_096, rows: 3, xRowStride: k, yRowStride: n, k, n, weights: 0 };
    const op: DenseOp = { kind: "dense", ...places, weightOffset: 128, ...REQUANTISATION, lo };
    return { op, constants, value: 255n };
  });
}
