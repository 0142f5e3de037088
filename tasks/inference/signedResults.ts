import { type InferenceResult, resultHash } from "@opg-network/sdk/inferenceResult";
import { bundleDigest } from "@opg-network/sdk/resultBundle";
import { keccak256, recoverAddress, type TransactionReceipt } from "ethers";
import type { Session } from "../session.ts";
import { findRequest, type LoggedRequest } from "./requestLog.ts";

/** One answer that was paid, with the digest under which it was signed. */
export interface SignedAnswer {
  logged: LoggedRequest;
  operatorId: number;
  output: string;
  result: InferenceResult;
}

/** One signature and all that it covers. */
export interface SignedBundle {
  /** As the contract said in the transaction. */
  signer: string;
  /** As the signature says over what the logs give; undefined when it is malformed. */
  recovered: string | undefined;
  digest: string;
  signature: string;
  answers: SignedAnswer[];
  /** Results that were signed and not used, by their struct hash. */
  skipped: { request: string; resultHash: string; reason: string }[];
}

interface Entry {
  answer?: SignedAnswer;
  leaf: string;
}

/** Rebuilds from the logs of a transaction every digest that was signed. */
export async function signedBundlesIn(
  session: Session,
  receipt: TransactionReceipt,
): Promise<SignedBundle[]> {
  const { requests, operators } = await session.readOnly();
  const domainSeparator = await operators.domainSeparator();
  const bundles: {
    signer: string;
    validUntil: number;
    signature: string;
    entries: Promise<Entry>[];
    skipped: SignedBundle["skipped"];
  }[] = [];
  for (const log of receipt.logs) {
    const event = log.address === requests.target ? requests.interface.parseLog(log) : null;
    if (event === null) continue;
    const { args } = event;
    const bundle = bundles.at(-1);
    if (event.name === "ResultsSigned") {
      bundles.push({
        signer: args.signer,
        validUntil: Number(args.validUntil),
        signature: args.signature,
        entries: [],
        skipped: [],
      });
    } else if (event.name === "RequestFulfilled" && bundle !== undefined) {
      bundle.entries.push(
        answerOf(session, args.id, Number(args.operatorId), args.output, bundle.validUntil),
      );
    } else if (event.name === "FulfilmentSkipped" && bundle !== undefined) {
      bundle.entries.push(Promise.resolve({ leaf: args.resultHash }));
      bundle.skipped.push({ request: args.id, resultHash: args.resultHash, reason: args.reason });
    }
  }
  return await Promise.all(
    bundles.map(async ({ signer, signature, entries: pending, skipped }) => {
      const entries = await Promise.all(pending);
      const digest = bundleDigest(
        domainSeparator,
        entries.map(({ leaf }) => leaf),
      );
      const answers = entries.flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
      return { signer, recovered: recover(digest, signature), digest, signature, answers, skipped };
    }),
  );
}

async function answerOf(
  session: Session,
  id: string,
  operatorId: number,
  output: string,
  validUntil: number,
): Promise<Entry> {
  const logged = await findRequest(session, id);
  const { request } = logged;
  const result: InferenceResult = {
    context: id,
    release: request.release,
    mode: request.mode,
    codec: request.codec,
    inputHash: keccak256(logged.input),
    outputHash: keccak256(output),
    fee: request.fee,
    maxCover: request.cover?.amount ?? 0n,
    validUntil,
  };
  return { answer: { logged, operatorId, output, result }, leaf: resultHash(result) };
}

function recover(digest: string, signature: string): string | undefined {
  try {
    return recoverAddress(digest, signature);
  } catch {
    return undefined;
  }
}
