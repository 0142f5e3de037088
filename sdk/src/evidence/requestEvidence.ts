import { keccak256 } from "ethers";
import { type InferenceResult, resultHash } from "../inferenceResult.ts";
import type { InferenceRequest, PackedRequest } from "../request.ts";
import { requestIdOf, unpackRequest } from "../request.ts";
import { type BundleMember, type Evidence, type EvidenceLog, evidenceOfBundle } from "./evidence.ts";
import { REQUESTS_EVIDENCE } from "./evidenceAbi.ts";

/** A request as its event told it. */
export interface LoggedRequest {
  readonly id: string;
  readonly request: InferenceRequest;
  /** Hex. */
  readonly input: string;
  readonly blockNumber: number;
}

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
  return logs.flatMap((log) => {
    const event = eventOf(log, requests);
    if (event?.name !== "RequestOpened") return [];
    const [id, packed, input] = [
      event.args.id as string,
      event.args.request as unknown as PackedRequest,
      event.args.input as string,
    ];
    const isGenuine = requestIdOf(log.address, packed) === id && keccak256(input) === packed.inputHash;
    return isGenuine ? [{ id, request: unpackRequest(packed), input, blockNumber: log.blockNumber }] : [];
  });
}

/** @param logs in chain order, with all of `requests` in each of their transactions */
export function signedFulfilments(logs: readonly EvidenceLog[], requests: string): SignedFulfilment[] {
  const found: (SignedFulfilment & { members: FulfilmentMember[] })[] = [];
  for (const log of logs) {
    const event = eventOf(log, requests);
    if (event === undefined) continue;
    const { args } = event;
    const { blockNumber, transactionHash } = log;
    // Its members follow it; a fulfilment inside a callback comes after all of them.
    const last = found.at(-1)?.transactionHash === transactionHash ? found.at(-1) : undefined;
    if (event.name === "ResultsSigned") {
      const { signer, signature } = args;
      const validUntil = Number(args.validUntil);
      found.push({ signer, signature, validUntil, members: [], blockNumber, transactionHash });
    } else if (event.name === "RequestFulfilled") {
      const { id, output } = args;
      last?.members.push({ kind: "fulfilled", id, operatorId: Number(args.operatorId), output });
    } else if (event.name === "FulfilmentSkipped") {
      const { id, resultHash: hash, reason } = args;
      last?.members.push({ kind: "skipped", id, resultHash: hash, reason });
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
  const outputHash = keccak256(output);
  return { context: id, release, mode, codec, inputHash, outputHash, fee, maxCover: 0n, validUntil };
}

/**
 * Every signed result of a fulfilment.
 * @param requestOf what is known of a request, out of `openedRequests`
 * @returns undefined when a request is not known: without its result no digest of the bundle can be built
 */
export function fulfilmentEvidence(
  fulfilment: SignedFulfilment,
  requestOf: (id: string) => Pick<LoggedRequest, "id" | "request" | "input"> | undefined,
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

function eventOf(log: EvidenceLog, requests: string) {
  if (log.address.toLowerCase() !== requests.toLowerCase()) return undefined;
  return REQUESTS_EVIDENCE.parseLog(log) ?? undefined;
}
