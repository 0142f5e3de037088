import { readDeploymentParameters } from "@nomicfoundation/hardhat-ignition/helpers";
import { NetworkError } from "@opg-network/sdk/errors";
import { parseGrains } from "@opg-network/sdk/opg";
import { getAddress, isAddress, parseUnits, ZeroAddress } from "ethers";
import { z } from "zod";

/** Written for "whoever deploys". */
const DEPLOYER = "deployer";
/** Written for the timelock of the governance that is deployed. */
const GOVERNANCE = "governance";

const address = z
  .string()
  .refine((text) => isAddress(text) && text !== ZeroAddress, "not an address")
  .transform((text) => getAddress(text));
const party = z.union([z.literal(DEPLOYER), address], { error: 'neither an address nor "deployer"' });
const power = z.union([z.literal(DEPLOYER), z.literal(GOVERNANCE), address], {
  error: 'neither an address nor "deployer" nor "governance"',
});
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
    token: z.strictObject({
      existing: address.nullable(),
      holder: party,
      beneficiaries: z.strictObject({
        ecosystem: party,
        foundation: party,
        coreContributors: party,
        investors: party,
        stakingRewards: party,
        liquidity: party,
        airdrop: party,
      }),
    }),
    governance: z
      .strictObject({
        votingDelay: seconds,
        votingPeriod: seconds,
        voteExtension: seconds,
        proposalThreshold: grains,
        quorumPercent: z.int().positive().max(100),
        quorumFloor: grains,
        timelockDelay: seconds,
      })
      .nullable(),
    powers: z.strictObject({
      admin: power,
      adminDelay: seconds,
      governor: power,
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
    requests: z.strictObject({ treasury: power, protocolFeeBps: z.int().nonnegative().max(10_000) }),
    /** How the keys of proofs must have been made, at least. */
    proofs: z.strictObject({ leastOrigin: z.enum(["single", "ceremony"]) }),
  })
  .refine(({ powers, operators }) => powers.exitDelay > operators.unbondingPeriod, {
    path: ["powers", "exitDelay"],
    message:
      "must be longer than operators.unbondingPeriod, so that operators can leave before a new slasher acts",
  })
  .superRefine((parameters, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    const { governance, powers, requests, operators } = parameters;
    const { admin, adminDelay, governor, governorDelay } = powers;
    const governed = [admin, governor, requests.treasury].includes(GOVERNANCE);
    if (governance === null) {
      if (governed) refuse(["governance"], "there is none, and a power or the treasury is given to it");
      return;
    }
    if (admin !== GOVERNANCE && governor === GOVERNANCE)
      refuse(["powers", "admin"], "would have what the governance votes on, and sooner");
    if (admin === GOVERNANCE && adminDelay !== 0)
      refuse(["powers", "adminDelay"], "must be 0: the governance has a delay of its own");
    if (governor === GOVERNANCE && governorDelay !== 0)
      refuse(["powers", "governorDelay"], "must be 0: the governance has a delay of its own");
    const { votingDelay, votingPeriod, timelockDelay } = governance;
    if (votingDelay + votingPeriod + timelockDelay <= operators.unbondingPeriod)
      refuse(
        ["governance"],
        "must take longer than operators.unbondingPeriod, so that operators can leave before a change",
      );
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

/** The same with an address for whoever deploys. */
export function withDeployer(parameters: ProtocolParameters, deployer: string): ProtocolParameters {
  return named(parameters, (who) => (who === DEPLOYER ? deployer : who));
}

/** The same with an address for the governance, and every party one. */
export function withGovernance(parameters: ProtocolParameters, timelock: string): ProtocolParameters {
  return named(parameters, (who) => (who === GOVERNANCE ? timelock : who));
}

function named(parameters: ProtocolParameters, name: (who: string) => string): ProtocolParameters {
  const { token, powers, requests } = parameters;
  const { ecosystem, foundation, coreContributors, investors, stakingRewards, liquidity, airdrop } =
    token.beneficiaries;
  return {
    ...parameters,
    token: {
      ...token,
      holder: name(token.holder),
      beneficiaries: {
        ecosystem: name(ecosystem),
        foundation: name(foundation),
        coreContributors: name(coreContributors),
        investors: name(investors),
        stakingRewards: name(stakingRewards),
        liquidity: name(liquidity),
        airdrop: name(airdrop),
      },
    },
    powers: {
      ...powers,
      admin: name(powers.admin),
      governor: name(powers.governor),
      guardian: name(powers.guardian),
    },
    requests: { ...requests, treasury: name(requests.treasury) },
  };
}
