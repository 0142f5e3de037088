import { isHexString } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { z } from "zod";

const quantity = z.string().refine((text) => isHexString(text));

const transactionSchema = z.looseObject({
  hash: z.string(),
  from: z.string(),
  to: z.string().nullish(),
  input: z.string(),
  nonce: quantity.transform(Number),
  gasPrice: quantity.transform(BigInt).optional(),
  maxFeePerGas: quantity.transform(BigInt).optional(),
  maxPriorityFeePerGas: quantity.transform(BigInt).optional(),
});

const blockSchema = z.looseObject({ transactions: z.array(transactionSchema) }).nullable();

/** A transaction as the chain tells it. */
export type SentTransaction = z.output<typeof transactionSchema>;

export async function transactionCount(
  connection: NetworkConnection<string>,
  account: string,
  at: "latest" | "pending" | number,
): Promise<number> {
  const block = typeof at === "number" ? `0x${at.toString(16)}` : at;
  return Number(
    await connection.provider.request({ method: "eth_getTransactionCount", params: [account, block] }),
  );
}

export async function blockNumber(connection: NetworkConnection<string>): Promise<number> {
  return Number(await connection.provider.request({ method: "eth_blockNumber" }));
}

export async function isKnown(connection: NetworkConnection<string>, hash: string): Promise<boolean> {
  return (await connection.provider.request({ method: "eth_getTransactionByHash", params: [hash] })) !== null;
}

/** The mined transaction of `account` with this nonce, if the endpoint shows it. Blocks before `from` are not looked at. */
export async function minedTransaction(
  connection: NetworkConnection<string>,
  account: string,
  nonce: number,
  from: number,
): Promise<SentTransaction | undefined> {
  let [low, high] = [from, await blockNumber(connection)];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((await transactionCount(connection, account, middle)) > nonce) high = middle;
    else low = middle + 1;
  }
  const block = await connection.provider.request({
    method: "eth_getBlockByNumber",
    params: [`0x${low.toString(16)}`, true],
  });
  return blockSchema
    .parse(block)
    ?.transactions.find(
      (transaction) =>
        transaction.nonce === nonce && transaction.from.toLowerCase() === account.toLowerCase(),
    );
}
