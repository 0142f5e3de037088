import { type InferenceResult, resultHash } from "../inferenceResult.ts";
import type { InferenceRequest, PackedRequest } from "../request.ts";
import { requestIdOf, unpackRequest } from "../request.ts";
import { hashHex } from "../words.ts";
import { EventData } from "./eventData.ts";
import { type BundleMember, type Evidence, type EvidenceLog, evidenceOfBundle } from "./evidence.ts";
import { EVIDENCE_TOPICS } from "./evidenceAbi.ts";

const { RequestOpened, ResultsSigned, RequestFulfilled, FulfilmentSkipped } = EVIDENCE_TOPICS;

/** A request as its event told it. */
export interface LoggedRequest {
  readonly id: string;
  readonly request: InferenceRequest;
  /** Hex. */
  readonly input: string;
  readonly blockNumber: number;
}

/** The same, as whoever keeps requests may have it. */
export type KnownRequest = Pick<LoggedRequest, "id" | "request"> & { readonly input: string | undefined };

/** One signature of a fulfilment and all that the logs say it covers, in order. */
export interface SignedFulfilment {
  readonly signer: string;
  readonly validUntil: number;
  readonly signature: string;
  readonly members: readonly FulfilmentMember[];
  readonly blockNumber: number;
  readonly transactionHash: string;
}

export type FulfilmentMember =
  | { readonly kind: "fulfilled"; readonly id: string; readonly operatorId: number; readonly output: string }
  /** Signed and not used: of what it was, the logs have the struct hash alone. */
  | {
      readonly kind: "skipped";
      readonly id: string;
      readonly resultHash: string;
      readonly reason: string;
    };

/** Every request that was opened, whose id and input are what its event says. Other logs are passed over. */
export function openedRequests(logs: readonly EvidenceLog[], requests: string): LoggedRequest[] {
  const of = requests.toLowerCase();
  return logs.flatMap((log) => {
    if (log.topics[0] !== RequestOpened || log.address.toLowerCase() !== of) return [];
    const event = new EventData(log);
    const [id, input] = [event.topic(1), event.bytes(6)];
    const packed: PackedRequest = {
      origin: BigInt(event.word(0)),
      price: BigInt(event.word(1)),
      times: BigInt(event.word(2)),
      release: event.word(3),
      cover: BigInt(event.word(4)),
      inputHash: event.word(5),
    };
    const isGenuine = requestIdOf(log.address, packed) === id && hashHex(input) === packed.inputHash;
    return isGenuine ? [{ id, request: unpackRequest(packed), input, blockNumber: log.blockNumber }] : [];
  });
}

/**
 * @param logs in chain order, with all of `requests` in each of their transactions
 * @throws EvidenceMalformedError
 */
export function signedFulfilments(logs: readonly EvidenceLog[], requests: string): SignedFulfilment[] {
  const of = requests.toLowerCase();
  const found: (SignedFulfilment & { members: FulfilmentMember[] })[] = [];
  for (const log of logs) {
    if (log.address.toLowerCase() !== of) continue;
    const { blockNumber, transactionHash } = log;
    const event = new EventData(log);
    // Its members follow it; a fulfilment inside a callback comes after all of them.
    const last = found.at(-1)?.transactionHash === transactionHash ? found.at(-1) : undefined;
    switch (log.topics[0]) {
      case ResultsSigned: {
        const [signer, signature] = [event.addressTopic(1), event.bytes(1)];
        const validUntil = event.number(0);
        found.push({ signer, signature, validUntil, members: [], blockNumber, transactionHash });
        break;
      }
      case RequestFulfilled: {
        const [id, operatorId] = [event.topic(1), Number(BigInt(event.topic(2)))];
        last?.members.push({ kind: "fulfilled", id, operatorId, output: event.bytes(1) });
        break;
      }
      case FulfilmentSkipped: {
        const [id, reason] = [event.topic(1), event.word(1).slice(0, 10)];
        last?.members.push({ kind: "skipped", id, resultHash: event.word(0), reason });
        break;
      }
    }
  }
  return found;
}

/** What the operator signed for a request that it answered with `output`. */
export function resultOfRequest(
  { id, request }: Pick<LoggedRequest, "id" | "request">,
  output: string,
  validUntil: number,
): InferenceResult {
  const { release, mode, codec, inputHash, fee } = request;
  const outputHash = hashHex(output);
  const maxCover = request.cover?.amount ?? 0n;
  return { context: id, release, mode, codec, inputHash, outputHash, fee, maxCover, validUntil };
}

/**
 * Every signed result of a fulfilment.
 * @param requestOf what is known of a request, out of `openedRequests`
 * @returns undefined when a request is not known: without its result no digest of the bundle can be built
 */
export function fulfilmentEvidence(
  fulfilment: SignedFulfilment,
  requestOf: (id: string) => KnownRequest | undefined,
): Evidence[] | undefined {
  const leaves: string[] = [];
  const members: (BundleMember | undefined)[] = [];
  for (const member of fulfilment.members) {
    if (member.kind === "skipped") {
      leaves.push(member.resultHash);
      members.push(undefined);
      continue;
    }
    const logged = requestOf(member.id);
    if (logged === undefined) return undefined;
    const result = resultOfRequest(logged, member.output, fulfilment.validUntil);
    leaves.push(resultHash(result));
    members.push({ result, output: member.output, input: logged.input });
  }
  return evidenceOfBundle(fulfilment, leaves, members, fulfilment);
}
