import { ArtifactError } from "./artifactError.ts";

const DATA_URI = /^data:[A-Za-z0-9.+/-]*((?:;[A-Za-z0-9-]+=[A-Za-z0-9.+-]*)*)(;base64)?,/;

/** The bytes of a `data:` URI (RFC 2397). */
export function readDataUri(uri: string, maxBytes: number): Uint8Array {
  if (uri.length > maxBytes * 3 + 256)
    throw new ArtifactError("artifact-too-large", { scheme: "data", limit: maxBytes });
  const head = DATA_URI.exec(uri);
  if (head === null)
    throw new ArtifactError("artifact-uri-refused", { scheme: "data", reason: "it is malformed" });
  const body = uri.slice(head[0].length);
  const bytes = head[2] === undefined ? unescaped(body) : Buffer.from(body, "base64");
  if (bytes.length > maxBytes)
    throw new ArtifactError("artifact-too-large", { scheme: "data", limit: maxBytes });
  return bytes;
}

function unescaped(body: string): Uint8Array {
  const bytes: number[] = [];
  for (let at = 0; at < body.length; at++) {
    const escaped = body[at] === "%" ? /^[0-9a-fA-F]{2}/.exec(body.slice(at + 1, at + 3)) : null;
    const code = escaped === null ? body.charCodeAt(at) : Number.parseInt(escaped[0], 16);
    if (code > 0xff)
      throw new ArtifactError("artifact-uri-refused", { scheme: "data", reason: "it is not ASCII" });
    bytes.push(code);
    if (escaped !== null) at += 2;
  }
  return Uint8Array.from(bytes);
}
