import { GRAIN } from "@opg-network/sdk/request";
import type { ServedRelease } from "../config.ts";
import { ZK_MODE } from "../jobs/job.ts";

const BPS = 10_000n;

/** What the hub says of a release, token wei. */
export interface HubTerms {
  royalty: bigint;
  minStake: bigint;
}

/** Prices of inferences inside transactions; what never changes of a release is read once. */
export class PriceList {
  readonly #protocolFeeBps: bigint;
  readonly #readTerms: (release: string) => Promise<HubTerms>;
  readonly #terms = new Map<string, Promise<HubTerms>>();

  constructor(protocolFeeBps: bigint, readTerms: (release: string) => Promise<HubTerms>) {
    this.#protocolFeeBps = protocolFeeBps;
    this.#readTerms = readTerms;
  }

  /** Only for releases that this node serves: what is asked is kept. */
  termsOf(release: string): Promise<HubTerms> {
    const known = this.#terms.get(release);
    if (known !== undefined) return known;
    const read = this.#readTerms(release);
    read.catch(() => this.#terms.delete(release));
    this.#terms.set(release, read);
    return read;
  }

  /** Token wei, whole grains: what the operator asks, or the least that the contract takes if that is more. */
  async feeOf(release: string, { pipeFee, minFee, zkFee }: ServedRelease, mode: number): Promise<bigint> {
    const { royalty } = await this.termsOf(release);
    const least = leastFee(royalty, this.#protocolFeeBps);
    const asked = roundUp((mode === ZK_MODE ? zkFee : undefined) ?? pipeFee ?? minFee);
    if (asked > least) return asked;
    return least;
  }
}

/** The smallest fee that pays royalty and protocol fee. */
export function leastFee(royalty: bigint, protocolFeeBps: bigint): bigint {
  const exact = (royalty * BPS + (BPS - protocolFeeBps) - 1n) / (BPS - protocolFeeBps);
  return roundUp(exact);
}

function roundUp(wei: bigint): bigint {
  return ((wei + GRAIN - 1n) / GRAIN) * GRAIN;
}
