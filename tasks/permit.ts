import { formatOpg } from "@opg-network/sdk/opg";
import { isError, Signature, ZeroHash } from "ethers";
import { CommandError } from "./commandError.ts";
import type { Contracts } from "./contracts.ts";
import type { Session } from "./session.ts";
import { explained, send } from "./transaction.ts";

const TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};
const VALID_SEC = 3_600;

/** What the contracts take for "no permit, look at the allowance". */
const NO_PERMIT = { deadline: 0, v: 0, r: ZeroHash, s: ZeroHash };

/**
 * The account's EIP-2612 permit for exactly this amount: one transaction, and no allowance left behind. An OPG that does
 * not take permits, or does not say for which domain it does, is approved in a transaction before.
 */
export async function permitFor(session: Session, spender: string, amount: bigint) {
  const { opg } = await session.contracts();
  const account = await session.account();
  await requireBalance(session, amount);
  const terms = await permitTerms(opg, account.address);
  if (terms === undefined) {
    if ((await opg.allowance(account.address, spender)) < amount) {
      session.say(`This OPG takes no permits: approving ${formatOpg(amount)} OPG first`);
      await send(() => opg.approve(spender, amount));
    }
    return NO_PERMIT;
  }
  const deadline = (await chainTime(session)) + VALID_SEC;
  const message = { owner: account.address, spender, value: amount, nonce: terms.nonce, deadline };
  const signature = await account.signTypedData(terms.domain, TYPES, message);
  const { v, r, s } = Signature.from(signature);
  return { deadline, v, r, s };
}

/** Throws `balance-low` where the account's wallet does not hold this amount of OPG. */
export async function requireBalance(session: Session, amount: bigint): Promise<void> {
  const { opg } = await session.readOnly();
  const { address } = await session.account();
  const balance = await opg.balanceOf(address);
  if (balance >= amount) return;
  throw new CommandError("balance-low", {
    account: address,
    what: "in its wallet",
    balance: formatOpg(balance),
    required: formatOpg(amount),
  });
}

/** Undefined of a token that takes no permits, or does not say for which domain. */
async function permitTerms(opg: Contracts["opg"], owner: string) {
  try {
    const { name, version, chainId, verifyingContract } = await explained(() => opg.eip712Domain());
    const nonce = await explained(() => opg.nonces(owner));
    return { domain: { name, version, chainId, verifyingContract }, nonce };
  } catch (cause) {
    if (cause instanceof CommandError && cause.code.startsWith("reverted")) return undefined;
    if (isError(cause, "BAD_DATA")) return undefined;
    throw cause;
  }
}

/** Seconds; a chain without traffic is behind the clock, one that was moved ahead is before it. */
export async function chainTime(session: Session): Promise<number> {
  const block = await session.connection.ethers.provider.getBlock("latest");
  return Math.max(block?.timestamp ?? 0, Math.floor(Date.now() / 1_000));
}
