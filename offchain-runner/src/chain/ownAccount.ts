import { GRAIN } from "@opg-network/sdk/request";
import type { OwnStanding } from "../jobs/admission.ts";
import type { ChainTime } from "./chainTime.ts";
import type { Contracts } from "./contracts.ts";

const SIGNER_ACTIVE = 1n;

/** The operator behind this node's signer, as the chain sees it; read once a block at most. */
export class OwnAccount {
  readonly #contracts: Contracts;
  readonly #time: ChainTime;
  readonly signer: string;
  #standing: Promise<OwnStanding> | undefined;
  #readAt = "";
  readonly #coverable = new Map<string, { block: string; amount: Promise<bigint> }>();
  #operatorId = 0;

  constructor(contracts: Contracts, time: ChainTime, signer: string) {
    this.#contracts = contracts;
    this.#time = time;
    this.signer = signer;
  }

  /** Zero until the signer is registered; then it never changes. */
  get operatorId(): number {
    return this.#operatorId;
  }

  async standing(): Promise<OwnStanding> {
    const block = this.#time.isKnown ? this.#time.head.hash : "";
    if (this.#standing === undefined || block !== this.#readAt) {
      this.#readAt = block;
      this.#standing = this.#read();
      this.#standing.catch(() => {
        this.#standing = undefined;
      });
    }
    return this.#standing;
  }

  /** Token wei that the signer can put up when it accepts. */
  async bondBudget(): Promise<bigint> {
    return this.#contracts.requests.balanceOf(this.signer);
  }

  /** Token wei of cover that `coverer` (`Pipe`, `InferenceRequests`) could still reserve; read once a block at most. */
  async coverable(coverer: string): Promise<bigint> {
    const block = this.#time.isKnown ? this.#time.head.hash : "";
    const known = this.#coverable.get(coverer);
    if (known !== undefined && known.block === block) return await known.amount;
    const { operatorId } = await this.standing();
    const amount = this.#contracts.operators.coverableBy(operatorId, coverer);
    amount.catch(() => this.#coverable.delete(coverer));
    this.#coverable.set(coverer, { block, amount });
    return await amount;
  }

  async #read(): Promise<OwnStanding> {
    const standing = await this.#contracts.operators.standingOf(this.signer);
    this.#operatorId = Number(standing.operatorId);
    return {
      operatorId: this.#operatorId,
      isActive: standing.status === SIGNER_ACTIVE && !standing.jailed,
      stake: countingStake(standing),
    };
  }
}

/** What counts for minimums: without what is set aside for covers. */
function countingStake({ stake, coverPercent }: { stake: bigint; coverPercent: bigint }): bigint {
  return (stake - (stake * coverPercent) / 100n) * GRAIN;
}
