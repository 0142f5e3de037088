import { NodeCallError, verifyNodeCall } from "@opg-network/sdk/nodeCall";
import ipaddr from "ipaddr.js";
import { PipeError } from "./pipeError.ts";

/** Who asks: an account that signed its call, or else a network address. */
export interface Caller {
  /** What its account in the books is kept under. */
  id: string;
  isAnonymous: boolean;
  /** Network address, of which strangers share one quota. */
  network: string;
}

const IPV6_GROUPS_OF_A_SITE = 4;

export interface CallHeaders {
  authorization: string | undefined;
  /** Of the connection, or of what a trusted proxy says. */
  address: string;
}

/** Who made a call with this body. @throws PipeError `unauthorized` when it claims to be somebody and is not */
export function identify(
  { authorization, address }: CallHeaders,
  call: { chainId: number; body: Uint8Array; now: number },
): Caller {
  const network = networkOf(address);
  if (authorization === undefined) return { id: `anonymous:${network}`, isAnonymous: true, network };
  try {
    return { id: verifyNodeCall(authorization, call).toLowerCase(), isAnonymous: false, network };
  } catch (cause) {
    if (!(cause instanceof NodeCallError)) throw cause;
    throw new PipeError(
      "unauthorized",
      { ...cause.data, reason: cause.code },
      { problem: cause.code, cause },
    );
  }
}

/** The address itself, or of IPv6 the 64 bits that one subscriber has to give away. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return "unknown";
  const parsed = ipaddr.process(address);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString();
  return `${parsed.parts
    .slice(0, IPV6_GROUPS_OF_A_SITE)
    .map((part) => part.toString(16))
    .join(":")}::/64`;
}
