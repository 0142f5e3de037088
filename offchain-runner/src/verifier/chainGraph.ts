import { getBytes } from "ethers";
import { blobAddress, blobDigest, joinStream } from "../exact/blobs.ts";
import { BLOB_DATA_BYTES, type GraphRoot } from "../exact/program.ts";
import { decodeRoot } from "../exact/rootCodec.ts";
import { VerifierError } from "./verifierError.ts";

/** A lowered graph as its blobs hold it, proved against the digest that names it. */
export interface ChainGraph {
  readonly graphRoot: string;
  readonly rootBytes: Uint8Array;
  readonly root: GraphRoot;
  readonly stream: Uint8Array;
}

/** Code of an account, hex. */
export type ReadCode = (address: string) => Promise<string>;

const READS_AT_ONCE = 8;

/**
 * Reads a graph out of the contract code that it is stored as: no file and no server of its publisher is needed.
 * @throws VerifierError where a blob is missing, or the graph has more than `maxBytes`
 * @throws ProgramError where it breaks the format
 */
export async function readChainGraph(
  readCode: ReadCode,
  blobStore: string,
  graphRoot: string,
  maxBytes: number,
): Promise<ChainGraph> {
  const read = async (digest: string): Promise<Uint8Array> => {
    const code = getBytes(await readCode(blobAddress(blobStore, digest)));
    const data = code.slice(1);
    // The address follows from the digest, but an endpoint can show any code.
    if (code.length === 0 || code.length - 1 > BLOB_DATA_BYTES || blobDigest(data) !== digest)
      throw new VerifierError("graph-unreadable", "a blob of the graph is not what its digest names", {
        retryable: true,
        data: { graphRoot, digest },
      });
    return data;
  };
  const rootBytes = await read(graphRoot);
  const root = decodeRoot(rootBytes);
  if (root.streamBytes > maxBytes)
    throw new VerifierError("graph-too-large", "the graph is larger than this node keeps", {
      data: { graphRoot, bytes: root.streamBytes, maxBytes },
    });
  const blobs: Uint8Array[] = [];
  for (let i = 0; i < root.blobDigests.length; i += READS_AT_ONCE)
    blobs.push(...(await Promise.all(root.blobDigests.slice(i, i + READS_AT_ONCE).map(read))));
  return { graphRoot, rootBytes, root, stream: joinStream([...blobs, rootBytes]) };
}
