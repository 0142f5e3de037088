import type { ModeName } from "@opg-network/sdk/request";
import { GRAIN, MODES } from "@opg-network/sdk/request";
import { formatEther } from "ethers";
import type { Contracts } from "../chain/contracts.ts";
import type { ResilientProvider } from "../chain/provider.ts";
import type { Config } from "../config.ts";
import type { PublishedRelease, ReleaseCatalog } from "../hub/releaseCatalog.ts";
import { NodeError } from "../nodeError.ts";
import { preflight } from "../preflight.ts";
import type { Check } from "./check.ts";
import { fail, ok, warn, wordsOf } from "./check.ts";

const SIGNER_ACTIVE = 1n;
const YANKED = 4n;

export async function checkContracts(
  config: Config,
  provider: ResilientProvider,
  contracts: Contracts,
): Promise<Check> {
  try {
    await preflight(config, provider, contracts);
    return ok("contracts", "chain, contracts and signing domain belong together");
  } catch (error) {
    const isUnreached = error instanceof NodeError && error.retryable;
    const fix = isUnreached ? "look at the endpoints" : "correct chain.deploymentFile or chain.addresses";
    return fail("contracts", wordsOf(error), fix);
  }
}

export async function checkBalance(
  { alarms }: Config,
  provider: ResilientProvider,
  signer: string,
): Promise<Check> {
  const balance = await provider.getBalance(signer);
  const text = `the signer has ${formatEther(balance)} coin`;
  if (balance === 0n) return fail("balance", text, "send the signer coin: every answer costs gas");
  if (balance < alarms.balanceCoin) return warn("balance", text, "send the signer coin");
  return ok("balance", text);
}

/** Registration, jail and stake. @returns the operator's id, 0 for none */
export async function checkOperator(
  config: Config,
  { operators }: Contracts,
  signer: string,
): Promise<{ operatorId: number; stake: bigint; checks: Check[] }> {
  const standing = await operators.standingOf(signer);
  const operatorId = Number(standing.operatorId);
  const setAside = (standing.stake * standing.coverPercent) / 100n;
  const stake = (standing.stake - setAside) * GRAIN;
  if (operatorId === 0) return { operatorId, stake, checks: [unregistered(config)] };
  const checks: Check[] = [];
  checks.push(
    standing.status === SIGNER_ACTIVE
      ? ok("operator", `the signer is operator ${operatorId}'s`)
      : fail(
          "operator",
          `the signer of operator ${operatorId} was revoked or replaced`,
          "use its present key",
        ),
  );
  if (standing.jailed) {
    const until = new Date(Number(standing.lastSlashAt + (await operators.jailPeriod())) * 1000);
    const fix = `find the cause; from ${until.toISOString()} on, \`operator leave-jail\``;
    checks.push(fail("jail", "the operator was slashed and is in jail", fix));
  }
  const least = await operators.minimumStake();
  const text = `${formatEther(stake)} OPG count as stake, ${formatEther(least)} are the least`;
  checks.push(stake >= least ? ok("stake", text) : fail("stake", text, "`operator stake` more"));
  return { operatorId, stake, checks };
}

function unregistered({ roles }: Config): Check {
  if (!roles.includes("inference"))
    return ok("operator", "the signer is no operator's; a verifier needs none");
  return fail(
    "operator",
    "the signer belongs to no operator",
    "`operator onboard`, or `operator register` and `stake`",
  );
}

export interface FoundRelease {
  reference: string;
  release: PublishedRelease;
}

/** Each served release: in the hub, not withdrawn, within the stake, and offered. */
export async function checkReleases(
  { serve }: Config,
  { hub, operators }: Contracts,
  catalog: ReleaseCatalog,
  operator: { operatorId: number; stake: bigint },
): Promise<{ checks: Check[]; found: FoundRelease[] }> {
  const checks: Check[] = [];
  const found: FoundRelease[] = [];
  for (const { release: reference, modes } of serve) {
    const id = `release:${reference}`;
    try {
      const release = await catalog.load(await catalog.idOf(reference));
      found.push({ reference, release });
      const [terms, offer] = await Promise.all([
        hub.termsOf(release.id),
        operators.offerOf(operator.operatorId, release.id),
      ]);
      if (terms.status === YANKED) checks.push(warn(id, "its publisher withdrew it", "serve another"));
      else if (operator.stake < terms.minStake)
        checks.push(
          fail(id, `it demands ${formatEther(terms.minStake)} OPG of stake`, "`operator stake` more"),
        );
      else if (offer.modes === 0n)
        checks.push(
          warn(id, "this operator does not offer it", "`operator serve` it, so that callers find it"),
        );
      else if (notIn(offer.modes, modes).length > 0)
        checks.push(
          warn(
            id,
            `this operator does not offer it in mode ${notIn(offer.modes, modes).join()}`,
            `\`operator serve --modes ${modes.join()}\``,
          ),
        );
      else checks.push(ok(id, `${release.version}, offered at ${formatEther(offer.price)} OPG`));
    } catch (error) {
      checks.push(fail(id, wordsOf(error), "correct serve[].release"));
    }
  }
  return { checks, found };
}

/** Of the modes that are served, those that an offer has not. */
function notIn(offered: bigint, served: readonly ModeName[]): ModeName[] {
  return served.filter((mode) => ((offered >> BigInt(MODES.indexOf(mode))) & 1n) === 0n);
}
