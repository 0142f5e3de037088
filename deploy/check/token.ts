import { formatOpg } from "@opg-network/sdk/opg";
import { type Interface, type JsonRpcApiProvider, ZeroAddress, zeroPadValue } from "ethers";
import { LEAST_BALANCE, TokenUnfitError, TokenUntriedError } from "../existingToken.ts";
import type { Finding } from "./finding.ts";

const DECIMALS = 18n;

export interface TokenReading {
  provider: Pick<JsonRpcApiProvider, "call">;
  address: string;
  abi: Interface;
}

export interface Transfer {
  to: string;
  amount: bigint;
}

/** What was minted and burned, from the logs that begin or end at nobody. */
export const NOBODY: string = zeroPadValue(ZeroAddress, 32);

/** An OPG that the deployment minted: once, to whom the parameters say; since then burned at most. */
export async function checkMintedToken(
  token: TokenReading,
  { minted, expected, burned }: Record<"minted" | "expected" | "burned", readonly Transfer[]>,
): Promise<Finding[]> {
  const told = (transfers: readonly Transfer[]) =>
    transfers.map(({ amount, to }) => `${formatOpg(amount)} OPG to ${to}`).join(", ");
  const sum = (transfers: readonly Transfer[]) => transfers.reduce((all, { amount }) => all + amount, 0n);
  const findings: Finding[] = [];
  if (told(minted) !== told(expected))
    findings.push({
      kind: "mint-differs",
      subject: "OPG's mint",
      expected: told(expected),
      actual: told(minted),
    });
  const [total, left] = [await read(token, "totalSupply"), sum(expected) - sum(burned)];
  if (total !== left) {
    findings.push({
      kind: "supply-differs",
      subject: "OPG's total supply",
      expected: `${formatOpg(left)} OPG`,
      actual: `${formatOpg(total)} OPG`,
    });
  }
  return findings;
}

/**
 * An OPG that was there before: still of a kind that the contracts can count. It is tried once more, since one that can be
 * changed may have been.
 * @param holders in whose name it is tried: of the first that has enough of it
 */
export async function checkExistingToken(
  token: TokenReading,
  holders: readonly string[],
  tryIt: (holder: string) => Promise<unknown>,
): Promise<Finding[]> {
  const unsuitable = (subject: string, expected: string, actual: string): Finding[] => [
    { kind: "token-unsuitable", subject, expected, actual },
  ];
  const decimals = await read(token, "decimals").catch(() => -1n);
  if (decimals !== DECIMALS)
    return unsuitable("OPG.decimals", String(DECIMALS), decimals === -1n ? "unanswered" : String(decimals));
  for (const holder of holders) {
    if ((await read(token, "balanceOf", [holder])) < LEAST_BALANCE) continue;
    return await tryIt(holder).then(
      () => [],
      (cause: unknown) => {
        if (!(cause instanceof TokenUnfitError || cause instanceof TokenUntriedError)) throw cause;
        return unsuitable("OPG, tried once more,", "fit", cause.message);
      },
    );
  }
  return [];
}

/** Where OPG is: what each of `holders` has, and what is anywhere else. */
export async function whereabouts(
  token: TokenReading,
  holders: ReadonlyMap<string, string>,
): Promise<Record<string, bigint>> {
  const held: Record<string, bigint> = {};
  // Of what is no token nobody has anything; what it is instead is told elsewhere.
  let rest = await read(token, "totalSupply").catch(() => 0n);
  for (const [name, address] of holders) {
    held[name] = await read(token, "balanceOf", [address]).catch(() => 0n);
    rest -= held[name];
  }
  return { ...held, elsewhere: rest };
}

async function read(
  { provider, address, abi }: TokenReading,
  name: string,
  args: string[] = [],
): Promise<bigint> {
  const data = await provider.call({ to: address, data: abi.encodeFunctionData(name, args) });
  // Without code there is nothing; that is told elsewhere.
  return data === "0x" ? 0n : BigInt(abi.decodeFunctionResult(name, data)[0]);
}
