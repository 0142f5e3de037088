import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { expect } from "chai";
import { ExactError } from "../../../../offchain-runner/src/exact/exactError.ts";
import { ExactInterpreter } from "../../../../offchain-runner/src/exact/interpreter.ts";
import { lowerRelease } from "../../../../offchain-runner/src/exact/lowering.ts";
import { ModelError } from "../../../../offchain-runner/src/hub/modelError.ts";
import { openSession, runtimeOutputs } from "../../../fixtures/exact/runtime.ts";
import type { HostileModel } from "../../../fixtures/models/hostileExactModels.ts";
import { HOSTILE_MODELS, LARGE_MODELS } from "../../../fixtures/models/hostileExactModels.ts";

function refusalOf({ build }: HostileModel): ExactError | ModelError {
  const { bytes, schema } = build();
  try {
    lowerRelease(bytes, schema);
  } catch (error) {
    if (error instanceof ExactError || error instanceof ModelError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("the lowering of hostile models", function () {
  this.timeout(120_000);

  for (const hostile of HOSTILE_MODELS) {
    it(`refuses ${hostile.what}`, () => {
      const { code, data } = refusalOf(hostile);
      expect(code).to.equal(hostile.code);
      expect(data["reason"]).to.be.a("string").that.is.not.empty;
      expect([data["node"], data["operator"]].every((name) => name !== undefined)).to.equal(hostile.isOfNode);
    });
  }

  for (const { what, build } of LARGE_MODELS) {
    it(`lowers ${what}, which give what the runtime gives`, async () => {
      const { bytes, schema } = build();
      const [input] = schema.inputs;
      if (input === undefined) throw new Error("the model has an input");
      const count = input.shape.reduce((a, b) => a * b, 1);
      const x = tensorFromNumbers(
        input.dtype,
        input.shape,
        Array.from({ length: count }, (_, i) => (i * 37) % 256),
      );
      const expected = new ExactInterpreter(lowerRelease(bytes, schema)).evaluate(encodeTensors([x]));
      const session = await openSession(bytes, { optimisation: "disabled", threads: 1 });
      const names = schema.outputs.map(({ name }) => name);
      const actual = encodeTensors(await runtimeOutputs(session, schema.inputs, [x], names));
      await session.release();
      expect(actual).to.deep.equal(expected);
    });
  }
});
