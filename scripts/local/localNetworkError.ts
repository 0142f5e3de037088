import { NetworkError } from "@opg-network/sdk/errors";

/** A part of the local network did not start or ended by itself; its log says more. */
export class LocalNetworkError extends NetworkError {
  constructor(code: string, problem: string, logFile: string, cause?: unknown) {
    super(code, `${problem}; see ${logFile}`, { data: { logFile }, cause });
  }
}
