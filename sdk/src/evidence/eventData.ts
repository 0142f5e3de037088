import { getAddress } from "ethers";
import { NetworkError } from "../errors.ts";
import type { EvidenceLog } from "./evidence.ts";

const WORD_DIGITS = 64;

/** A log is not what its event's data is: no contract of the protocol writes such a one. */
export class EvidenceMalformedError extends NetworkError {
  override readonly name = "EvidenceMalformedError";

  constructor({ transactionHash, address }: EvidenceLog) {
    super("evidence-malformed", `a log of ${address} in ${transactionHash} is not what its event's data is`, {
      data: { address, transactionHash },
    });
  }
}

/** Reads the few events that evidence is in; those of a busy chain are too many for a general decoder. */
export class EventData {
  readonly #log: EvidenceLog;

  constructor(log: EvidenceLog) {
    this.#log = log;
  }

  /** Indexed word, the first being 1. */
  topic(index: number): string {
    return this.#log.topics[index] ?? this.#fail();
  }

  addressTopic(index: number): string {
    return getAddress(`0x${this.topic(index).slice(-40)}`);
  }

  /** Word `index` of the data, 32 bytes in hex. */
  word(index: number): string {
    const digits = this.#log.data.slice(2 + WORD_DIGITS * index, 2 + WORD_DIGITS * (index + 1));
    return digits.length === WORD_DIGITS ? `0x${digits}` : this.#fail();
  }

  number(index: number): number {
    return Number(BigInt(this.word(index)));
  }

  /** Dynamic bytes whose offset stands in word `index`. */
  bytes(index: number): string {
    const offset = this.number(index);
    if (offset % 32 !== 0) return this.#fail();
    const length = this.number(offset / 32);
    const start = 2 + 2 * (offset + 32);
    const digits = this.#log.data.slice(start, start + 2 * length);
    return digits.length === 2 * length ? `0x${digits}` : this.#fail();
  }

  #fail(): never {
    throw new EvidenceMalformedError(this.#log);
  }
}
