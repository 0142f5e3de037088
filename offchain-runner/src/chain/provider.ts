import type { JsonRpcPayload, JsonRpcResult } from "ethers";
import { JsonRpcProvider, Network } from "ethers";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { NodeError } from "../nodeError.ts";

const RETRIES = 5;
const FIRST_BACKOFF_MS = 250;
const BUSY_CODES: readonly number[] = [-32_005, 429];

const responseSchema = z.looseObject({ id: z.number().nullable().optional() });
const busySchema = z.looseObject({ error: z.looseObject({ code: z.number() }) });

export interface ProviderOptions {
  urls: readonly string[];
  chainId: number;
  timeoutMs: number;
  clock: Clock;
  /** Ends every call in flight. */
  signal: AbortSignal;
}

/**
 * An ethers provider over several endpoints: a call that times out, is rate-limited or meets a broken server is tried
 * at the next endpoint after a growing pause. What is sent is safe to repeat, raw transactions included.
 */
export class ResilientProvider extends JsonRpcProvider {
  readonly #options: ProviderOptions;
  #current = 0;

  constructor(options: ProviderOptions) {
    const network = Network.from(options.chainId);
    super(options.urls[0], network, {
      staticNetwork: network,
      batchMaxCount: 20,
      batchStallTime: 2,
      cacheTimeout: -1,
    });
    this.#options = options;
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const { urls, clock, signal } = this.#options;
    for (let attempt = 0; ; ++attempt) {
      try {
        return await this.#post(urls[this.#current % urls.length] as string, payload);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof NodeError) || !error.retryable || attempt === RETRIES) throw error;
        this.#current += 1;
        await clock.sleep(FIRST_BACKOFF_MS * 2 ** attempt, signal);
      }
    }
  }

  async #post(url: string, payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const { timeoutMs, signal } = this.#options;
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(payload),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    }).catch((cause: unknown) => {
      throw unavailable(url, { cause });
    });
    if (!response.ok) throw unavailable(url, { data: { status: response.status } });
    const body: unknown = await response.json().catch((cause: unknown) => {
      throw unavailable(url, { cause });
    });
    const results = Array.isArray(body) ? body : [body];
    for (const result of results) {
      if (!responseSchema.safeParse(result).success)
        throw unavailable(url, { data: { answer: "not JSON-RPC" } });
      const busy = busySchema.safeParse(result);
      if (busy.success && BUSY_CODES.includes(busy.data.error.code))
        throw unavailable(url, { data: { busy: true } });
    }
    return results as JsonRpcResult[];
  }
}

/** Only the host is named: paths and queries of endpoints carry keys. */
function unavailable(url: string, options: { data?: Record<string, unknown>; cause?: unknown }): NodeError {
  return new NodeError("rpc-unavailable", "a chain endpoint does not answer", {
    retryable: true,
    data: { host: new URL(url).host, ...options.data },
    cause: options.cause,
  });
}
