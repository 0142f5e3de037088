import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import type { IncomingMessage, RequestOptions } from "node:http";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { isIP } from "node:net";
import { isAddressAllowed } from "./addressPolicy.ts";
import { ArtifactError } from "./artifactError.ts";

export interface HttpPolicy {
  readonly allowHttp: boolean;
  readonly allowPrivateNetworks: boolean;
  /** Origins that the operator configured and that may therefore be anywhere (an IPFS gateway). */
  readonly trustedOrigins: ReadonlySet<string>;
  /** Certificate authorities beside the system's, PEM. */
  readonly certificateAuthorities?: string;
}

export type ResolveHost = (host: string) => Promise<readonly LookupAddress[]>;

export const systemResolver: ResolveHost = (host) => lookup(host, { all: true, verbatim: true });

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const BUSY = new Set([408, 425, 429]);
const MISSING = new Set([404, 410]);
const MAX_REDIRECTS = 5;
const MAX_URL_LENGTH = 2048;
const MAX_HEADER_BYTES = 16 * 1024;

/** Opens the body of a resource, following redirects by hand so that each hop is checked like the first. */
export async function openHttp(
  start: URL,
  policy: HttpPolicy,
  resolve: ResolveHost,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let url = start;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await get(checkedUrl(url, policy), policy, resolve, signal);
    const status = response.statusCode ?? 0;
    if (status === 200) return checkedBody(response, url);
    response.destroy();
    if (!REDIRECTS.has(status)) throw statusError(url, status);
    url = nextHop(url, response.headers.location);
  }
  throw new ArtifactError("artifact-redirect-refused", {
    uri: start.href,
    reason: `over ${MAX_REDIRECTS} redirects`,
  });
}

function nextHop(from: URL, location: string | undefined): URL {
  const next = location !== undefined && URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (next === undefined || !/^https?:$/.test(next.protocol)) {
    throw new ArtifactError("artifact-redirect-refused", {
      uri: from.href,
      reason: `to ${location?.slice(0, 200)}`,
    });
  }
  return next;
}

function statusError(url: URL, status: number): ArtifactError {
  const code = MISSING.has(status) ? "artifact-not-found" : "artifact-unavailable";
  const refused = status >= 400 && status < 500 && !BUSY.has(status) && !MISSING.has(status);
  return new ArtifactError(refused ? "artifact-uri-refused" : code, { uri: url.href, status });
}

function checkedUrl(url: URL, policy: HttpPolicy): URL {
  const refuse = (reason: string) => new ArtifactError("artifact-uri-refused", { uri: url.host, reason });
  if (url.href.length > MAX_URL_LENGTH) throw refuse("the URL is too long");
  if (url.username !== "" || url.password !== "") throw refuse("the URL carries credentials");
  if (policy.trustedOrigins.has(url.origin)) return url;
  if (url.protocol === "http:" && !policy.allowHttp) throw refuse("plain http is not allowed");
  // Sockets look up names only: a literal address has to be checked here.
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(literal) !== 0 && !isAddressAllowed(literal, policy.allowPrivateNetworks)) {
    throw new ArtifactError("artifact-address-refused", { host: url.host, address: literal });
  }
  return url;
}

function checkedBody(response: IncomingMessage, url: URL): IncomingMessage {
  const encoding = response.headers["content-encoding"] ?? "identity";
  if (encoding === "identity") return response;
  response.destroy();
  throw new ArtifactError("artifact-encoding-refused", { uri: url.href, encoding });
}

function get(
  url: URL,
  policy: HttpPolicy,
  resolve: ResolveHost,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const isTrusted = policy.trustedOrigins.has(url.origin);
  const isAllowed = (address: string) => isTrusted || isAddressAllowed(address, policy.allowPrivateNetworks);
  const options: RequestOptions & { ca?: string } = {
    // One connection a fetch: a pooled one would skip the address check.
    agent: false,
    headers: { accept: "*/*", "accept-encoding": "identity", "user-agent": "opg-node" },
    maxHeaderSize: MAX_HEADER_BYTES,
    lookup: checkedLookup(url.host, resolve, isAllowed),
    signal,
    ...(policy.certificateAuthorities === undefined ? {} : { ca: policy.certificateAuthorities }),
  };
  return new Promise((fulfil, reject) => {
    const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, options, fulfil);
    request.on("socket", (socket) => {
      socket.on("connect", () => {
        const address = socket.remoteAddress ?? "";
        if (!isAllowed(address))
          socket.destroy(new ArtifactError("artifact-address-refused", { host: url.host, address }));
      });
    });
    request.on("error", (cause) => reject(fetchFailure(cause, url.href, signal)));
    request.end();
  });
}

/** Tells the source's own failures from refusals and from the caller's abort. */
export function fetchFailure(cause: unknown, uri: string, signal: AbortSignal): unknown {
  if (cause instanceof ArtifactError) return cause;
  if (signal.aborted) return signal.reason;
  const reason = cause instanceof Error && "code" in cause ? cause.code : "connection failed";
  return new ArtifactError("artifact-unavailable", { uri: uri.slice(0, 200), reason }, cause);
}

/**
 * Resolves, checks every address and hands the socket those very addresses, so that a second answer of the name
 * server cannot lead elsewhere. One refused address refuses the host: honest hosts do not mix.
 */
function checkedLookup(
  host: string,
  resolve: ResolveHost,
  isAllowed: (address: string) => boolean,
): LookupFunction {
  return (name, options, done) => {
    const fail = (error: Error) => done(error as NodeJS.ErrnoException, "", 0);
    resolve(name).then((addresses) => {
      const refused = addresses.find(({ address }) => !isAllowed(address));
      if (refused !== undefined) {
        return fail(new ArtifactError("artifact-address-refused", { host, address: refused.address }));
      }
      const first = addresses[0];
      if (first === undefined) return fail(new Error(`no address for ${name}`));
      if (options.all === true) return done(null, [...addresses]);
      return done(null, first.address, first.family);
    }, fail);
  };
}
