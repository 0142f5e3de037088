import { concat, getBytes, toBeHex } from "ethers";
import type { GraphRoot } from "../exact/program.ts";
import { CircuitError } from "./circuitError.ts";
import { evmVerifyingKey } from "./evmPoints.ts";
import type { VerifyingKey } from "./proverProtocol.ts";
import { type Frame, statementForm } from "./statement.ts";

export const KEY_FORMAT = 1;
/** What one blob of `BlobStore` holds. */
const MAX_KEY_BYTES = 24_575;

/**
 * A verifying key as the verifier contract reads it, to be stored as one blob: its digest is the release's `zkKeyDigest`.
 * The format is in `docs/zk.md`.
 * @throws CircuitError `circuit-too-large` where it fits no blob
 */
export function keyBlob(
  { graphRoot, root }: { graphRoot: string; root: GraphRoot },
  verifyingKey: VerifyingKey,
): Uint8Array {
  const { input, output, chunks } = statementForm(root);
  const { alpha, beta, gamma, delta, signals } = evmVerifyingKey(verifyingKey);
  if (signals.length !== chunks + 1)
    throw new CircuitError("key-mismatch", {
      reason: `it has ${signals.length - 1} public signals, not ${chunks}`,
    });
  const head = [
    [KEY_FORMAT, 18],
    [chunks, 2],
    [input.length, 4],
    [output.length, 4],
    [input.parts.length, 2],
    [output.parts.length, 2],
  ] as const;
  const points = [alpha, beta, gamma, delta, ...signals].flat();
  const blob = getBytes(
    concat([
      graphRoot,
      input.digest,
      output.digest,
      ...head.map(([value, bytes]) => toBeHex(value, bytes)),
      ...points.map((word) => toBeHex(word, 32)),
      ...[input, output].flatMap(partsOf),
    ]),
  );
  if (blob.length > MAX_KEY_BYTES)
    throw new CircuitError("circuit-too-large", {
      reason: `its verifying key takes ${blob.length} bytes; a blob holds ${MAX_KEY_BYTES}`,
    });
  return blob;
}

function partsOf({ parts }: Frame): string[] {
  return parts.map(({ at, bytes }) => concat([toBeHex(at, 4), toBeHex(bytes, 4)]));
}
