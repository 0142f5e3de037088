import type { Deployment } from "@opg-network/sdk/deployment";
import { AbiCoder, Interface } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";
import type { NetworkConnection } from "hardhat/types/network";
import { eventLogs } from "../check/eventLogs.ts";
import { ArgumentsUnknownError, type MadeContract } from "./payload.ts";

const BUCKETS = [
  "Ecosystem",
  "Foundation",
  "CoreContributors",
  "Investors",
  "StakingRewards",
  "Liquidity",
  "Airdrop",
];

/** The wallets in which OPG vests, as the log of each tells. Throws `ArgumentsUnknownError` where logs are missing. */
export async function vestingWallets(
  connection: NetworkConnection<string>,
  artifacts: ArtifactManager,
  { contracts }: Deployment,
): Promise<MadeContract[]> {
  const genesis = contracts.TokenGenesis;
  if (genesis === undefined) return [];
  const abi = new Interface((await artifacts.readArtifact("TokenGenesis")).abi);
  const logs = await eventLogs(connection, { address: genesis.address, abi }, genesis.block);
  const funded = logs.filter(({ name }) => name === "BucketFunded");
  if (funded.length !== BUCKETS.length)
    throw new ArgumentsUnknownError("VestingWallet", `the log of TokenGenesis at ${genesis.address}`);
  return funded
    .filter(({ args }) => args.vesting !== 0n)
    .map(({ args }) => ({
      label: `VestingWallet.${BUCKETS[Number(args.bucket)]}`,
      contract: "VestingWallet",
      address: String(args.wallet),
      constructorArguments: AbiCoder.defaultAbiCoder().encode(
        ["address", "uint64", "uint64"],
        [args.beneficiary, args.vestsFrom, args.vestsUntil - args.vestsFrom],
      ),
    }));
}
