import type { Dtype } from "@opg-network/sdk/dtype";
import { expect } from "chai";
import type { StoredGraph } from "../../../../offchain-runner/src/exact/blobs.ts";
import type { ExactErrorCode } from "../../../../offchain-runner/src/exact/exactError.ts";
import { ExactError } from "../../../../offchain-runner/src/exact/exactError.ts";
import { lowerRelease } from "../../../../offchain-runner/src/exact/lowering.ts";
import { decodeProgram } from "../../../../offchain-runner/src/exact/programCodec.ts";
import type { Attributes } from "../../../fixtures/exact/graphDraft.ts";
import { GraphDraft } from "../../../fixtures/exact/graphDraft.ts";
import { asFloat, asInt, asInts, asText } from "../../../fixtures/models/onnxBuilder.ts";

interface Sketch {
  readonly input?: [Dtype, number[]];
  readonly output: [Dtype, number[]];
  /** Draws the nodes behind the input; the name of the output. */
  readonly draw: (draft: GraphDraft, x: string) => string | undefined;
}

function lowered({ input: [dtype, shape] = ["uint8", [4]], output, draw }: Sketch): StoredGraph {
  const draft = new GraphDraft(3);
  const x = draft.input(dtype, shape);
  const y = { name: draw(draft, x.name) ?? "", dtype: output[0], shape: output[1] };
  return lowerRelease(draft.model([y]), { inputs: [x], outputs: [y] });
}

function kindsOf({ root, stream }: StoredGraph): string[] {
  return decodeProgram(stream.subarray(0, root.programBytes)).map(({ op }) => op.kind);
}

const scalar = (draft: GraphDraft, dtype: Dtype, value: bigint) => draft.constant(dtype, [], [value]);

function oneNode(
  operator: string,
  input: [Dtype, number[]],
  output: [Dtype, number[]],
  rest: (draft: GraphDraft) => string[] = () => [],
  attributes: Attributes = {},
): Sketch {
  return { input, output, draw: (draft, x) => draft.push(operator, [x, ...rest(draft)], attributes)[0] };
}

const CASES: readonly [string, ExactErrorCode, Sketch][] = [
  [
    "an operator outside the profile",
    "exact-operator-unsupported",
    oneNode("Sign", ["int8", [4]], ["int8", [4]]),
  ],
  [
    "an element type that the operator does not take",
    "exact-type-unsupported",
    oneNode("Max", ["int16", [4]], ["int16", [4]]),
  ],
  [
    "a cast to a float",
    "exact-type-unsupported",
    oneNode("Cast", ["uint8", [4]], ["uint8", [4]], () => [], { to: asInt(1n) }),
  ],
  [
    "an attribute that it does not know",
    "exact-attribute-unsupported",
    oneNode("Abs", ["int16", [4]], ["int16", [4]], () => [], { alpha: asFloat(1) }),
  ],
  [
    "a mode of padding other than constant",
    "exact-attribute-unsupported",
    oneNode("Pad", ["uint8", [4]], ["uint8", [6]], (draft) => [draft.numbers([1, 1])], {
      mode: asText("reflect"),
    }),
  ],
  [
    "a divisor of zero",
    "exact-divisor-refused",
    oneNode("Div", ["int32", [4]], ["int32", [4]], (draft) => [scalar(draft, "int32", 0n)]),
  ],
  [
    "a divisor of -1",
    "exact-divisor-refused",
    oneNode("Div", ["int32", [4]], ["int32", [4]], (draft) => [scalar(draft, "int32", -1n)]),
  ],
  [
    "a divisor that is computed",
    "exact-divisor-refused",
    { output: ["uint8", [4]], draw: (draft, x) => draft.push("Div", [x, x])[0] },
  ],
  [
    "a sum that can leave its type",
    "exact-range-overflow",
    oneNode("Add", ["uint8", [4]], ["uint8", [4]], (draft) => [scalar(draft, "uint8", 1n)]),
  ],
  [
    "the opposite of the smallest integer",
    "exact-range-overflow",
    oneNode("Neg", ["int8", [4]], ["int8", [4]]),
  ],
  [
    "a cast that can cut bits off",
    "exact-range-overflow",
    oneNode("Cast", ["int16", [4]], ["int8", [4]], () => [], { to: asInt(3n) }),
  ],
  [
    "comparing int64 beyond int32",
    "exact-range-overflow",
    oneNode("Clip", ["int64", [4]], ["int64", [4]], (draft) => [scalar(draft, "int64", 0n)]),
  ],
  [
    "adding int64 up beyond 2^53",
    "exact-range-overflow",
    oneNode("ReduceSum", ["int64", [4]], ["int64", [1]]),
  ],
  [
    "an index that can leave its table",
    "exact-range-overflow",
    {
      input: ["int32", [4]],
      output: ["uint8", [4]],
      draw: (draft, x) => draft.push("Gather", [draft.filled("uint8", [16], "random"), x])[0],
    },
  ],
  [
    "signed weights beyond 64",
    "exact-operand-refused",
    oneNode("MatMulInteger", ["uint8", [1, 2]], ["int32", [1, 1]], (draft) => [
      draft.constant("int8", [2, 1], [65n, 0n]),
    ]),
  ],
  [
    "weights of more than a byte",
    "exact-operand-refused",
    oneNode("MatMul", ["int32", [1, 2]], ["int32", [1, 1]], (draft) => [
      draft.constant("int32", [2, 1], [256n, 0n]),
    ]),
  ],
  [
    "weights that are computed",
    "exact-constant-needed",
    {
      input: ["uint8", [2, 2]],
      output: ["int32", [2, 2]],
      draw: (draft, x) => draft.push("MatMulInteger", [x, x])[0],
    },
  ],
  [
    "a zero point by column",
    "exact-attribute-unsupported",
    oneNode("MatMulInteger", ["uint8", [1, 2]], ["int32", [1, 2]], (draft) => [
      draft.filled("uint8", [2, 2], "random"),
      "",
      draft.constant("uint8", [2], [1n, 2n]),
    ]),
  ],
  [
    "a tensor that the machine cannot hold",
    "exact-too-large",
    oneNode("Expand", ["uint8", [4]], ["uint8", [5_000, 4]], (draft) => [draft.numbers([5_000, 4])]),
  ],
  [
    "a window that ends outside",
    "exact-attribute-unsupported",
    oneNode("MaxPool", ["uint8", [1, 1, 4]], ["uint8", [1, 1, 2]], () => [], {
      kernel_shape: asInts([3n]),
      strides: asInts([2n]),
      ceil_mode: asInt(1n),
    }),
  ],
];

