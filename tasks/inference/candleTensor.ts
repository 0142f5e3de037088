import type { TensorSpec } from "@opg-network/sdk/schema";
import { checkAgainstSchema } from "@opg-network/sdk/schema";
import type { Tensor } from "@opg-network/sdk/tensor";
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { z } from "zod";
import { CommandError } from "../commandError.ts";
import { readJson } from "./inputTensors.ts";

const COLUMNS = 4;

const price = z.number().positive();
const rows = z.array(z.tuple([price, price, price, price])).min(1);
const samples = z.object({ cases: z.array(z.object({ name: z.string(), candles: rows })).min(1) });
const single = z.object({ candles: rows });

/**
 * Raw candles (open, high, low, close; oldest first) as a model of price / lastClose - 1 takes them: one window. The file
 * holds rows, `{candles}`, or `{cases: [{name, candles}]}` as a model's sample.json does.
 */
export async function candlesFromFile(
  file: string,
  caseName: string | undefined,
  schema: readonly TensorSpec[],
): Promise<Tensor[]> {
  const [spec, ...others] = schema;
  const [batch, count, columns] = spec?.shape ?? [];
  if (
    spec === undefined ||
    others.length !== 0 ||
    spec.shape.length !== 3 ||
    columns !== COLUMNS ||
    (batch !== -1 && batch !== 1)
  ) {
    throw new CommandError("arguments-conflict", {
      problem: "this model does not take candles; use --input",
    });
  }
  const candles = await readRows(file, caseName);
  if (count !== -1 && candles.length !== count) {
    throw new CommandError("input-invalid", {
      source: file,
      problem: `${candles.length} candles, the model takes ${count}`,
    });
  }
  const lastClose = candles.at(-1)?.[3] ?? 1;
  const values = candles.flat().map((value) => value / lastClose - 1);
  const tensors = [tensorFromNumbers(spec.dtype, [1, candles.length, COLUMNS], values)];
  checkAgainstSchema(tensors, schema);
  return tensors;
}

async function readRows(file: string, caseName: string | undefined): Promise<z.output<typeof rows>> {
  const value = await readJson(file);
  const several = samples.safeParse(value);
  if (several.success) {
    const { cases } = several.data;
    const chosen = caseName === undefined ? cases[0] : cases.find(({ name }) => name === caseName);
    if (chosen !== undefined) return chosen.candles;
    const problem = `no case "${caseName}"; it has ${cases.map(({ name }) => name).join(", ")}`;
    throw new CommandError("input-invalid", { source: file, problem });
  }
  if (caseName !== undefined)
    throw new CommandError("input-invalid", { source: file, problem: "it has no cases" });
  const one = z.union([rows, single.transform(({ candles }) => candles)]).safeParse(value);
  if (one.success) return one.data;
  throw new CommandError("input-invalid", {
    source: file,
    problem: "not rows of open, high, low, close, all of them positive",
  });
}
