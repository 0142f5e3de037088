import { getAddress, isAddress, keccak256, type Signer, toUtf8Bytes, verifyTypedData } from "ethers";
import { NetworkError } from "./errors.ts";

/** EIP-712 types by which a caller of a node's service says who it is. */
export const NODE_CALL_TYPES = {
  NodeCall: [
    { name: "bodyHash", type: "bytes32" },
    { name: "issuedAt", type: "uint256" },
  ],
};

/** Seconds that the clocks of caller and node may differ. */
export const NODE_CALL_TOLERANCE_SEC = 60;

export type NodeCallErrorCode = "authorization-malformed" | "authorization-expired" | "authorization-wrong";

/** An `authorization` header that proves nothing about this body. */
export class NodeCallError extends NetworkError {
  override readonly name = "NodeCallError";
  declare readonly code: NodeCallErrorCode;

  constructor(code: NodeCallErrorCode, problem: string, data: Readonly<Record<string, unknown>> = {}) {
    super(code, `the authorization of the call is refused: ${problem}`, { data });
  }
}

/** The body that is sent, as text or in the bytes that arrived. */
type Body = string | Uint8Array;

const SCHEME = /^OPG ([^.\s]+)\.(\d{1,12})\.(0x[0-9a-f]{130})$/i;

/**
 * Value of the `authorization` header for `body`: `OPG <address>.<issuedAt>.<signature>`.
 * @param issuedAt timestamp in seconds
 */
export async function signNodeCall(
  signer: Pick<Signer, "getAddress" | "signTypedData">,
  { chainId, body, issuedAt }: { chainId: number; body: Body; issuedAt: number },
): Promise<string> {
  const signature = await signer.signTypedData(domainOf(chainId), NODE_CALL_TYPES, messageOf(body, issuedAt));
  return `OPG ${await signer.getAddress()}.${issuedAt}.${signature}`;
}

/**
 * Who sent `body`. Throws `NodeCallError`.
 * @param now timestamp in seconds
 */
export function verifyNodeCall(
  header: string,
  { chainId, body, now }: { chainId: number; body: Body; now: number },
): string {
  const [, claimed = "", issued = "", signature = ""] = SCHEME.exec(header) ?? [];
  if (!isAddress(claimed))
    throw new NodeCallError("authorization-malformed", "it is not OPG <address>.<issuedAt>.<signature>");
  const issuedAt = Number(issued);
  if (Math.abs(now - issuedAt) > NODE_CALL_TOLERANCE_SEC)
    throw new NodeCallError("authorization-expired", "it was not issued now", { issuedAt, now });
  const address = getAddress(claimed);
  if (signerOf(chainId, body, issuedAt, signature) !== address)
    throw new NodeCallError("authorization-wrong", "the signature is not of this address and body", {
      address,
    });
  return address;
}

function signerOf(chainId: number, body: Body, issuedAt: number, signature: string): string | undefined {
  try {
    return verifyTypedData(domainOf(chainId), NODE_CALL_TYPES, messageOf(body, issuedAt), signature);
  } catch {
    return undefined;
  }
}

function domainOf(chainId: number) {
  return { name: "OpenGradient node", version: "1", chainId };
}

function messageOf(body: Body, issuedAt: number) {
  return { bodyHash: keccak256(typeof body === "string" ? toUtf8Bytes(body) : body), issuedAt };
}
