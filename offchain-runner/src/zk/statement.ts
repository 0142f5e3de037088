import { dtypeInfo } from "@opg-network/sdk/dtype";
import type { Tensor } from "@opg-network/sdk/tensor";
import { decodeTensors, encodeTensors } from "@opg-network/sdk/tensorCodec";
import { integersFromTensor } from "@opg-network/sdk/tensorValues";
import { AbiCoder, getBigInt, getBytes, keccak256, toBeHex, toBigInt } from "ethers";
import type { GraphRoot, TensorPlace } from "../exact/program.ts";
import { elementCount } from "../exact/program.ts";
import { CircuitError } from "./circuitError.ts";

/** Bytes of the statement in one public signal: what every field element holds. */
export const SIGNAL_BYTES = 31;
const WORD = 32;
/** Of the digest that says whose proof it is: these bytes stand behind the elements. */
export const BINDING_BYTES = 16;
const BINDING_BITS = 8n * BigInt(BINDING_BYTES);
const DIGEST_BITS = 256n;

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
  /** All public signals. */
  readonly chunks: number;
}

export function statementForm(root: GraphRoot): StatementForm {
  return { input: frameOf(root.inputs), output: frameOf(root.outputs), chunks: chunkCount(root) };
}

export function chunkCount({ inputs, outputs }: Pick<GraphRoot, "inputs" | "outputs">): number {
  const bytes = [...inputs, ...outputs].reduce((sum, place) => sum + bytesOf(place), 0);
  return Math.ceil((bytes + BINDING_BYTES) / SIGNAL_BYTES);
}

/** What a proof is made for, beside input and output. */
export interface ProofBinding {
  readonly operatorId: number;
  readonly chainId: bigint;
  /** The contract that checks it. */
  readonly verifier: string;
  readonly release: string;
}

/** 128 bits that keep a proof from being another operator's, or of another release, verifier or chain. */
export function bindingOf({ operatorId, chainId, verifier, release }: ProofBinding): bigint {
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ["uint32", "uint256", "address", "bytes32"],
    [operatorId, chainId, verifier, release],
  );
  return getBigInt(keccak256(encoded)) >> (DIGEST_BITS - BINDING_BITS);
}

/**
 * All public signals, in the order of the verifying key: data of the inputs, data of the outputs, the binding, packed
 * without gaps 31 bytes each, big-endian, the last filled up with zeros.
 * @throws CircuitError `proof-statement-invalid` for bytes that are not the encoding of such tensors
 */
export function publicSignals(
  root: GraphRoot,
  input: Uint8Array,
  output: Uint8Array,
  binding: bigint,
): bigint[] {
  const tensors = [...tensorsOf(root.inputs, input), ...tensorsOf(root.outputs, output)];
  const data = new Uint8Array(chunkCount(root) * SIGNAL_BYTES);
  let at = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, at);
    at += tensor.data.length;
  }
  data.set(getBytes(toBeHex(binding, BINDING_BYTES)), at);
  return Array.from({ length: data.length / SIGNAL_BYTES }, (_, i) =>
    toBigInt(data.subarray(i * SIGNAL_BYTES, (i + 1) * SIGNAL_BYTES)),
  );
}

/** What the circuit takes: every element as the unsigned number that its bits are. */
export function circuitInput(
  root: GraphRoot,
  input: Uint8Array,
  binding: bigint,
): Record<string, string | string[]> {
  const tensors = tensorsOf(root.inputs, input).map((tensor, i) => {
    const bits = 8 * dtypeInfo(tensor.dtype).bytes;
    return [
      `x${i}`,
      integersFromTensor(tensor).map((value) => BigInt.asUintN(bits, value).toString()),
    ] as const;
  });
  return { binding: binding.toString(), ...Object.fromEntries(tensors) };
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
