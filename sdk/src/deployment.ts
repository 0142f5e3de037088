import { readFile } from "node:fs/promises";
import { getAddress, isAddress } from "ethers";
import { z } from "zod";
import { NetworkError } from "./errors.ts";

/** Everything that one deployment of the protocol consists of. */
export const CONTRACT_NAMES = [
  "AccessManager",
  "OPG",
  "BlobStore",
  "ExactMachine",
  "OnChainModels",
  "ModelHub",
  "Operators",
  "ProofSettlement",
  "InferenceRequests",
  "Disputes",
  "Coverage",
  "Gateways",
  "Groth16Verifier",
  "Pipe",
  "PipeExecutor",
  "SolidML",
  "WorkflowScheduler",
] as const;

/** What only some deployments have: OPG minted there, a wrapper that gives votes to an OPG without, governance. */
export const OPTIONAL_CONTRACT_NAMES = [
  "TokenGenesis",
  "OPGVotes",
  "ProtocolGovernor",
  "TimelockController",
] as const;

export type ContractName = (typeof CONTRACT_NAMES)[number];
export type OptionalContractName = (typeof OPTIONAL_CONTRACT_NAMES)[number];

const address = z
  .string()
  .refine((text) => isAddress(text), "not an address")
  .transform((text) => getAddress(text));

const recorded = z.strictObject({ address, block: z.int().nonnegative() });

const deploymentSchema = z.strictObject({
  network: z.string().min(1),
  chainId: z.int().positive(),
  contracts: z.strictObject({
    ...(Object.fromEntries(CONTRACT_NAMES.map((name) => [name, recorded])) as Record<
      ContractName,
      typeof recorded
    >),
    ...(Object.fromEntries(
      OPTIONAL_CONTRACT_NAMES.map((name) => [name, z.exactOptional(recorded)]),
    ) as Record<OptionalContractName, z.ZodExactOptional<typeof recorded>>),
  }),
});

/** Where the protocol stands on one chain: addresses, and the block from which each has logs. */
export type Deployment = z.output<typeof deploymentSchema>;

/** The file is missing, not JSON, or not a deployment record. */
export class DeploymentInvalidError extends NetworkError {
  constructor(path: string, problem: string, cause?: unknown) {
    super("deployment-invalid", `${path} is not a deployment record: ${problem}`, {
      data: { path, problem },
      cause,
    });
  }
}

/** Reads `deploy/deployments/<network>.json`. Throws `DeploymentInvalidError`. */
export async function readDeployment(path: string): Promise<Deployment> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new DeploymentInvalidError(
      path,
      cause instanceof SyntaxError ? "not JSON" : "it cannot be read",
      cause,
    );
  }
  return parseDeployment(value, path);
}

/** @param source what to call the record in an error */
export function parseDeployment(value: unknown, source: string): Deployment {
  const parsed = deploymentSchema.safeParse(value);
  if (!parsed.success) throw new DeploymentInvalidError(source, z.prettifyError(parsed.error), parsed.error);
  return parsed.data;
}

/** The first block with logs of the protocol itself; an OPG that existed before does not count. */
export function firstBlockOf({ contracts }: Deployment): number {
  return contracts.AccessManager.block;
}
