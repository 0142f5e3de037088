import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { expect } from "chai";
import { ExactError } from "../../../../offchain-runner/src/exact/exactError.ts";
import { ExactInterpreter } from "../../../../offchain-runner/src/exact/interpreter.ts";
import { lowerRelease } from "../../../../offchain-runner/src/exact/lowering.ts";
import { GraphDraft } from "../../../fixtures/exact/graphDraft.ts";

/** `x · w + x · w'` in two products and a sum: three steps. */
function twoProducts() {
  const draft = new GraphDraft(4);
  const x = draft.input("uint8", [1, 4]);
  const [a = ""] = draft.push("MatMulInteger", [x.name, draft.filled("uint8", [4, 3], "random")]);
  const [b = ""] = draft.push("MatMulInteger", [x.name, draft.filled("uint8", [4, 3], "random")]);
  const [y = ""] = draft.push("Add", [a, b]);
  const output = { name: y, dtype: "int32", shape: [1, 3] } as const;
  return new ExactInterpreter(lowerRelease(draft.model([output]), { inputs: [x], outputs: [output] }));
}

const input = encodeTensors([tensorFromNumbers("uint8", [1, 4], [1, 2, 3, 255])]);

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ExactError) return error.code;
    throw error;
  }
  return "none";
}

describe("interpreter", () => {
  it("stops at every step and goes on from there", () => {
    const interpreter = twoProducts();
    const whole = interpreter.evaluate(input);
    const { programBytes } = interpreter.root;
    expect(interpreter.stops).to.have.length(4);
    for (const stop of interpreter.stops) {
      const checkpoint = interpreter.resume({ pc: 0, state: input }, stop);
      expect(interpreter.resume(checkpoint, programBytes).state).to.deep.equal(whole);
    }
  });

  it("refuses an input of another type, shape or encoding", () => {
    const interpreter = twoProducts();
    const inputs = [
      encodeTensors([tensorFromNumbers("int8", [1, 4], [1, 2, 3, 4])]),
      encodeTensors([tensorFromNumbers("uint8", [4], [1, 2, 3, 4])]),
      encodeTensors([tensorFromNumbers("uint8", [1, 5], [1, 2, 3, 4, 5])]),
      encodeTensors([]),
      new Uint8Array([...input, 0]),
      input.slice(0, -1),
      new Uint8Array(),
    ];
    for (const bad of inputs) expect(codeOf(() => interpreter.evaluate(bad))).to.equal("exact-input-invalid");
  });

  it("refuses checkpoints that the program does not have", () => {
    const interpreter = twoProducts();
    const [, second = 0, third = 0] = interpreter.stops;
    const { state } = interpreter.resume({ pc: 0, state: input }, second);
    expect(codeOf(() => interpreter.resume({ pc: second + 1, state }, third))).to.equal(
      "exact-state-invalid",
    );
    expect(codeOf(() => interpreter.resume({ pc: second, state }, 0))).to.equal("exact-state-invalid");
    const shorter = state.slice(1);
    expect(codeOf(() => interpreter.resume({ pc: second, state: shorter }, third))).to.equal(
      "exact-state-invalid",
    );
  });

  it("refuses a program of another lowering version", () => {
    const { root } = twoProducts();
    const graph = { root: { ...root, loweringVersion: 2 }, stream: new Uint8Array(root.streamBytes) };
    expect(codeOf(() => new ExactInterpreter(graph))).to.equal("exact-lowering-unknown");
  });
});
