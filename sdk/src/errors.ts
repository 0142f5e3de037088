/** What an error carries besides its code. */
export type NetworkErrorInit = {
  retryable?: boolean;
  data?: Readonly<Record<string, unknown>>;
  cause?: unknown;
};

/**
 * Base of every error that this project throws. `code` is stable and what callers switch on; `retryable` says whether
 * the same call may succeed later; `data` holds the offending values. Messages are for people and may change.
 */
export class NetworkError extends Error {
  override readonly name: string = "NetworkError";
  readonly code: string;
  readonly retryable: boolean;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, init: NetworkErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.retryable = init.retryable ?? false;
    this.data = init.data ?? {};
  }
}
