import type { Dtype } from "@opg-network/sdk/dtype";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { expect } from "chai";
import { ExactInterpreter } from "../../../../offchain-runner/src/exact/interpreter.ts";
import { lowerRelease } from "../../../../offchain-runner/src/exact/lowering.ts";
import { GraphDraft } from "../../../fixtures/exact/graphDraft.ts";
import { openSession, runtimeOutputs } from "../../../fixtures/exact/runtime.ts";
import { asInt } from "../../../fixtures/models/onnxBuilder.ts";

const TERMS = [1, 2, 31, 64, 257, 1_024];
const COLUMNS = [1, 16, 33];

interface Operands {
  readonly left: Dtype;
  readonly right: Dtype;
  readonly zeros: readonly [bigint, bigint] | undefined;
  /** Elements of left and right operand by position. */
  readonly x: (i: number) => bigint;
  readonly w: (i: number) => bigint;
}

const always = (value: bigint) => () => value;
const turns = (a: bigint, b: bigint) => (i: number) => (i % 2 === 0 ? a : b);

/** What saturates 16-bit sums of products somewhere, or comes closest to it. */
const CASES: readonly Operands[] = [
  { left: "uint8", right: "uint8", zeros: undefined, x: always(255n), w: always(255n) },
  { left: "uint8", right: "uint8", zeros: [0n, 128n], x: always(255n), w: always(255n) },
  { left: "uint8", right: "uint8", zeros: [255n, 128n], x: turns(0n, 255n), w: turns(0n, 255n) },
  { left: "uint8", right: "uint8", zeros: [0n, 255n], x: always(255n), w: always(0n) },
  { left: "int8", right: "uint8", zeros: [-128n, 128n], x: always(127n), w: turns(255n, 0n) },
  { left: "int8", right: "uint8", zeros: undefined, x: always(-128n), w: always(255n) },
  { left: "uint8", right: "int8", zeros: undefined, x: always(255n), w: always(64n) },
  { left: "uint8", right: "int8", zeros: undefined, x: always(255n), w: always(-64n) },
  { left: "uint8", right: "int8", zeros: [128n, -128n], x: turns(255n, 0n), w: turns(-64n, 64n) },
  { left: "int8", right: "int8", zeros: undefined, x: always(-128n), w: always(-64n) },
  { left: "int8", right: "int8", zeros: [-128n, 127n], x: always(127n), w: turns(64n, -64n) },
];

async function compare(operands: Operands, K: number, N: number): Promise<void> {
  const draft = new GraphDraft(1);
  const input = draft.input(operands.left, [2, K]);
  const weights = draft.constant(
    operands.right,
    [K, N],
    Array.from({ length: K * N }, (_, i) => operands.w(i)),
  );
  const zeros = operands.zeros ?? [];
  const types = [operands.left, operands.right] as const;
  const names = zeros.map((zero, i) => draft.constant(types[i] as Dtype, [], [zero]));
  const [product = ""] = draft.push("MatMulInteger", [input.name, weights, ...names]);
  const output = { name: product, dtype: "int32", shape: [2, N] } as const;
  const bytes = draft.model([output]);
  const interpreter = new ExactInterpreter(lowerRelease(bytes, { inputs: [input], outputs: [output] }));
  const x = tensorFromNumbers(
    operands.left,
    [2, K],
    Array.from({ length: 2 * K }, (_, i) => operands.x(i)),
  );
  const expected = interpreter.evaluate(encodeTensors([x]));
  for (const optimisation of ["all", "disabled"] as const) {
    const session = await openSession(bytes, { optimisation, threads: 2 });
    const actual = encodeTensors(await runtimeOutputs(session, [input], [x], [product]));
    await session.release();
    expect(actual).to.deep.equal(expected);
  }
}

describe("products of bytes", () => {
  for (const [i, operands] of CASES.entries()) {
    it(`are exact at the extremes: case ${i}, ${operands.left} times ${operands.right}`, async () => {
      for (const K of TERMS) for (const N of COLUMNS) await compare(operands, K, N);
    });
  }

  it("pad convolutions with the zero point", async () => {
    const draft = new GraphDraft(2);
    const input = draft.input("uint8", [1, 1, 2]);
    const weights = draft.constant("uint8", [1, 1, 3], [255n, 255n, 255n]);
    const zeros = [draft.constant("uint8", [], [200n]), draft.constant("uint8", [], [0n])];
    const pads = { pads: { ints: [2n, 2n], type: 7 }, group: asInt(1n) };
    const [sum = ""] = draft.push("ConvInteger", [input.name, weights, ...zeros], pads);
    const output = { name: sum, dtype: "int32", shape: [1, 1, 4] } as const;
    const bytes = draft.model([output]);
    const x = tensorFromNumbers("uint8", [1, 1, 2], [255, 0]);
    const interpreter = new ExactInterpreter(lowerRelease(bytes, { inputs: [input], outputs: [output] }));
    const session = await openSession(bytes, { optimisation: "all", threads: 1 });
    const actual = encodeTensors(await runtimeOutputs(session, [input], [x], [sum]));
    await session.release();
    expect(actual).to.deep.equal(interpreter.evaluate(encodeTensors([x])));
  });
});
