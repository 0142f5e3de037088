import { expect } from "chai";
import { ExactInterpreter } from "../../../../offchain-runner/src/exact/interpreter.ts";
import { lowerRelease } from "../../../../offchain-runner/src/exact/lowering.ts";
import type { ExactTensor } from "../../../../offchain-runner/src/exact/quantize/quantize.ts";
import { openProbe, type ProbeTensor } from "../../../../offchain-runner/src/inference/modelProbe.ts";
import { decodeTensors, encodeTensors } from "../../../../sdk/src/tensorCodec.ts";

export interface ExactModel {
  readonly model: Uint8Array;
  readonly inputs: readonly Pick<ExactTensor, "name" | "dtype" | "shape">[];
  readonly outputs: readonly Pick<ExactTensor, "name" | "dtype" | "shape">[];
}

export type ExactInputs = ReadonlyMap<string, ProbeTensor>;

/** Lowers a model, and holds interpreter and runtime against each other; returns the runtime's outputs by sample. */
export async function agreedOutputs(
  { model, inputs, outputs }: ExactModel,
  samples: readonly ExactInputs[],
): Promise<bigint[][][]> {
  const interpreter = new ExactInterpreter(lowerRelease(model, { inputs, outputs }));
  const names = outputs.map(({ name }) => name);
  const probe = await openProbe(model);
  const found: bigint[][][] = [];
  try {
    for (const sample of samples) {
      const results = await probe.run(sample, names);
      const encoded = encodeTensors(
        inputs.map(({ name, dtype, shape }) => ({
          dtype,
          shape: [...shape],
          data: bytesOf(sample.get(name)),
        })),
      );
      const interpreted = decodeTensors(interpreter.evaluate(encoded));
      names.forEach((name, index) => {
        const data = interpreted[index]?.data ?? new Uint8Array();
        expect(Buffer.from(data).toString("hex"), name).to.equal(
          Buffer.from(bytesOf(results.get(name))).toString("hex"),
        );
      });
      found.push(names.map((name) => Array.from(results.get(name)?.data as ArrayLike<number>, BigInt)));
    }
  } finally {
    await probe.close();
  }
  return found;
}

function bytesOf(tensor: ProbeTensor | undefined): Uint8Array {
  if (tensor === undefined) throw new Error("no such tensor");
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}
