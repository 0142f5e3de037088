import { decodeTensors, encodeTensors } from "@opg-network/sdk/tensorCodec";
import { expect } from "chai";
import { getBytes, hexlify } from "ethers";
import { ExactInterpreter } from "../../../../offchain-runner/src/exact/interpreter.ts";
import { lowerRelease } from "../../../../offchain-runner/src/exact/lowering.ts";
import { openSession, runtimeOutputs } from "../../../fixtures/exact/runtime.ts";
import { readExactVectors } from "../../../fixtures/exactVectors.ts";

describe("vectors of exact models", () => {
  for (const { name, model, schema, graphRoot, blobs, cases } of readExactVectors()) {
    const lowered = lowerRelease(getBytes(model), schema);

    it(`lowers ${name} to the blobs that they name`, () => {
      expect(lowered.graphRoot).to.equal(graphRoot);
      expect(lowered.blobs.map((blob) => hexlify(blob))).to.deep.equal(blobs);
    });

    it(`interprets ${name} from every checkpoint`, () => {
      const interpreter = new ExactInterpreter(lowered);
      for (const { input, output, checkpoints } of cases) {
        expect(hexlify(interpreter.evaluate(getBytes(input)))).to.equal(output);
        for (const { pc, state } of checkpoints) {
          const end = interpreter.resume({ pc, state: getBytes(state) }, lowered.root.programBytes);
          expect(hexlify(end.state)).to.equal(output);
          expect(hexlify(interpreter.resume({ pc: 0, state: getBytes(input) }, pc).state)).to.equal(state);
        }
      }
    });

    it(`runs ${name} in ONNX Runtime`, async () => {
      const session = await openSession(getBytes(model), { optimisation: "all", threads: 1 });
      const names = schema.outputs.map((output) => output.name);
      for (const { input, output } of cases) {
        const results = await runtimeOutputs(session, schema.inputs, decodeTensors(input), names);
        expect(hexlify(encodeTensors(results))).to.equal(output);
      }
      await session.release();
    });
  }
});
