import { readFile } from "node:fs/promises";
import type { TensorSpec } from "@opg-network/sdk/schema";
import { checkAgainstSchema } from "@opg-network/sdk/schema";
import type { Tensor } from "@opg-network/sdk/tensor";
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { z } from "zod";
import { CommandError } from "../commandError.ts";

const flat = z.strictObject({ shape: z.array(z.int().nonnegative()), data: z.array(z.unknown()) });
const byName = z.record(z.string(), z.unknown());

/** Reads a JSON file as the inputs of a release, in its order, checked against its schema. */
export async function inputsFromFile(file: string, schema: readonly TensorSpec[]): Promise<Tensor[]> {
  return inputsFromValue(await readJson(file), schema, file);
}

/** The same for a value that is a part of the file. */
export function inputsFromValue(value: unknown, schema: readonly TensorSpec[], source: string): Tensor[] {
  const named = nameTensors(value, schema, source);
  const unknown = Object.keys(named).find((name) => !schema.some((spec) => spec.name === name));
  if (unknown !== undefined)
    throw new CommandError("input-invalid", { source, problem: `the model has no input "${unknown}"` });
  const tensors = schema.map((spec) => {
    if (!Object.hasOwn(named, spec.name)) {
      throw new CommandError("input-invalid", { source, problem: `input "${spec.name}" is missing` });
    }
    return tensorOf(named[spec.name], spec, source);
  });
  checkAgainstSchema(tensors, schema);
  return tensors;
}

export async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new CommandError("file-unreadable", { path: file, problem: "it cannot be read" }, cause);
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CommandError("input-invalid", { source: file, problem: "not JSON" }, cause);
  }
}

/** A model with one input takes its value without the name. */
function nameTensors(value: unknown, schema: readonly TensorSpec[], source: string): Record<string, unknown> {
  const [only, ...others] = schema;
  const isBare = Array.isArray(value) || flat.safeParse(value).success || typeof value !== "object";
  if (isBare && only !== undefined && others.length === 0) return { [only.name]: value };
  const parsed = byName.safeParse(value);
  if (!parsed.success)
    throw new CommandError("input-invalid", { source, problem: "not an object of tensors by name" });
  return parsed.data;
}

function tensorOf(value: unknown, { name, dtype }: TensorSpec, source: string): Tensor {
  const explicit = flat.safeParse(value);
  const { shape, data } = explicit.success ? explicit.data : nested(value, name, source);
  const numbers = data.map((item) => numberOf(item, name, source));
  return tensorFromNumbers(dtype, shape, numbers);
}

/** Shape and elements of nested arrays of one depth and one length at each depth. */
function nested(value: unknown, name: string, source: string): { shape: number[]; data: unknown[] } {
  const shape: number[] = [];
  for (let inner = value; Array.isArray(inner); inner = inner[0]) shape.push(inner.length);
  let level: unknown[] = [value];
  for (const length of shape) {
    if (!level.every((item) => Array.isArray(item) && item.length === length)) {
      throw new CommandError("input-invalid", { source, problem: `input "${name}" is not a regular array` });
    }
    level = (level as unknown[][]).flat();
  }
  return { shape, data: level };
}

/** JSON has no large integers and no NaN: those come as text. */
function numberOf(item: unknown, name: string, source: string): number | bigint {
  if (typeof item === "number") return item;
  if (typeof item === "boolean") return item ? 1 : 0;
  if (typeof item === "string" && /^-?\d+$/.test(item)) return BigInt(item);
  if (item === "NaN" || item === "Infinity" || item === "-Infinity") return Number(item);
  throw new CommandError("input-invalid", {
    source,
    problem: `input "${name}" holds ${JSON.stringify(item)}, which is no number`,
  });
}
