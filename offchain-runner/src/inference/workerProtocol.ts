import type { Dtype } from "@opg-network/sdk/dtype";
import { isDtype } from "@opg-network/sdk/dtype";
import { z } from "zod";
import type { LoweredGraph } from "../exact/blobs.ts";

// What the node and an inference process say to each other. The process runs strangers' models in native code, so what
// comes out of it is checked like anything else from outside.

const tensor = z.object({
  dtype: z.custom<Dtype>(isDtype),
  shape: z.array(z.number().int().nonnegative()).readonly(),
  data: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
});

const load = z.object({
  kind: z.literal("load"),
  id: z.number().int(),
  model: z.string(),
  path: z.string(),
  threads: z.number().int().positive(),
  optimization: z.enum(["disabled", "basic", "extended", "all"]),
  /** Of an exact release: what its results are compared with. */
  graph: z.custom<LoweredGraph | undefined>().optional(),
});

const run = z.object({
  kind: z.literal("run"),
  id: z.number().int(),
  model: z.string(),
  inputs: z.array(tensor.extend({ name: z.string() })),
  outputs: z.array(z.string()),
  /** Runs of one row each that are done as one; every row is compared with the interpreter, or none leaves. */
  rows: z.number().int().positive(),
  /** Of one row. */
  maxOutputBytes: z.number().int(),
});

/** Takes effect on a run that has not begun. */
const cancel = z.object({ kind: z.literal("cancel"), id: z.number().int() });
const unload = z.object({ kind: z.literal("unload"), model: z.string() });

export const workerRequest = z.discriminatedUnion("kind", [load, run, cancel, unload]);

const failure = z.enum([
  "cancelled",
  "not-loaded",
  "load-failed",
  "run-failed",
  "output-too-large",
  "output-unsupported",
  "disagreed",
  "rows-refused",
]);
/** Not in every reply: asking the system costs as much as a small run. */
const rssBytes = z.number().nonnegative().optional();

export const workerReply = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("loaded"), id: z.number().int(), rssBytes, grownBytes: z.number() }),
  z.object({
    kind: z.literal("ran"),
    id: z.number().int(),
    rssBytes,
    runMs: z.number(),
    outputs: z.array(tensor),
  }),
  z.object({
    kind: z.literal("failed"),
    id: z.number().int(),
    rssBytes,
    failure,
    detail: z.string().max(2_000),
  }),
]);

export type LoadRequest = z.infer<typeof load>;
export type RunRequest = z.infer<typeof run>;
export type WorkerRequest = z.infer<typeof workerRequest>;
export type WorkerReply = z.infer<typeof workerReply>;
export type WorkerFailure = z.infer<typeof failure>;
export type WireTensor = z.infer<typeof tensor>;
