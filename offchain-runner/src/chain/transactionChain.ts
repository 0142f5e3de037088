import type { TransactionRequest, Wallet } from "ethers";
import { isCallException, Transaction } from "ethers";
import { z } from "zod";
import type { ChainLog } from "./chainReader.ts";
import { logsSchema } from "./chainReader.ts";
import type { GasPrice } from "./gasPrices.ts";
import type { ResilientProvider } from "./provider.ts";

export interface Receipt {
  hash: string;
  isSuccess: boolean;
  blockNumber: number;
  gasUsed: bigint;
  /** Wei, everything that the sender paid. */
  cost: bigint;
  logs: readonly ChainLog[];
}

export interface Call {
  to: string;
  data: string;
  gasLimit: bigint;
  /** Wei of the chain's coin; none by default. */
  value?: bigint;
}

export interface SignedTransaction {
  hash: string;
  raw: string;
}

/** What the sender needs of the chain. */
export interface TransactionChain {
  readonly sender: string;
  /** Changes when another endpoint is asked; see `EndpointPool`. */
  readonly epoch: number;
  /** Undefined = would succeed; else the revert data. */
  simulate(call: Call): Promise<string | undefined>;
  nonce(): Promise<number>;
  balance(): Promise<bigint>;
  suggestedTip(): Promise<bigint>;
  sign(call: Call, nonce: number, price: GasPrice): Promise<SignedTransaction>;
  /** False when the endpoint refused it; what that means is read from nonce and receipts, not from its words. */
  broadcast(raw: string): Promise<boolean>;
  isKnown(hash: string): Promise<boolean>;
  receipt(hash: string): Promise<Receipt | undefined>;
  /** A receipt that another endpoint has. */
  receiptElsewhere(hash: string): Promise<Receipt | undefined>;
}

const quantity = z.string().transform(BigInt);
const receiptSchema = z.object({
  transactionHash: z.string(),
  status: quantity,
  blockNumber: quantity.transform(Number),
  gasUsed: quantity,
  effectiveGasPrice: quantity,
  /** The data fee of OP-stack chains. */
  l1Fee: quantity.nullish(),
  logs: logsSchema,
});

export function createTransactionChain(
  provider: ResilientProvider,
  wallet: Wallet,
  chainId: number,
): TransactionChain {
  const { address } = wallet;
  return {
    sender: address,
    get epoch() {
      return provider.epoch;
    },
    async simulate(call) {
      try {
        await provider.call({ from: address, ...call });
        return undefined;
      } catch (error) {
        if (isCallException(error)) return error.data ?? "0x";
        throw error;
      }
    },
    nonce: () => provider.getTransactionCount(address, "latest"),
    balance: () => provider.getBalance(address, "latest"),
    async suggestedTip() {
      return quantity.parse(await provider.send("eth_maxPriorityFeePerGas", []));
    },
    async sign(call, nonce, price) {
      const request: TransactionRequest = {
        ...call,
        type: 2,
        chainId,
        nonce,
        value: call.value ?? 0n,
        maxFeePerGas: price.maxFee,
        maxPriorityFeePerGas: price.tip,
      };
      const raw = await wallet.signTransaction(request);
      return { raw, hash: Transaction.from(raw).hash as string };
    },
    async broadcast(raw) {
      // The same bytes can be mined once, however many are told.
      const ends = await provider.askAll("eth_sendRawTransaction", [raw]);
      return ends.some((end) => "result" in end);
    },
    async isKnown(hash) {
      return (await provider.send("eth_getTransactionByHash", [hash])) !== null;
    },
    async receipt(hash) {
      const answer: unknown = await provider.send("eth_getTransactionReceipt", [hash]);
      return answer === null ? undefined : toReceipt(receiptSchema.parse(answer));
    },
    async receiptElsewhere(hash) {
      for (const end of await provider.askOthers("eth_getTransactionReceipt", [hash])) {
        const receipt = receiptSchema.safeParse("result" in end ? end.result : undefined);
        if (receipt.success) return toReceipt(receipt.data);
      }
      return undefined;
    },
  };
}

function toReceipt(receipt: z.output<typeof receiptSchema>): Receipt {
  return {
    hash: receipt.transactionHash,
    isSuccess: receipt.status === 1n,
    blockNumber: receipt.blockNumber,
    gasUsed: receipt.gasUsed,
    cost: receipt.gasUsed * receipt.effectiveGasPrice + (receipt.l1Fee ?? 0n),
    logs: receipt.logs,
  };
}
