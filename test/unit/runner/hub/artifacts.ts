import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import type { RequestListener, Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FetchPolicy } from "../../../../offchain-runner/src/hub/artifactFetcher.ts";
import type { ReleaseFile } from "../../../../offchain-runner/src/hub/release.ts";

export const OPEN_POLICY: FetchPolicy = {
  allowHttp: true,
  allowPrivateNetworks: true,
  maxFileBytes: 1_000_000,
  maxDataUriBytes: 1_000,
  timeouts: { totalMs: 60_000, stallMs: 10_000 },
};

export function fileOf(content: Uint8Array | string, uri: string, path = "model.onnx"): ReleaseFile {
  const bytes = Buffer.from(content);
  return { path, size: bytes.length, sha256: `0x${createHash("sha256").update(bytes).digest("hex")}`, uri };
}

/** Servers on the loopback and a folder, taken down together. */
export class ArtifactBench {
  readonly #servers: Server[] = [];
  #folder: string | undefined;

  async serve(handler: RequestListener): Promise<string> {
    const server = createServer(handler);
    this.#servers.push(server);
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async folder(): Promise<string> {
    this.#folder ??= await mkdtemp(join(tmpdir(), "opg-artifacts-"));
    return this.#folder;
  }

  async close(): Promise<void> {
    for (const server of this.#servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}
