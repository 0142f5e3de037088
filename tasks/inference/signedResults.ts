import {
  resultOfRequest,
  type SignedFulfilment,
  signedFulfilments,
} from "@opg-network/sdk/evidence/requestEvidence";
import { type InferenceResult, resultHash } from "@opg-network/sdk/inferenceResult";
import { bundleDigest } from "@opg-network/sdk/resultBundle";
import { recoverAddress, type TransactionReceipt } from "ethers";
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

/** Rebuilds from the logs of a transaction every digest that was signed. */
export async function signedBundlesIn(
  session: Session,
  receipt: TransactionReceipt,
): Promise<SignedBundle[]> {
  const { requests, operators } = await session.readOnly();
  const domainSeparator = await operators.domainSeparator();
  const fulfilments = signedFulfilments(receipt.logs, String(requests.target));
  return await Promise.all(fulfilments.map((each) => bundleOf(session, each, domainSeparator)));
}

async function bundleOf(
  session: Session,
  { signer, signature, validUntil, members }: SignedFulfilment,
  domainSeparator: string,
): Promise<SignedBundle> {
  const entries = await Promise.all(
    members.map(async (member) => {
      if (member.kind === "skipped") return { leaf: member.resultHash, skipped: member };
      const logged = await findRequest(session, member.id);
      const result = resultOfRequest(logged, member.output, validUntil);
      return { leaf: resultHash(result), answer: { ...member, logged, result } };
    }),
  );
  const digest = bundleDigest(
    domainSeparator,
    entries.map(({ leaf }) => leaf),
  );
  return {
    signer,
    recovered: recover(digest, signature),
    digest,
    signature,
    answers: entries.flatMap(({ answer }) => answer ?? []),
    skipped: entries.flatMap(({ skipped }) =>
      skipped === undefined
        ? []
        : [{ request: skipped.id, resultHash: skipped.resultHash, reason: skipped.reason }],
    ),
  };
}

function recover(digest: string, signature: string): string | undefined {
  try {
    return recoverAddress(digest, signature);
  } catch {
    return undefined;
  }
}