describe("lowering", () => {
  for (const [what, code, sketch] of CASES) {
    it(`refuses ${what}`, () => {
      expect(() => lowered(sketch))
        .to.throw(ExactError)
        .that.includes({ code });
    });
  }

  it("names node, operator and reason", () => {
    const draw = (draft: GraphDraft, x: string) => draft.push("Sign", [x])[0];
    const error = caught(() => lowered({ input: ["int8", [1]], output: ["int8", [1]], draw }));
    expect(error.data).to.deep.equal({ node: "Sign_v2", operator: "Sign", reason: "not in the profile" });
  });

  it("refuses shapes that are open, and types that the border does not carry", () => {
    const draft = new GraphDraft(3);
    const x = draft.input("uint8", [2]);
    const [y = ""] = draft.push("Identity", [x.name]);
    const bytes = draft.model([{ name: y, dtype: "uint8", shape: [2] }]);
    const output = { name: y, dtype: "uint8", shape: [-1] } as const;
    const error = caught(() => lowerRelease(bytes, { inputs: [x], outputs: [output] }));
    expect(error.code).to.equal("exact-shape-dynamic");
  });

  it("takes the chain behind a product into one step", () => {
    const requantised = (draft: GraphDraft, x: string) => {
      const [product = ""] = draft.push("MatMulInteger", [
        x,
        draft.filled("uint8", [8, 3], "random"),
        "",
        scalar(draft, "uint8", 128n),
      ]);
      const [wide = ""] = draft.push("Cast", [product], { to: asInt(7n) });
      const [added = ""] = draft.push("Add", [wide, draft.filled("int64", [3], "random", 1_000n)]);
      const [scaled = ""] = draft.push("Mul", [added, draft.filled("int64", [3], "positive", 1n << 20n)]);
      const [divided = ""] = draft.push("Div", [scaled, scalar(draft, "int64", 1n << 24n)]);
      const [clipped = ""] = draft.push("Clip", [
        divided,
        scalar(draft, "int64", 0n),
        scalar(draft, "int64", 255n),
      ]);
      return draft.push("Cast", [clipped], { to: asInt(2n) })[0];
    };
    expect(
      kindsOf(lowered({ input: ["uint8", [1, 8]], output: ["uint8", [1, 3]], draw: requantised })),
    ).to.deep.equal(["dense"]);
  });

  it("splits what one step may not cost", () => {
    const draw = (draft: GraphDraft, x: string) =>
      draft.push("MatMulInteger", [x, draft.filled("uint8", [64, 600], "random")])[0];
    const graph = lowered({ input: ["uint8", [20, 64]], output: ["int32", [20, 600]], draw });
    const kinds = kindsOf(graph);
    expect(kinds.length).to.be.greaterThan(1);
    expect(new Set(kinds)).to.deep.equal(new Set(["dense"]));
  });

  it("gives the same root for the same file, and another for another weight", () => {
    const rootOf = (weight: bigint) =>
      lowered(
        oneNode("MatMulInteger", ["uint8", [1, 1]], ["int32", [1, 1]], (draft) => [
          draft.constant("uint8", [1, 1], [weight]),
        ]),
      ).graphRoot;
    expect(rootOf(7n)).to.equal(rootOf(7n));
    expect(rootOf(7n)).to.not.equal(rootOf(8n));
  });

  it("keeps writing version 1 as it was", () => {
    const graph = lowered(
      oneNode("MatMulInteger", ["uint8", [1, 2]], ["int32", [1, 1]], (draft) => [
        draft.constant("uint8", [2, 1], [3n, 5n]),
      ]),
    );
    expect(graph.root.loweringVersion).to.equal(1);
    expect(graph.graphRoot).to.equal("0x35a1fe8874ab6205873af0cadbc78afc4382e3e5944d90021707c396717cde4f");
  });
});

function caught(work: () => unknown): ExactError {
  try {
    work();
  } catch (error) {
    if (error instanceof ExactError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
