import { keccak256, toUtf8Bytes } from "ethers";
import type { GasPrice } from "../../../../offchain-runner/src/chain/gasPrices.ts";
import type {
  Call,
  Receipt,
  SignedTransaction,
  TransactionChain,
} from "../../../../offchain-runner/src/chain/transactionChain.ts";

interface Pending {
  nonce: number;
  call: Call;
  price: GasPrice;
}

/** A mempool and a chain for one sender: takes what outbids, mines when told. */
export class ScriptedMempool implements TransactionChain {
  readonly sender = `0x${"aa".repeat(20)}`;
  epoch = 0;
  /** Receipts that the endpoint at hand has lost, and another has. */
  readonly elsewhere = new Map<string, Receipt>();
  readonly signed = new Map<string, Pending>();
  readonly broadcasts: string[] = [];
  readonly #receipts = new Map<string, Receipt>();
  #pending: string | undefined;
  #nonce = 0;
  funds = 10n ** 18n;
  revertData: string | undefined;
  /** When false, endpoints refuse everything that is sent. */
  isTaking = true;
  onBroadcast: () => void = () => undefined;

  async simulate(): Promise<string | undefined> {
    return this.revertData;
  }

  async nonce(): Promise<number> {
    return this.#nonce;
  }

  async balance(): Promise<bigint> {
    return this.funds;
  }

  async suggestedTip(): Promise<bigint> {
    return 1n;
  }

  async sign(call: Call, nonce: number, price: GasPrice): Promise<SignedTransaction> {
    const raw = keccak256(toUtf8Bytes(`${call.to}${call.data}${nonce}${price.maxFee}${price.tip}`));
    this.signed.set(raw, { call, nonce, price });
    return { raw, hash: raw };
  }

  async broadcast(raw: string): Promise<boolean> {
    this.broadcasts.push(raw);
    this.onBroadcast();
    const { nonce } = this.signed.get(raw) as Pending;
    if (!this.isTaking || nonce < this.#nonce) return false;
    this.#pending = raw;
    return true;
  }

  async isKnown(hash: string): Promise<boolean> {
    return this.#pending === hash || this.#receipts.has(hash);
  }

  async receipt(hash: string): Promise<Receipt | undefined> {
    return this.#receipts.get(hash);
  }

  async receiptElsewhere(hash: string): Promise<Receipt | undefined> {
    return this.elsewhere.get(hash);
  }

  /** The receipt is at another endpoint only. */
  moveReceipt(hash: string): void {
    const receipt = this.#receipts.get(hash);
    if (receipt === undefined) throw new Error("not mined");
    this.#receipts.delete(hash);
    this.elsewhere.set(hash, receipt);
  }

  get pending(): Pending | undefined {
    return this.#pending === undefined ? undefined : this.signed.get(this.#pending);
  }

  drop(): void {
    this.#pending = undefined;
  }

  /** Mines what is pending, or `hash` instead of it. */
  mine({
    isSuccess = true,
    hash = this.#pending,
  }: {
    isSuccess?: boolean;
    hash?: string | undefined;
  } = {}): void {
    if (hash === undefined) return;
    const { nonce } = this.signed.get(hash) as Pending;
    this.#receipts.set(hash, { hash, isSuccess, blockNumber: 9, gasUsed: 50_000n, cost: 50_000n, logs: [] });
    this.#nonce = nonce + 1;
    this.#pending = undefined;
  }

  /** Another process uses the key. */
  useNonceElsewhere(): void {
    this.#nonce += 1;
    this.#pending = undefined;
  }
}
