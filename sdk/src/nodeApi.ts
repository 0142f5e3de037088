import { getAddress, isAddress, isHexString } from "ethers";
import { z } from "zod";

/**
 * The messages of a node's HTTP service. On the wire they are JSON with amounts as decimal strings (`stringifyMessage`
 * writes them so); parsed by these schemas they hold bigints. Amounts of OPG are token wei.
 */

/** Paths of the service; each is a POST. */
export const NODE_PATHS = {
  preexecute: "/v1/preexecute",
  quote: "/v1/quote",
  gateway: "/v1/gateway",
} as const;

/** Header in which a caller says who it is; see `nodeCall.ts`. */
export const NODE_CALL_HEADER = "authorization";

const address = z
  .string()
  .refine((text) => isAddress(text), "not an address")
  .transform((text) => getAddress(text));
const bytes = z.string().refine((text): boolean => isHexString(text, true), "not hex of whole bytes");
const bytes32 = z.string().refine((text): boolean => isHexString(text, 32), "not 32 bytes of hex");
const uint8 = z.int().nonnegative().max(255);
const uint32 = z.int().nonnegative().max(4_294_967_295);
/** At most 2^256 − 1. */
const amount = z
  .string()
  .regex(/^(0|[1-9]\d{0,77})$/, "not a decimal amount")
  .transform(BigInt)
  .refine((value) => value >> 256n === 0n, "more than 256 bits");

/** How a transaction brings its results to `Pipe`. */
export const CARRIES = ["appended", "batch", "executor"] as const;

/** In the tail of the call, by `preload` in a batch of the user's account, or through `Pipe.execute`. */
export type Carry = (typeof CARRIES)[number];

const cover = z.object({ amount, beneficiary: address });

const query = z.object({
  release: bytes32,
  codec: uint8,
  cover: cover.optional(),
  modes: uint8,
  operatorId: uint32,
  maxFee: amount,
  minStake: amount,
  input: bytes,
});

export const preexecuteRequestSchema = z.object({
  chainId: z.int().positive(),
  call: z.object({ from: address, to: address, data: bytes, value: amount.optional() }),
  carry: z.enum(CARRIES),
  /** Whose money pays; `call.from` when absent. */
  payer: address.optional(),
  /** Bundles that other nodes gave before. */
  results: bytes.optional(),
  /** The most that all results together may cost. */
  maxFee: amount.optional(),
  deadlineMs: z.int().positive().optional(),
  /** Code of an ERC-7821 account, for a `batch` of a `call.from` that has not delegated to one yet. */
  delegate: address.optional(),
});

/** Please find out what this call infers, and answer it. */
export type PreexecuteRequest = z.output<typeof preexecuteRequestSchema>;

export const preexecuteResponseSchema = z.object({
  /** All bundles, those of the request first. */
  results: bytes,
  /** False when `missing` is left for another node. */
  complete: z.boolean(),
  missing: z.array(query),
  inferences: z.array(
    z.object({
      release: bytes32,
      operatorId: uint32,
      mode: uint8,
      inputHash: bytes32,
      fee: amount,
      consumer: address,
    }),
  ),
  totalFee: amount,
  /** Of the whole simulated call. */
  gasUsed: amount,
  rounds: z.int().nonnegative(),
  /** Timestamp in seconds. */
  validUntil: z.int().nonnegative(),
});

export type PreexecuteResponse = z.output<typeof preexecuteResponseSchema>;

export const quoteRequestSchema = z.object({
  queries: z
    .array(query.omit({ input: true }).extend({ inputBytes: z.int().nonnegative() }))
    .min(1)
    .max(64),
});

/** What would these cost, without their input? */
export type QuoteRequest = z.output<typeof quoteRequestSchema>;

const offer = z.object({
  release: bytes32,
  mode: uint8,
  fee: amount,
  operatorId: uint32,
  signer: address,
  expectedMs: z.number().nonnegative(),
  freeSlots: z.int().nonnegative(),
  /** Of an answer in mode ZK: what its proof takes and waits, within `expectedMs`, and how many are made and wait. */
  proof: z
    .object({
      ms: z.number().nonnegative(),
      waitMs: z.number().nonnegative(),
      running: z.int().nonnegative(),
      waiting: z.int().nonnegative(),
    })
    .optional(),
});
const noOffer = z.object({ release: bytes32, error: z.object({ code: z.string().min(1) }) });

/** One entry a query, in order. */
export const quoteResponseSchema = z.object({ offers: z.array(z.union([offer, noOffer])) });

export type QuoteResponse = z.output<typeof quoteResponseSchema>;
export type NodeOffer = z.output<typeof offer>;

/** ERC-3668: `data` is an ABI-encoded query on the way in and one bundle of context 0 on the way out. */
export const gatewayRequestSchema = z.object({ sender: address, data: bytes });
export const gatewayResponseSchema = z.object({ data: bytes });

export type GatewayRequest = z.output<typeof gatewayRequestSchema>;
export type GatewayResponse = z.output<typeof gatewayResponseSchema>;

/** Why a node did not do it, and the HTTP status that goes with each code. */
export const NODE_FAILURES = {
  "invalid-request": 400,
  unauthorized: 401,
  "fee-above-maximum": 402,
  "payer-cannot-pay": 402,
  "release-not-served": 404,
  "too-large": 413,
  "call-reverts": 422,
  "too-many-rounds": 422,
  "cover-refused": 422,
  "no-capacity": 429,
  "unpaid-quota": 429,
  "rate-limit": 429,
  "internal-error": 500,
  unavailable: 503,
  deadline: 504,
} as const satisfies Record<string, number>;

export type NodeFailureCode = keyof typeof NODE_FAILURES;

/** Other codes than those of `NODE_FAILURES` may be added; clients go by `retryable` then. */
export const nodeFailureSchema = z.object({
  error: z.object({
    code: z.string().min(1),
    message: z.string(),
    data: z.record(z.string(), z.unknown()).default({}),
    retryable: z.boolean(),
  }),
});

export type NodeFailure = z.output<typeof nodeFailureSchema>["error"];

/** JSON of a message, amounts as decimal strings. */
export function stringifyMessage(message: object): string {
  return JSON.stringify(message, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}
