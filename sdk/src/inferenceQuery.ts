import { AbiCoder, type Result as AbiResult, dataSlice, id, isHexString } from "ethers";
import { type Cover, packCover, unpackCover } from "./cover.ts";
import { NetworkError } from "./errors.ts";

/** What a contract asks: `InferenceQuery` in `IPipe.sol`. Amounts are token wei; `release` and `input` are hex. */
export interface InferenceQuery {
  release: string;
  codec: number;
  /** What the answer insures, and for whom; absent = nothing. Exact releases only. */
  cover?: Cover;
  /** Set of modes that will do: bit n = mode n. The two upper bits demand something of keys: `demandOf`. */
  modes: number;
  /** 0 = any operator. */
  operatorId: number;
  maxFee: bigint;
  minStake: bigint;
  input: string;
}

/** What a simulated call still lacks: answers that `consumer` wants on behalf of `account`. */
export interface InferenceRequired {
  account: string;
  consumer: string;
  queries: InferenceQuery[];
}

/** Bytes that are no ABI encoding of a query or of `InferenceRequired`. */
export class QueryMalformedError extends NetworkError {
  constructor(encoded: string, cause: unknown) {
    super("query-malformed", "the bytes are no ABI encoding of an inference query", {
      data: { encoded },
      cause,
    });
  }
}

/** ABI type of a query. */
export const INFERENCE_QUERY_TYPE =
  "tuple(bytes32 release,uint8 codec,uint256 cover,uint8 modes,uint32 operatorId,uint256 maxFee,uint256 minStake,bytes input)";

const TUPLE = "(bytes32,uint8,uint256,uint8,uint32,uint256,uint256,bytes)";

export const INFERENCE_REQUIRED_SIGNATURE = `InferenceRequired(address,address,${TUPLE}[])`;

/** First four bytes of the revert data of `InferenceRequired`. */
export const INFERENCE_REQUIRED_SELECTOR: string = dataSlice(id(INFERENCE_REQUIRED_SIGNATURE), 0, 4);

/** A query as contracts take it. */
export function queryStruct(query: InferenceQuery): Omit<InferenceQuery, "cover"> & { cover: bigint } {
  return { ...query, cover: packCover(query.cover) };
}

/** `abi.encode(query)`: the body of an ERC-3668 lookup of `Pipe.query`. */
export function encodeQuery(query: InferenceQuery): string {
  return AbiCoder.defaultAbiCoder().encode([INFERENCE_QUERY_TYPE], [queryStruct(query)]);
}

/** Inverse of `encodeQuery`. Throws `QueryMalformedError`. */
export function decodeQuery(encoded: string): InferenceQuery {
  return decoded(encoded, () => {
    const [query] = AbiCoder.defaultAbiCoder().decode([INFERENCE_QUERY_TYPE], encoded);
    return queryOf(query as AbiResult);
  });
}

/** The revert data by which a contract says what it lacks. */
export function encodeInferenceRequired({ account, consumer, queries }: InferenceRequired): string {
  const body = AbiCoder.defaultAbiCoder().encode(
    ["address", "address", `${INFERENCE_QUERY_TYPE}[]`],
    [account, consumer, queries.map(queryStruct)],
  );
  return INFERENCE_REQUIRED_SELECTOR + body.slice(2);
}

/**
 * What a revert says is lacking; nothing when it says something else. Throws `QueryMalformedError` when it only begins
 * like `InferenceRequired`.
 */
export function decodeInferenceRequired(revertData: string): InferenceRequired | undefined {
  if (!isHexString(revertData) || !revertData.toLowerCase().startsWith(INFERENCE_REQUIRED_SELECTOR))
    return undefined;
  return decoded(revertData, () => {
    const [account, consumer, queries] = AbiCoder.defaultAbiCoder().decode(
      ["address", "address", `${INFERENCE_QUERY_TYPE}[]`],
      dataSlice(revertData, 4),
    ) as unknown as [string, string, AbiResult];
    return { account, consumer, queries: queries.map((query) => queryOf(query as AbiResult)) };
  });
}

/** Whether a set of modes holds a mode. */
export function allowsMode(modes: number, mode: number): boolean {
  return (modes & (1 << mode)) !== 0;
}

function decoded<T>(encoded: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw new QueryMalformedError(encoded, cause);
  }
}

function queryOf(query: AbiResult): InferenceQuery {
  const [release, codec, word, modes, operatorId, maxFee, minStake, input] = query as unknown as [
    string,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    string,
  ];
  const cover = unpackCover(word);
  return {
    release,
    codec: Number(codec),
    ...(cover === undefined ? {} : { cover }),
    modes: Number(modes),
    operatorId: Number(operatorId),
    maxFee,
    minStake,
    input,
  };
}
