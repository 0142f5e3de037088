import { unpackCover } from "@opg-network/sdk/cover";
import {
  INFERENCE_REQUIRED_SELECTOR,
  type InferenceQuery,
  type InferenceRequired,
} from "@opg-network/sdk/inferenceQuery";
import { getAddress } from "ethers";

const WORD = 32;
const QUERY_WORDS = 8;
const HEAD_BYTES = 3 * WORD;

/**
 * What revert data says is lacking; nothing when it says something else, or says it in another way than `Pipe`. A
 * stranger's contract wrote it: encodings that overlap, which a general decoder follows however much they unfold to, are
 * not taken, so that reading costs no more than its length.
 */
export function requiredBy(revertData: string): InferenceRequired | undefined {
  if (revertData.slice(0, 10).toLowerCase() !== INFERENCE_REQUIRED_SELECTOR) return undefined;
  const hex = revertData.slice(10).toLowerCase();
  const [account, consumer] = [addressAt(hex, 0), addressAt(hex, WORD)];
  const count = numberAt(hex, HEAD_BYTES);
  if (account === undefined || consumer === undefined || numberAt(hex, 2 * WORD) !== HEAD_BYTES)
    return undefined;
  if (count === undefined || count * (QUERY_WORDS + 2) * WORD > hex.length / 2) return undefined;
  const first = HEAD_BYTES + WORD;
  const queries: InferenceQuery[] = [];
  let at = first + count * WORD;
  for (let index = 0; index < count; ++index) {
    if (numberAt(hex, first + index * WORD) !== at - first) return undefined;
    const read = queryAt(hex, at);
    if (read === undefined) return undefined;
    queries.push(read.query);
    at = read.end;
  }
  return { account, consumer, queries };
}

function queryAt(hex: string, at: number): { query: InferenceQuery; end: number } | undefined {
  const [codec, modes, operatorId, offset, length] = [1, 3, 4, 7, 8].map((word) =>
    numberAt(hex, at + word * WORD),
  );
  if (codec === undefined || modes === undefined || operatorId === undefined || length === undefined)
    return undefined;
  const begin = at + (QUERY_WORDS + 1) * WORD;
  const end = begin + Math.ceil(length / WORD) * WORD;
  if (offset !== QUERY_WORDS * WORD || codec > 255 || modes > 255 || hex.length < 2 * end) return undefined;
  const cover = unpackCover(BigInt(`0x${wordAt(hex, at + 2 * WORD)}`));
  const query = {
    release: `0x${wordAt(hex, at)}`,
    codec,
    ...(cover === undefined ? {} : { cover }),
    modes,
    operatorId,
    maxFee: BigInt(`0x${wordAt(hex, at + 5 * WORD)}`),
    minStake: BigInt(`0x${wordAt(hex, at + 6 * WORD)}`),
    input: `0x${hex.slice(2 * begin, 2 * (begin + length))}`,
  };
  return { query, end };
}

function addressAt(hex: string, at: number): string | undefined {
  const word = wordAt(hex, at);
  return word.length === 2 * WORD && word.startsWith("0".repeat(24))
    ? getAddress(`0x${word.slice(24)}`)
    : undefined;
}

/** Of 32 bits at most: everything that is counted here is less. */
function numberAt(hex: string, at: number): number | undefined {
  const word = wordAt(hex, at);
  return word.length === 2 * WORD && word.startsWith("0".repeat(56))
    ? Number.parseInt(word.slice(56), 16)
    : undefined;
}

function wordAt(hex: string, at: number): string {
  return hex.slice(2 * at, 2 * (at + WORD));
}
