import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

const LOCAL_RANGES = new Set(["loopback", "private", "uniqueLocal", "carrierGradeNat"]);

// Cloud metadata services outside the link-local range.
const METADATA = new Set(["168.63.129.16", "fd00:ec2::254"]);

const GLOBAL_UNICAST_V6 = ipaddr.parseCIDR("2000::/3") as [ipaddr.IPv6, number];

/**
 * Whether an artifact may be fetched from an address. Public unicast always; the networks around the node only when it
 * is told so; link-local, metadata, multicast, unspecified and transition addresses (which hide another one) never.
 */
export function isAddressAllowed(address: string, allowPrivateNetworks: boolean): boolean {
  const bare = address.split("%")[0] ?? "";
  if (isIP(bare) === 0) return false;
  // `process` unwraps an IPv4 address mapped into IPv6.
  const parsed = ipaddr.process(bare);
  if (METADATA.has(parsed.toString())) return false;
  const range = parsed.range();
  if (LOCAL_RANGES.has(range)) return allowPrivateNetworks;
  if (range !== "unicast") return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST_V6);
}
