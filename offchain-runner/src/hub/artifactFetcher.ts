import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { NetworkError } from "@opg-network/sdk/errors";
import type { Clock } from "../clock.ts";
import { ArtifactError } from "./artifactError.ts";
import { readDataUri } from "./dataSource.ts";
import type { FetchTimeouts } from "./fetchDeadline.ts";
import { FetchDeadline } from "./fetchDeadline.ts";
import type { HttpPolicy, ResolveHost } from "./httpSource.ts";
import { fetchFailure, openHttp, systemResolver } from "./httpSource.ts";
import { openLocal } from "./localSource.ts";
import { isPlainPath } from "./plainPath.ts";
import type { ReleaseFile } from "./release.ts";

export interface FetchPolicy extends Omit<HttpPolicy, "trustedOrigins"> {
  /** Where `file:` and relative URIs may point; without it they are refused. */
  readonly modelFolder?: string;
  /** Serves `ipfs:` URIs under `<gateway>/ipfs/`; without it they are refused. May be on a private network. */
  readonly ipfsGateway?: string;
  /** No file larger than this, whatever its release declares. */
  readonly maxFileBytes: number;
  readonly maxDataUriBytes: number;
  readonly timeouts: FetchTimeouts;
}

/** Fetches one file of a release. */
export interface ArtifactFetcher {
  /**
   * Writes the artifact to `target` and returns when its size and digest are those declared.
   * @throws ArtifactError, or the signal's reason; what was written by then is worthless
   */
  fetchTo(file: ReleaseFile, target: FileHandle, signal: AbortSignal): Promise<void>;
}

type Body = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

const IPFS_URI = /^ipfs:\/\/(?:ipfs\/)?([A-Za-z0-9]{16,128})(?:\/(.+))?$/;

export function artifactFetcher(
  policy: FetchPolicy,
  clock: Clock,
  resolve: ResolveHost = systemResolver,
): ArtifactFetcher {
  const gateway = policy.ipfsGateway === undefined ? undefined : new URL(policy.ipfsGateway);
  const http = { ...policy, trustedOrigins: new Set(gateway === undefined ? [] : [gateway.origin]) };
  // Only `ipfs:` may use what is open to the gateway: a release that names its origin itself is as foreign as any.
  const untrusted = { ...policy, trustedOrigins: new Set<string>() };

  const openBody = (uri: string, signal: AbortSignal): Promise<Body> | Body => {
    const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(uri)?.[1]?.toLowerCase();
    switch (scheme) {
      case "http":
      case "https":
        return openHttp(parsedUrl(uri), untrusted, resolve, signal);
      case "ipfs":
        return openHttp(gatewayUrl(uri, gateway), http, resolve, signal);
      case "data":
        return [readDataUri(uri, policy.maxDataUriBytes)];
      case "file":
        return openLocal(pathOfFileUrl(uri, modelFolder(uri, policy)), modelFolder(uri, policy));
      case undefined:
        if (!isPlainPath(uri)) throw refused(uri, "it is not a plain path inside the model folder");
        return openLocal(uri, modelFolder(uri, policy));
      default:
        throw refused(uri, "its scheme is unknown");
    }
  };

  return {
    async fetchTo(file, target, signal) {
      if (file.size > policy.maxFileBytes) {
        throw new ArtifactError("artifact-too-large", { size: file.size, limit: policy.maxFileBytes });
      }
      const deadline = new FetchDeadline(clock, policy.timeouts, signal);
      try {
        const body = await unlessAborted(
          Promise.resolve(openBody(file.uri, deadline.signal)),
          deadline.signal,
        );
        await writeVerified(file, body, target, deadline);
      } finally {
        deadline.close();
      }
    },
  };
}

/** Hashes what it writes, and stops at the first byte too many. */
async function writeVerified(
  file: ReleaseFile,
  body: Body,
  target: FileHandle,
  deadline: FetchDeadline,
): Promise<void> {
  const hash = createHash("sha256");
  let received = 0;
  for await (const chunk of arriving(body, file, deadline.signal)) {
    deadline.progressed();
    received += chunk.length;
    if (received > file.size) throw sizeMismatch(file, received);
    hash.update(chunk);
    await writeAll(target, chunk);
  }
  if (received !== file.size) throw sizeMismatch(file, received);
  const digest = `0x${hash.digest("hex")}`;
  if (digest !== file.sha256.toLowerCase()) {
    throw new ArtifactError("artifact-digest-mismatch", { declared: file.sha256, received: digest });
  }
}

function sizeMismatch(file: ReleaseFile, received: number): ArtifactError {
  return new ArtifactError("artifact-size-mismatch", { declared: file.size, received });
}

async function* arriving(body: Body, file: ReleaseFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const abort = () => discard(body);
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    for await (const chunk of body) {
      signal.throwIfAborted();
      yield chunk;
    }
    signal.throwIfAborted();
  } catch (cause) {
    throw fetchFailure(cause, file.uri, signal);
  } finally {
    signal.removeEventListener("abort", abort);
    abort();
  }
}

async function writeAll(target: FileHandle, chunk: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < chunk.length; ) at += (await target.write(chunk, at)).bytesWritten;
  } catch (cause) {
    throw diskFailure(cause);
  }
}

/** Types what the file system said; errors that have a type already pass. */
export function diskFailure(cause: unknown): unknown {
  if (cause instanceof NetworkError) return cause;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new ArtifactError("cache-disk-full", { reason: code }, cause);
  return code === undefined ? cause : new ArtifactError("cache-unusable", { reason: code }, cause);
}

/** A lookup cannot be cancelled, only left behind; what it opens after that is closed again. */
function unlessAborted(opening: Promise<Body>, signal: AbortSignal): Promise<Body> {
  return new Promise((fulfil, reject) => {
    const abort = () => {
      reject(signal.reason);
      opening.then(discard, () => undefined);
    };
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    opening.then(fulfil, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function discard(body: Body): void {
  if ("destroy" in body && typeof body.destroy === "function") body.destroy();
}

function parsedUrl(uri: string): URL {
  if (!URL.canParse(uri)) throw refused(uri, "it is malformed");
  return new URL(uri);
}

function gatewayUrl(uri: string, gateway: URL | undefined): URL {
  if (gateway === undefined) throw refused(uri, "no IPFS gateway is configured");
  const [, cid, path] = IPFS_URI.exec(uri) ?? [];
  if (cid === undefined || (path !== undefined && !isPlainPath(path))) throw refused(uri, "it is malformed");
  const prefix = gateway.pathname.replace(/\/$/, "");
  return new URL(`${prefix}/ipfs/${cid}${path === undefined ? "" : `/${path}`}`, gateway);
}

function modelFolder(uri: string, policy: FetchPolicy): string {
  if (policy.modelFolder === undefined) throw refused(uri, "no model folder is configured");
  return policy.modelFolder;
}

function pathOfFileUrl(uri: string, folder: string): string {
  const url = parsedUrl(uri);
  if (url.host !== "") throw refused(uri, "it names another machine");
  let path: string;
  try {
    path = fileURLToPath(url);
  } catch (cause) {
    throw new ArtifactError("artifact-uri-refused", { uri, reason: "it is not a path" }, cause);
  }
  const inside = relative(folder, path);
  if (inside === "" || inside.startsWith("..") || isAbsolute(inside))
    throw refused(uri, "it leads out of the model folder");
  return inside;
}

function refused(uri: string, reason: string): ArtifactError {
  return new ArtifactError("artifact-uri-refused", { uri: uri.slice(0, 200), reason });
}
