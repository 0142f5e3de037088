import { readFile } from "node:fs/promises";
import { getAddress, isAddress } from "ethers";
import { z } from "zod";
import { DTYPES, type Dtype } from "./dtype.ts";
import { NetworkError } from "./errors.ts";
import { parseGrains } from "./opg.ts";
import { MODES } from "./request.ts";

const DTYPE_NAMES = Object.keys(DTYPES) as Dtype[];

const modelName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$/,
    "1 to 64 of a-z 0-9 - _ . beginning and ending with a letter or digit",
  );

/** What the hub stores of a text: it must look the same to everybody. */
const printable = z.string().regex(/^[\x20-\x7e]+$/, "printable ASCII only, not empty");

const plainPath = printable
  .max(256)
  .refine(
    (path) =>
      !path.includes("\\") && path.split("/").every((part) => part !== "" && part !== "." && part !== ".."),
    "a relative path with / between parts, none of them empty, . or ..",
  );

const grains = z.string().transform((text, context) => {
  try {
    return parseGrains(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

const tensor = z.strictObject({
  name: printable.max(128),
  dtype: z.enum(DTYPE_NAMES),
  /** -1 = dynamic. */
  shape: z
    .array(
      z
        .int()
        .min(-1)
        .max(2_147_483_647)
        .refine((size) => size !== 0, "a dimension is positive, or -1 for dynamic"),
    )
    .max(8),
  description: z.string().optional(),
  unit: z.string().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
});

const tensors = z
  .array(tensor)
  .min(1)
  .max(64)
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "a name occurs twice");

const file = z.strictObject({
  path: plainPath,
  size: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex digits"),
  /** Where this file can be fetched, when not below the base that `hub publish` is given. */
  uri: printable.max(512).optional(),
});

const contributor = z.strictObject({
  account: z
    .string()
    .refine((text) => isAddress(text), "not an address")
    .transform((text) => getAddress(text)),
  bps: z.int().positive().max(10_000),
});

const manifestSchema = z
  .strictObject({
    name: modelName,
    title: z.string().optional(),
    description: z.string().optional(),
    license: z.string().optional(),
    /** Path of the `.onnx` file that a node loads. */
    entry: plainPath,
    files: z.array(file).min(1).max(16),
    inputs: tensors,
    outputs: tensors,
    modes: z.array(z.enum(MODES)).min(1),
    arithmetic: z.enum(["approximate", "exact"]),
    /** OPG per inference. */
    royalty: grains,
    /** OPG that an operator needs at stake to answer. */
    minStake: grains,
    contributors: z.array(contributor).max(16),
  })
  .refine(({ entry, files }) => files.some(({ path }) => path === entry), {
    path: ["entry"],
    message: "not among the files",
  })
  .refine(({ files }) => new Set(files.map(({ path }) => path)).size === files.length, {
    path: ["files"],
    message: "a path occurs twice",
  })
  .refine(
    ({ contributors }) => new Set(contributors.map(({ account }) => account)).size === contributors.length,
    {
      path: ["contributors"],
      message: "an account occurs twice",
    },
  )
  .refine(({ contributors }) => contributors.reduce((sum, { bps }) => sum + bps, 0) <= 10_000, {
    path: ["contributors"],
    message: "shares add up to more than 10,000 basis points",
  });

/** What a publisher declares about a release: `manifest.json` beside the model. Amounts in token wei. */
export type Manifest = z.output<typeof manifestSchema>;
export type ManifestTensor = Manifest["inputs"][number];
export type ManifestFile = Manifest["files"][number];

/** `ReleaseContent` of `IModelHub`, as ethers encodes it. */
export interface ReleaseContent {
  entry: number;
  files: { path: string; size: number; sha256Digest: string; uri: string }[];
  inputs: { name: string; dtype: number; shape: number[] }[];
  outputs: { name: string; dtype: number; shape: number[] }[];
  contributors: { account: string; bps: number }[];
  arithmetic: number;
  exact: {
    graphRoot: string;
    loweringVersion: number;
    zkVerifier: string;
    zkKeyDigest: string;
    zkKeyOrigin: number;
  };
}

/** The file is missing, not JSON, or does not describe a release. */
export class ManifestInvalidError extends NetworkError {
  constructor(source: string, problem: string, cause?: unknown) {
    super("manifest-invalid", `${source} is not a manifest: ${problem}`, {
      data: { source, problem },
      cause,
    });
  }
}

/** Throws `ManifestInvalidError`. */
export async function readManifest(path: string): Promise<Manifest> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new ManifestInvalidError(
      path,
      cause instanceof SyntaxError ? "not JSON" : "it cannot be read",
      cause,
    );
  }
  return parseManifest(value, path);
}

/** @param source what to call the manifest in an error */
export function parseManifest(value: unknown, source: string): Manifest {
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) throw new ManifestInvalidError(source, z.prettifyError(parsed.error), parsed.error);
  return parsed.data;
}

/** Set of modes as a release and an offer carry it: bit n = mode n. */
export function modeBits(modes: readonly (typeof MODES)[number][]): number {
  return modes.reduce((bits, mode) => bits | (1 << MODES.indexOf(mode)), 0);
}

/** The lowered graph that an exact release commits to. */
export interface GraphCommitment {
  /** Digest of the graph's root blob, 32 bytes in hexadecimal. */
  readonly graphRoot: string;
  /** From 1. */
  readonly loweringVersion: number;
}

/**
 * @param uriOf where a file without a URI of its own can be fetched
 * @param graph of an exact release; the hub refuses one without
 */
export function releaseContentOf(
  manifest: Manifest,
  uriOf: (file: ManifestFile) => string,
  graph?: GraphCommitment,
): ReleaseContent {
  return {
    entry: manifest.files.findIndex(({ path }) => path === manifest.entry),
    files: manifest.files.map((file) => ({
      path: file.path,
      size: file.size,
      sha256Digest: `0x${file.sha256}`,
      uri: file.uri ?? uriOf(file),
    })),
    inputs: manifest.inputs.map(specOf),
    outputs: manifest.outputs.map(specOf),
    contributors: manifest.contributors,
    arithmetic: manifest.arithmetic === "exact" ? 1 : 0,
    exact: {
      graphRoot: graph?.graphRoot ?? `0x${"0".repeat(64)}`,
      loweringVersion: graph?.loweringVersion ?? 0,
      zkVerifier: `0x${"0".repeat(40)}`,
      zkKeyDigest: `0x${"0".repeat(64)}`,
      zkKeyOrigin: 0,
    },
  };
}

function specOf({ name, dtype, shape }: ManifestTensor): ReleaseContent["inputs"][number] {
  return { name, dtype: DTYPES[dtype].number, shape };
}
