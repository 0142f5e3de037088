import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Figures } from "../figures.ts";

const MODELS = new URL("../../models/", import.meta.url);
const score = z.object({ rmse: z.number(), qlike: z.number(), r2: z.number() });
const evaluation = z.object({
  model: z.string(),
  test: z.object({ model: score, naive: score, ewma: score }),
});

/** What the training script measured on the months held out, for each shipped model and its two baselines. */
export async function measure(): Promise<Figures> {
  const files = readdirSync(MODELS)
    .map((name) => fileURLToPath(new URL(`${name}/evaluation.json`, MODELS)))
    .filter(existsSync);
  return Object.fromEntries(files.flatMap((file) => figuresOf(JSON.parse(readFileSync(file, "utf8")))));
}

/** Of the models of volatility; others are judged by other scores, which their own evaluation explains. */
function figuresOf(content: unknown): [string, number][] {
  const { data, success } = evaluation.safeParse(content);
  if (!success) return [];
  const { model, test } = data;
  return Object.entries({ "": test.model, "naive.": test.naive, "ewma.": test.ewma }).flatMap(
    ([who, scores]) =>
      Object.entries(scores).map(([metric, value]): [string, number] => [
        `model.${model}.${who}${metric}`,
        value,
      ]),
  );
}
