import { dtypeInfo } from "@opg-network/sdk/dtype";
import type { Tensor } from "@opg-network/sdk/tensor";
import { decodeTensors, encodeTensors } from "@opg-network/sdk/tensorCodec";
import { integersFromTensor } from "@opg-network/sdk/tensorValues";
import { AbiCoder, getBigInt, keccak256, toBigInt } from "ethers";
import type { GraphRoot, TensorPlace } from "../exact/program.ts";
import { elementCount } from "../exact/program.ts";
import { CircuitError } from "./circuitError.ts";

/** Bytes of the statement in one public signal: what every field element holds. */
export const SIGNAL_BYTES = 31;
const WORD = 32;
/** A proof is made for one operator and one release: 4 bytes of its id, then 27 of a digest of the rest. */
const DIGEST_BITS = 216n;

/** Where the elements of the tensors lie inside a canonical encoding, all else of which is fixed by types and shapes. */
export interface Frame {
  /** keccak256 of the encoding with zeros for elements. */
  readonly digest: string;
  readonly length: number;
  readonly parts: readonly { at: number; bytes: number }[];
}

/** What the public signals of a graph's circuit are made of. */
export interface StatementForm {
  readonly input: Frame;
  readonly output: Frame;
  /** Signals of data; the one of the operator comes after them. */
  readonly chunks: number;
}

export function statementForm(root: GraphRoot): StatementForm {
  return { input: frameOf(root.inputs), output: frameOf(root.outputs), chunks: chunkCount(root) };
}

export function chunkCount({ inputs, outputs }: Pick<GraphRoot, "inputs" | "outputs">): number {
  const bytes = [...inputs, ...outputs].reduce((sum, place) => sum + bytesOf(place), 0);
  return Math.ceil(bytes / SIGNAL_BYTES);
}

/** What a proof is made for, beside input and output. */
export interface ProofBinding {
  readonly operatorId: number;
  readonly chainId: bigint;
  /** The contract that checks it. */
  readonly verifier: string;
  readonly release: string;
}

/** The signal that keeps a proof from being another operator's, or of another release, verifier or chain. */
export function operatorSignal({ operatorId, chainId, verifier, release }: ProofBinding): bigint {
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ["uint256", "address", "bytes32"],
    [chainId, verifier, release],
  );
  return (BigInt(operatorId) << DIGEST_BITS) | (getBigInt(keccak256(encoded)) & ((1n << DIGEST_BITS) - 1n));
}

/**
 * All public signals, in the order of the verifying key: data of the inputs, data of the outputs, packed without gaps
 * 31 bytes each, big-endian, the last filled up with zeros; then the operator.
 * @throws CircuitError `proof-statement-invalid` for bytes that are not the encoding of such tensors
 */
export function publicSignals(
  root: GraphRoot,
  input: Uint8Array,
  output: Uint8Array,
  operator: bigint,
): bigint[] {
  const tensors = [...tensorsOf(root.inputs, input), ...tensorsOf(root.outputs, output)];
  const data = new Uint8Array(chunkCount(root) * SIGNAL_BYTES);
  let at = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, at);
    at += tensor.data.length;
  }
  const chunks = Array.from({ length: data.length / SIGNAL_BYTES }, (_, i) =>
    toBigInt(data.subarray(i * SIGNAL_BYTES, (i + 1) * SIGNAL_BYTES)),
  );
  return [...chunks, operator];
}

/** What the circuit takes: every element as the unsigned number that its bits are. */
export function circuitInput(
  root: GraphRoot,
  input: Uint8Array,
  operator: bigint,
): Record<string, string | string[]> {
  const tensors = tensorsOf(root.inputs, input).map((tensor, i) => {
    const bits = 8 * dtypeInfo(tensor.dtype).bytes;
    return [
      `x${i}`,
      integersFromTensor(tensor).map((value) => BigInt.asUintN(bits, value).toString()),
    ] as const;
  });
  return { operator: operator.toString(), ...Object.fromEntries(tensors) };
}

function tensorsOf(places: readonly TensorPlace[], encoded: Uint8Array): Tensor[] {
  let tensors: Tensor[];
  try {
    tensors = decodeTensors(encoded);
  } catch (cause) {
    throw new CircuitError("proof-statement-invalid", { reason: "no list of tensors" }, cause);
  }
  const fits =
    tensors.length === places.length &&
    places.every(
      ({ dtype, shape }, i) => tensors[i]?.dtype === dtype && `${tensors[i]?.shape}` === `${shape}`,
    );
  if (!fits)
    throw new CircuitError("proof-statement-invalid", { reason: "tensors of other types or shapes" });
  return tensors;
}

function frameOf(places: readonly TensorPlace[]): Frame {
  const empty = encodeTensors(places.map((place) => ({ ...place, data: new Uint8Array(bytesOf(place)) })));
  const parts: { at: number; bytes: number }[] = [];
  let at = (2 + places.length) * WORD;
  for (const place of places) {
    const bytes = bytesOf(place);
    at += (5 + place.shape.length) * WORD;
    parts.push({ at, bytes });
    at += Math.ceil(bytes / WORD) * WORD;
  }
  return { digest: keccak256(empty), length: empty.length, parts };
}

function bytesOf({ dtype, shape }: TensorPlace): number {
  return elementCount(shape) * dtypeInfo(dtype).bytes;
}
