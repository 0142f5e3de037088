import { expect } from "chai";
import fc from "fast-check";
import { type Op, type ProgramRecord, REDUCE_KINDS } from "../../../../offchain-runner/src/exact/program.ts";
import {
  decodeProgram,
  decodeRecord,
  encodeProgram,
  encodeRecord,
} from "../../../../offchain-runner/src/exact/programCodec.ts";
import { ProgramError } from "../../../../offchain-runner/src/exact/programError.ts";
import { fastCheckSeed } from "../../../fixtures/campaign.ts";
import { expectProgramError } from "./expectProgramError.ts";
import { records } from "./programArbitraries.ts";

const options = { seed: fastCheckSeed };
const fill: Op = { kind: "fill", dst: 3, count: 2, value: -5n };
const recordOf = (op: Op): ProgramRecord => ({ op, gasBound: 77, live: [] });

describe("the codec of lowered programs", () => {
  it("writes a record as documented", () => {
    const live = [{ offset: 1, count: 2, width: 4 as const, signed: true }];
    const bytes = encodeRecord({ op: fill, gasBound: 0x01020304, live });
    const head = "01" + "0021" + "01020304" + "01";
    const segment = "00000001" + "00000002" + "84";
    expect(Buffer.from(bytes).toString("hex")).to.equal(
      `${head}${segment}00000003${"00000002"}fffffffffffffffb`,
    );
  });

  it("gives back every program that it wrote, with its program counters", () => {
    fc.assert(
      fc.property(fc.array(records, { maxLength: 8 }), (program) => {
        const bytes = encodeProgram(program);
        const placed = decodeProgram(bytes);
        expect(placed.map(({ op, gasBound, live }) => ({ op, gasBound, live }))).to.deep.equal(program);
        expect(placed.map(({ nextPc }) => nextPc).at(-1) ?? 0).to.equal(bytes.length);
      }),
      options,
    );
  });

  it("has one encoding for a program: other bytes are refused with a typed error, or are their own encoding", () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (record, at, flip) => {
        const bytes = encodeRecord(record);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] as number) ^ flip;
        let decoded: ProgramRecord[];
        try {
          decoded = decodeProgram(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(ProgramError);
          return;
        }
        expect(Buffer.from(encodeProgram(decoded)).equals(Buffer.from(bytes))).to.equal(true);
      }),
      options,
    );
  });

  it("refuses every truncation", () => {
    const bytes = encodeProgram([recordOf(fill), recordOf({ ...fill, dst: 9 })]);
    const whole = encodeRecord(recordOf(fill)).length;
    for (let length = 1; length < bytes.length; length++) {
      if (length === whole) continue;
      expectProgramError(() => decodeProgram(bytes.slice(0, length)), "program-truncated");
    }
  });

  it("refuses a record of no bytes, one that is longer than its step, and an unknown step", () => {
    const bytes = encodeRecord(recordOf(fill));
    const zero = bytes.slice();
    zero.set([0, 0], 1);
    expectProgramError(() => decodeProgram(zero), "program-truncated");
    const longer = new Uint8Array([...bytes, 0]);
    longer.set([0, bytes.length + 1], 1);
    expectProgramError(() => decodeProgram(longer), "program-malformed");
    for (const opcode of [0, 8, 255]) {
      expectProgramError(
        () => decodeRecord(new Uint8Array([opcode, ...bytes.slice(1)]), 0),
        "program-malformed",
      );
    }
  });

  it("refuses steps over nothing, crossed clips, divisors below one and loops beyond eight", () => {
    const loop = { count: 1, srcStride: 1, dstStride: 1 };
    const map = {
      kind: "map" as const,
      src: 0,
      dst: 0,
      outer: 1,
      channels: 1,
      inner: 1,
      perChannel: false as const,
      m: 1n,
      b: 0n,
      divisor: 1n,
      lo: 0n,
      hi: 0n,
    };
    const refused: Op[] = [
      { ...fill, count: 0 },
      { kind: "copy", src: 0, dst: 0, loops: [] },
      { kind: "copy", src: 0, dst: 0, loops: [loop, { ...loop, count: 0 }] },
      { kind: "copy", src: 0, dst: 0, loops: Array.from({ length: 9 }, () => loop) },
      { ...map, channels: 0 },
      { ...map, divisor: 0n },
      { ...map, divisor: -1n },
      { ...map, lo: 1n },
      { kind: "reduce", reduce: REDUCE_KINDS[0], src: 0, dst: 0, outer: [], inner: [] },
    ];
    for (const op of refused) expectProgramError(() => encodeRecord(recordOf(op)), "program-malformed");
  });

  it("refuses values that do not fit their field", () => {
    for (const op of [
      { ...fill, dst: 2 ** 32 },
      { ...fill, dst: -1 },
      { ...fill, dst: 0.5 },
      { ...fill, value: 2n ** 63n },
    ]) {
      expectProgramError(() => encodeRecord(recordOf(op)), "program-malformed");
    }
  });

  it("refuses a record that the machine's window could not hold", () => {
    const live = Array.from({ length: 255 }, (_, offset) => ({
      offset,
      count: 1,
      width: 8 as const,
      signed: true,
    }));
    expect(encodeRecord({ op: fill, gasBound: 0, live }).length).to.be.lessThan(4_096);
    expectProgramError(
      () => encodeRecord({ op: fill, gasBound: 0, live: [...live, ...live] }),
      "program-limit",
    );
  });
});
