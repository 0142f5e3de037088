import type { Deployment } from "@opg-network/sdk/deployment";
import type { Interface } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { type EventLog, eventLogs } from "./eventLogs.ts";
import type { Finding } from "./finding.ts";
import type { Replica, Translation } from "./replica.ts";
import { printed } from "./views.ts";

/** A wallet in which a part of OPG vests, on the chain that is checked and on the replica. */
export interface VestingPair {
  label: string;
  here: string;
  there: string;
  /** Wei that it was given. */
  vesting: bigint;
}

const BUCKETS = [
  "ecosystem",
  "foundation",
  "core contributors",
  "investors",
  "staking rewards",
  "liquidity",
  "airdrop",
];

/** How OPG was handed out, against the schedule; pairs the wallets, and lets the one stand for the other. */
export async function checkGenesis(
  connection: NetworkConnection<string>,
  deployment: Deployment,
  replica: Replica,
  abi: Interface,
  translation: Translation,
): Promise<{ findings: Finding[]; wallets: VestingPair[] }> {
  const [genesis, expected] = [deployment.contracts.TokenGenesis, replica.deployment.contracts.TokenGenesis];
  if (genesis === undefined || expected === undefined) return { findings: [], wallets: [] };
  const there = await eventLogs(replica.connection, { address: expected.address, abi }, expected.block);
  const here = await eventLogs(connection, { address: genesis.address, abi }, genesis.block);
  const wallets: VestingPair[] = [];
  there.forEach((log, index) => {
    const pair = { here: String(here[index]?.args.wallet), there: String(log.args.wallet) };
    const vesting = BigInt(log.args.vesting);
    if (here[index] === undefined || vesting === 0n) return;
    wallets.push({ ...pair, label: `vesting wallet of ${bucketOf(log)}`, vesting });
    translation.add(pair.there, pair.here);
  });
  const findings = there.flatMap((log, index): Finding[] => {
    const wanted = printed(log.args, (value) => translation.of(value));
    const actual = here[index] === undefined ? "nothing" : printed(here[index].args, (value) => value);
    return actual === wanted
      ? []
      : [{ kind: "mint-differs", subject: `OPG for ${bucketOf(log)}`, expected: wanted, actual }];
  });
  return { findings, wallets };
}

function bucketOf({ args }: EventLog): string {
  return BUCKETS[Number(args.bucket)] ?? `bucket ${args.bucket}`;
}
