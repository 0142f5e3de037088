import { formatOpg } from "@opg-network/sdk/opg";
import { Signature } from "ethers";
import { CommandError } from "./commandError.ts";
import type { Session } from "./session.ts";

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

/** The account's EIP-2612 permit for exactly this amount: one transaction, and no allowance left behind. */
export async function permitFor(session: Session, spender: string, amount: bigint) {
  const { opg } = await session.contracts();
  const account = await session.account();
  const balance = await opg.balanceOf(account.address);
  if (balance < amount) {
    throw new CommandError("balance-low", {
      account: account.address,
      what: "in its wallet",
      balance: formatOpg(balance),
      required: formatOpg(amount),
    });
  }
  const domain = await opg.eip712Domain();
  const deadline = (await chainTime(session)) + VALID_SEC;
  const signature = await account.signTypedData(
    {
      name: domain.name,
      version: domain.version,
      chainId: domain.chainId,
      verifyingContract: domain.verifyingContract,
    },
    TYPES,
    { owner: account.address, spender, value: amount, nonce: await opg.nonces(account.address), deadline },
  );
  const { v, r, s } = Signature.from(signature);
  return { deadline, v, r, s };
}

/** Seconds; a chain without traffic is behind the clock, one that was moved ahead is before it. */
export async function chainTime(session: Session): Promise<number> {
  const block = await session.connection.ethers.provider.getBlock("latest");
  return Math.max(block?.timestamp ?? 0, Math.floor(Date.now() / 1_000));
}
