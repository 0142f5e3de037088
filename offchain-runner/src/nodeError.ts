import type { NetworkErrorInit } from "@opg-network/sdk/errors";
import { NetworkError } from "@opg-network/sdk/errors";

/** What went wrong, as a stable kebab-case word; the table is in README.md. */
export type NodeErrorCode =
  | "config-invalid"
  | "keystore-unreadable"
  | "raw-key-refused"
  | "data-dir-locked"
  | "store-version-unknown"
  | "store-damaged"
  | "store-unavailable"
  | "chain-id-mismatch"
  | "contract-missing"
  | "domain-mismatch"
  | "rpc-unavailable"
  | "rpc-refused"
  | "release-unknown"
  | "release-content-mismatch"
  | "job-edge-invalid"
  | "output-conflict"
  | "port-taken";

/** An error of the chain side of the node. */
export class NodeError extends NetworkError {
  override readonly name: string = "NodeError";
  declare readonly code: NodeErrorCode;

  constructor(code: NodeErrorCode, message: string, init: NetworkErrorInit = {}) {
    super(code, message, init);
  }
}
