import { readDeploymentParameters } from "@nomicfoundation/hardhat-ignition/helpers";
import { NetworkError } from "@opg-network/sdk/errors";
import { parseGrains } from "@opg-network/sdk/opg";
import { getAddress, isAddress, parseUnits, ZeroAddress } from "ethers";
import { z } from "zod";

/** Written for "whoever deploys". */
const DEPLOYER = "deployer";

const address = z
  .string()
  .refine((text) => isAddress(text) && text !== ZeroAddress, "not an address")
  .transform((text) => getAddress(text));
const party = z.union([z.literal(DEPLOYER), address], { error: 'neither an address nor "deployer"' });
const seconds = z.int().nonnegative().max(4_294_967_295);
const grains = z.string().transform((text, context) => {
  try {
    return parseGrains(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

const gwei = z.string().transform((text, context) => {
  try {
    return parseUnits(text, "gwei");
  } catch {
    context.addIssue({ code: "custom", message: "not an amount of gwei" });
    return z.NEVER;
  }
});

/** As `KeyOrigin` of the hub numbers them. */
export const KEY_ORIGINS = { single: 1, ceremony: 2 } as const;

const parametersSchema = z
  .strictObject({
    /** The one chain that the file is for. */
    chainId: z.int().positive(),
    token: z.strictObject({ existing: address.nullable(), holder: party }),
    powers: z.strictObject({
      admin: party,
      adminDelay: seconds,
      governor: party,
      governorDelay: seconds,
      guardian: party,
      exitDelay: seconds,
    }),
    operators: z.strictObject({
      disputeWindow: seconds,
      maxValidity: seconds,
      unbondingPeriod: seconds,
      jailPeriod: seconds,
      minimumStake: grains,
      stakePerSlot: grains,
      bountyFloor: grains,
    }),
    disputes: z.strictObject({ baseFeeCap: gwei }),
    requests: z.strictObject({ treasury: party, protocolFeeBps: z.int().nonnegative().max(10_000) }),
    /** How the keys of proofs must have been made, at least. */
    proofs: z.strictObject({ leastOrigin: z.enum(["single", "ceremony"]) }),
  })
  .refine(({ powers, operators }) => powers.exitDelay > operators.unbondingPeriod, {
    path: ["powers", "exitDelay"],
    message:
      "must be longer than operators.unbondingPeriod, so that operators can leave before a new slasher acts",
  });

/** The numbers and parties of one deployment: `deploy/parameters/<network>.json5`. Seconds and token wei. */
export type ProtocolParameters = z.output<typeof parametersSchema>;

/** The file cannot be read, or a number in it cannot be used. */
export class ParametersInvalidError extends NetworkError {
  constructor(source: string, problem: string, cause?: unknown) {
    super("parameters-invalid", `${source} cannot be used to deploy: ${problem}`, {
      data: { source, problem },
      cause,
    });
  }
}

/** Throws `ParametersInvalidError`. */
export async function readProtocolParameters(path: string): Promise<ProtocolParameters> {
  let value: unknown;
  try {
    value = await readDeploymentParameters(path);
  } catch (cause) {
    throw new ParametersInvalidError(path, "missing, or not JSON5", cause);
  }
  return parseProtocolParameters(value, path);
}

/** @param source what to call the parameters in an error */
export function parseProtocolParameters(value: unknown, source: string): ProtocolParameters {
  const parsed = parametersSchema.safeParse(value);
  if (!parsed.success) throw new ParametersInvalidError(source, z.prettifyError(parsed.error), parsed.error);
  return parsed.data;
}

/** The same with every party an address. */
export function withDeployer(parameters: ProtocolParameters, deployer: string): ProtocolParameters {
  const named = (who: string) => (who === DEPLOYER ? deployer : who);
  const { token, powers, requests } = parameters;
  return {
    ...parameters,
    token: { ...token, holder: named(token.holder) },
    powers: {
      ...powers,
      admin: named(powers.admin),
      governor: named(powers.governor),
      guardian: named(powers.guardian),
    },
    requests: { ...requests, treasury: named(requests.treasury) },
  };
}
