import { NetworkError } from "@opg-network/sdk/errors";
import { z } from "zod";
import type { VerificationPayload } from "./payload.ts";

/** How one submission ended. */
export type VerificationOutcome =
  | { status: "verified" }
  | { status: "already-verified" }
  /** The explorer compiled something else, or would not compile. */
  | { status: "rejected"; reason: string };

/** A place where sources are published. */
export interface Explorer {
  readonly name: ExplorerName;
  /** Submits, and waits for the verdict. Throws `ExplorerError`. */
  verify(payload: VerificationPayload, signal: AbortSignal): Promise<VerificationOutcome>;
}

export const EXPLORER_NAMES = ["etherscan", "blockscout", "sourcify"] as const;
export type ExplorerName = (typeof EXPLORER_NAMES)[number];

const MESSAGES = {
  "explorer-unreachable": ({ url }: ExplorerErrorData) => `${url} cannot be reached`,
  "explorer-busy": ({ url, problem }: ExplorerErrorData) => `${url} asks to wait: ${problem}`,
  "explorer-refused": ({ url, problem }: ExplorerErrorData) => `${url} refuses the request: ${problem}`,
  "explorer-answer-unknown": ({ url, problem }: ExplorerErrorData) =>
    `${url} answers what its documentation does not say: ${problem}`,
  "explorer-undecided": ({ url, problem }: ExplorerErrorData) =>
    `${url} has not come to a verdict yet: ${problem}; run the command again`,
} as const;

export type ExplorerErrorCode = keyof typeof MESSAGES;
interface ExplorerErrorData {
  url: string;
  problem: string;
}

const RETRYABLE: ReadonlySet<ExplorerErrorCode> = new Set([
  "explorer-unreachable",
  "explorer-busy",
  "explorer-undecided",
]);

/** An explorer gave no verdict. */
export class ExplorerError extends NetworkError {
  constructor(code: ExplorerErrorCode, data: ExplorerErrorData, cause?: unknown) {
    super(code, MESSAGES[code](data), { retryable: RETRYABLE.has(code), data: { ...data }, cause });
  }
}

/** A status and a JSON body, whatever the status. */
export interface Answer {
  status: number;
  body: unknown;
}

const MOST_REDIRECTED = "error";
const REQUEST_TIMEOUT_MS = 60_000;

/** One request. Busy and broken servers are `ExplorerError`s; what else they say is for the caller to judge. */
export async function ask(url: URL, init: RequestInit, signal: AbortSignal): Promise<Answer> {
  // The query may hold an API key.
  const shown = `${url.origin}${url.pathname}`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      ...init,
      redirect: MOST_REDIRECTED,
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    text = await response.text();
  } catch (cause) {
    signal.throwIfAborted();
    throw new ExplorerError("explorer-unreachable", { url: shown, problem: "no answer" }, cause);
  }
  if (response.status === 429 || response.status >= 500) {
    throw new ExplorerError("explorer-busy", { url: shown, problem: `status ${response.status}` });
  }
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch (cause) {
    const problem = `status ${response.status} with no JSON`;
    throw new ExplorerError("explorer-answer-unknown", { url: shown, problem }, cause);
  }
}

/** The body in the form that is documented. */
export function expectBody<T>(schema: z.ZodType<T>, { status, body }: Answer, url: URL): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new ExplorerError(
    "explorer-answer-unknown",
    { url: `${url.origin}${url.pathname}`, problem: `status ${status}: ${z.prettifyError(parsed.error)}` },
    parsed.error,
  );
}

/** How long to wait for verdicts, and how often to ask. */
export interface Patience {
  pollMs: number;
  polls: number;
}

export const PATIENCE: Patience = { pollMs: 3_000, polls: 60 };
