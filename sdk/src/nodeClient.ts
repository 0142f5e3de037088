import type { z } from "zod";
import { NetworkError } from "./errors.ts";
import {
  NODE_CALL_HEADER,
  NODE_PATHS,
  nodeFailureSchema,
  type PreexecuteRequest,
  type PreexecuteResponse,
  preexecuteResponseSchema,
  type QuoteRequest,
  type QuoteResponse,
  quoteResponseSchema,
  stringifyMessage,
} from "./nodeApi.ts";
import { signNodeCall } from "./nodeCall.ts";

/** Results and proofs of a few inferences; more is not read. */
const MAX_ANSWER_BYTES = 8 * 2 ** 20;

/** A node could not be reached, was too slow, gave something else than an answer, or refused with its own code. */
export class NodeAnswerError extends NetworkError {
  override readonly name = "NodeAnswerError";

  constructor(
    code: string,
    problem: string,
    init: { retryable?: boolean; data?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(code, `the node did not answer: ${problem}`, init);
  }
}

/** Who signs the calls to nodes: any ethers signer does. */
export type CallerIdentity = Parameters<typeof signNodeCall>[0];

export interface NodeClientOptions {
  chainId: number;
  fetch: typeof fetch;
  timeoutMs: number;
  signal: AbortSignal;
}

/** `POST /v1/quote`; anonymous. Throws `NodeAnswerError`. */
export async function askQuote(
  endpoint: string,
  request: QuoteRequest,
  options: NodeClientOptions,
): Promise<QuoteResponse> {
  return await post(
    `${endpoint}${NODE_PATHS.quote}`,
    stringifyMessage(request),
    quoteResponseSchema,
    options,
  );
}

/** `POST /v1/preexecute`, signed where there is an identity. Throws `NodeAnswerError`. */
export async function askPreexecution(
  endpoint: string,
  request: PreexecuteRequest,
  options: NodeClientOptions & { identity?: CallerIdentity | undefined },
): Promise<PreexecuteResponse> {
  const body = stringifyMessage(request);
  const authorization =
    options.identity === undefined
      ? {}
      : {
          [NODE_CALL_HEADER]: await signNodeCall(options.identity, {
            chainId: options.chainId,
            body,
            issuedAt: Math.floor(Date.now() / 1_000),
          }),
        };
  return await post(`${endpoint}${NODE_PATHS.preexecute}`, body, preexecuteResponseSchema, {
    ...options,
    headers: authorization,
  });
}

async function post<T extends z.ZodType>(
  url: string,
  body: string,
  schema: T,
  options: NodeClientOptions & { headers?: Record<string, string> },
): Promise<z.output<T>> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  let response: Response;
  let text: string;
  try {
    response = await options.fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...options.headers },
      body,
      redirect: "error",
      credentials: "omit",
      signal: AbortSignal.any([timeout, options.signal]),
    });
    text = await boundedText(response);
  } catch (cause) {
    if (cause instanceof NodeAnswerError) throw cause;
    throw timeout.aborted
      ? new NodeAnswerError("node-slow", `nothing within ${options.timeoutMs} ms`, { retryable: true, cause })
      : new NodeAnswerError("node-unreachable", "the connection failed", { retryable: true, cause });
  }
  const message = parseJson(text);
  if (!response.ok) throw refusal(response, message);
  const parsed = schema.safeParse(message);
  if (!parsed.success)
    throw new NodeAnswerError("node-answer-invalid", "it is not what the service promises", {
      cause: parsed.error,
    });
  return parsed.data;
}

function refusal(response: Response, message: unknown): NodeAnswerError {
  const parsed = nodeFailureSchema.safeParse(message);
  if (!parsed.success)
    return new NodeAnswerError("node-answer-invalid", `HTTP status ${response.status}`, {
      data: { status: response.status },
      retryable: response.status >= 500 || response.status === 429,
    });
  const { code, message: reason, data, retryable } = parsed.data.error;
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new NodeAnswerError(code, reason, {
    retryable,
    data: { ...data, status: response.status, ...(retryAfter >= 0 ? { retryAfterSec: retryAfter } : {}) },
  });
}

async function boundedText(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return await new Blob(chunks).text();
    size += value.length;
    if (size > MAX_ANSWER_BYTES) {
      await reader.cancel();
      throw new NodeAnswerError("node-answer-invalid", `more than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(value);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
