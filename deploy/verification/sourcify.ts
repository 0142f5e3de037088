import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import {
  type Answer,
  ask,
  type Explorer,
  ExplorerError,
  expectBody,
  PATIENCE,
  type Patience,
  type VerificationOutcome,
} from "./explorer.ts";
import type { VerificationPayload } from "./payload.ts";

export const SOURCIFY_URL = "https://sourcify.dev/server";

export interface SourcifyOptions {
  url?: string;
  patience?: Patience;
}

const match = z.enum(["exact_match", "match"]).nullable();
const found = z.looseObject({ match });
const accepted = z.looseObject({ verificationId: z.string() });
const refused = z.looseObject({ customCode: z.string(), message: z.string() });
const job = z.looseObject({
  isJobCompleted: z.boolean(),
  contract: z.looseObject({ match }).optional(),
  error: refused.optional(),
});

/** Version 2 of its API: https://docs.sourcify.dev/docs/api */
export function sourcify({ url = SOURCIFY_URL, patience = PATIENCE }: SourcifyOptions): Explorer {
  const at = (path: string) => new URL(`${url.replace(/\/$/, "")}${path}`);

  async function isExact({ chainId, address }: VerificationPayload, signal: AbortSignal): Promise<boolean> {
    const target = at(`/v2/contract/${chainId}/${address}`);
    const answer = await ask(target, {}, signal);
    // One that nobody verified is told with status 404, in the same form.
    return expectBody(found, answer, target).match === "exact_match";
  }

  async function verify(payload: VerificationPayload, signal: AbortSignal): Promise<VerificationOutcome> {
    if (await isExact(payload, signal)) return { status: "already-verified" };
    const target = at(`/v2/verify/${payload.chainId}/${payload.address}`);
    const body = JSON.stringify({
      stdJsonInput: payload.input,
      compilerVersion: payload.compilerVersion,
      contractIdentifier: payload.identifier,
    });
    const headers = { "content-type": "application/json" };
    const answer = await ask(target, { method: "POST", headers, body }, signal);
    if (answer.status >= 400) return refusal(answer, target);
    return await verdict(expectBody(accepted, answer, target).verificationId, signal);
  }

  function refusal(answer: Answer, target: URL): VerificationOutcome {
    const { customCode, message } = expectBody(refused, answer, target);
    if (customCode === "already_verified") return { status: "already-verified" };
    if (customCode === "duplicate_verification_request")
      throw new ExplorerError("explorer-undecided", { url, problem: message });
    if (customCode === "unsupported_chain")
      throw new ExplorerError("explorer-refused", { url, problem: message });
    return { status: "rejected", reason: `${customCode}: ${message}` };
  }

  async function verdict(id: string, signal: AbortSignal): Promise<VerificationOutcome> {
    const target = at(`/v2/verify/${id}`);
    for (let poll = 0; poll < patience.polls; ++poll) {
      const { isJobCompleted, contract, error } = expectBody(job, await ask(target, {}, signal), target);
      if (isJobCompleted) {
        if (contract?.match === "exact_match") return { status: "verified" };
        if (error?.customCode === "already_verified") return { status: "already-verified" };
        const reason =
          error === undefined ? "another metadata hash" : `${error.customCode}: ${error.message}`;
        return { status: "rejected", reason };
      }
      await sleep(patience.pollMs, undefined, { signal });
    }
    throw new ExplorerError("explorer-undecided", { url, problem: `submission ${id} is pending` });
  }

  return { name: "sourcify", verify };
}
