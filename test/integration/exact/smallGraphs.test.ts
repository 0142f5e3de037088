import { expect } from "chai";
import { hexlify } from "ethers";
import { network } from "hardhat";
import { storeGraph } from "../../../offchain-runner/src/exact/blobs.ts";
import { packDense } from "../../../offchain-runner/src/exact/denseLayout.ts";
import type { Op, TensorPlace } from "../../../offchain-runner/src/exact/program.ts";
import { decodeTensors, encodeTensors } from "../../../sdk/src/tensorCodec.ts";
import { exactMachine, type MachineFixture } from "../../fixtures/exactMachine.ts";

const COLUMNS = 30;

// The arena of a small graph begins inside the fixed places, right behind what its steps can use of them.
describe("small graphs in the machine", () => {
  let fixture: MachineFixture;

  before(async () => {
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    fixture = await exactMachine(ethers);
  });

  async function evaluated(
    op: Op,
    constants: Uint8Array,
    places: [TensorPlace, TensorPlace],
    data: Uint8Array,
  ) {
    const [input, output] = places;
    const end = output.offset + output.shape.reduce((product, size) => product * size, 1);
    const parts = { steps: [op], live: [], constants, arenaWords: end, inputs: [input], outputs: [output] };
    const graph = storeGraph(parts);
    await fixture.place(graph);
    const encoded = encodeTensors([{ dtype: input.dtype, shape: input.shape, data }]);
    const returned = await fixture.machine.evaluate(graph.graphRoot, encoded);
    const decoded = decodeTensors(returned)[0]?.data ?? new Uint8Array();
    const [, state] = await fixture.machine.run(graph.graphRoot, 0, encoded, 0);
    expect(state, "run").to.equal(returned);
    return hexlify(decoded);
  }

  // The stream of 9,696 bytes is the longest that leaves the arena there.
  for (const rows of [
    1,
    1_000,
    1_180,
    ...Array.from({ length: 12 }, (_, i) => 1_196 + i),
    1_300,
    2_048,
    2_049,
  ]) {
    it(`look up a table of ${8 * rows} bytes`, async () => {
      const table = new DataView(new ArrayBuffer(8 * rows));
      for (let row = 0; row < rows; row++) table.setBigInt64(8 * row, BigInt((7 * row + 3) % 251));
      const row = rows - 1;
      const op: Op = {
        kind: "table",
        src: 0,
        dst: 1,
        count: 1,
        low: BigInt(200 - row),
        rows,
        rowLength: 1,
        width: 8,
        signed: true,
        table: 0,
      };
      const places: [TensorPlace, TensorPlace] = [
        { dtype: "uint8", shape: [1], offset: 0 },
        { dtype: "uint8", shape: [1], offset: 1 },
      ];
      const found = await evaluated(op, new Uint8Array(table.buffer), places, Uint8Array.of(200));
      expect(found).to.equal(hexlify(Uint8Array.of((7 * row + 3) % 251)));
    });
  }

  for (const k of [1, 3, 31, 32, 33, 64, 162, 163, 192, 193, 194, 225, 226, 255, 256]) {
    it(`multiply ${k} inputs`, async () => {
      const x = Uint8Array.from({ length: k }, (_, i) => 255 - ((11 * i) % 256));
      const weights = Uint8Array.from({ length: k * COLUMNS }, (_, i) => (37 * i + 5) % 256);
      const b = Array.from({ length: COLUMNS }, (_, j) => BigInt(j) - 7n);
      const m = Array.from({ length: COLUMNS }, (_, j) => BigInt(j) + 1n);
      const op: Op = {
        kind: "dense",
        x: 0,
        y: k,
        rows: 1,
        xRowStride: k,
        yRowStride: COLUMNS,
        k,
        n: COLUMNS,
        weights: 0,
        weightOffset: 128,
        divisor: 3n,
        lo: -(2n ** 31n),
        hi: 2n ** 31n - 1n,
      };
      const places: [TensorPlace, TensorPlace] = [
        { dtype: "uint8", shape: [k], offset: 0 },
        { dtype: "int32", shape: [COLUMNS], offset: k },
      ];
      const found = await evaluated(op, packDense({ k, n: COLUMNS, weights, m, b }), places, x);
      const expected = new DataView(new ArrayBuffer(4 * COLUMNS));
      for (let j = 0; j < COLUMNS; j++) {
        const sum = x.reduce((all, value, i) => all + value * ((weights[i * COLUMNS + j] ?? 0) - 128), 0);
        const value = ((BigInt(sum) + (b[j] ?? 0n)) * (m[j] ?? 0n)) / 3n;
        expected.setInt32(4 * j, Number(value), true);
      }
      expect(found).to.equal(hexlify(new Uint8Array(expected.buffer)));
    });
  }
});
