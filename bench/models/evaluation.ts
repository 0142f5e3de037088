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

/** A model and its exact form, by the one measure that tells most: `rmse`, less is better; `accuracy`, more is. */
const conversion = z.object({
  model: z.string(),
  headline: z.object({ measure: z.string(), float: z.number(), exact: z.number() }),
});

/** A score of credits, of its exact form and of a regression on the same. */
const credit = z.object({ auc: z.number(), gini: z.number(), brier: z.number() });
const credits = z.object({
  model: z.string(),
  heldOut: z.object({ exact: credit, logistic: credit }),
});

/** What the training scripts measured on what was held out: each shipped model, its baselines, its exact form. */
export async function measure(): Promise<Figures> {
  const files = readdirSync(MODELS)
    .map((name) => fileURLToPath(new URL(`${name}/evaluation.json`, MODELS)))
    .filter(existsSync);
  const contents: unknown[] = files.map((file) => JSON.parse(readFileSync(file, "utf8")));
  return Object.fromEntries(
    contents.flatMap((content) => [...figuresOf(content), ...conversionOf(content), ...creditsOf(content)]),
  );
}

function conversionOf(content: unknown): [string, number][] {
  const { data, success } = conversion.safeParse(content);
  if (!success) return [];
  const { model, headline } = data;
  return [
    [`model.${model}.float`, headline.float],
    [`model.${model}.exact`, headline.exact],
  ];
}

function creditsOf(content: unknown): [string, number][] {
  const { data, success } = credits.safeParse(content);
  if (!success) return [];
  const { model, heldOut } = data;
  return Object.entries({ "": heldOut.exact, "logistic.": heldOut.logistic }).flatMap(([who, scores]) =>
    Object.entries(scores).map(([metric, value]): [string, number] => [
      `model.${model}.${who}${metric}`,
      value,
    ]),
  );
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
