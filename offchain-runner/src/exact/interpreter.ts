import { dtypeInfo } from "@opg-network/sdk/dtype";
import { checkAgainstSchema } from "@opg-network/sdk/schema";
import type { Tensor } from "@opg-network/sdk/tensor";
import { decodeTensors, encodeTensors } from "@opg-network/sdk/tensorCodec";
import { TensorError } from "@opg-network/sdk/tensorError";
import { integersFromTensor, tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { Arena } from "./arena.ts";
import type { StoredGraph } from "./blobs.ts";
import { ExactError } from "./exactError.ts";
import type { Kernel } from "./kernels.ts";
import { kernelOf } from "./kernels.ts";
import type { GraphRoot, PlacedRecord } from "./program.ts";
import { elementCount, LOWERING_VERSION } from "./program.ts";
import { decodeProgram } from "./programCodec.ts";

/** Where a run stands: the program counter, and what a checkpoint holds there. */
export interface Checkpoint {
  readonly pc: number;
  /** The encoded input at 0, the encoded output at the end, and the live elements in between. */
  readonly state: Uint8Array;
}

interface Step {
  readonly record: PlacedRecord;
  readonly kernel: Kernel;
}

/** The reference meaning of a lowered graph: what the machine and the runtime have to agree with. */
export class ExactInterpreter {
  readonly root: GraphRoot;
  readonly #steps: readonly Step[];
  readonly #stepAt: ReadonlyMap<number, number>;

  constructor({ root, stream }: Pick<StoredGraph, "root" | "stream">) {
    if (root.loweringVersion !== LOWERING_VERSION)
      throw new ExactError("exact-lowering-unknown", { reason: `version ${root.loweringVersion}` });
    this.root = root;
    const records = decodeProgram(stream.subarray(0, root.programBytes));
    this.#steps = records.map((record) => ({ record, kernel: kernelOf(record.op, stream) }));
    this.#stepAt = new Map(records.map(({ pc }, i) => [pc, i]));
  }

  /** Program counters at which a run can stop, the start and the end included. */
  get stops(): number[] {
    return [...this.#stepAt.keys(), this.root.programBytes];
  }

  /** @throws ExactError `exact-input-invalid` for anything but the one encoding of what the graph takes */
  evaluate(input: Uint8Array): Uint8Array {
    return this.resume({ pc: 0, state: input }, this.root.programBytes).state;
  }

  /** Goes on from a checkpoint until the program counter `stop`. */
  resume({ pc, state }: Checkpoint, stop: number): Checkpoint {
    const { programBytes } = this.root;
    if (pc === stop) return { pc, state };
    const from = this.#index(pc);
    const end = stop === programBytes ? this.#steps.length : this.#index(stop);
    if (end < from) throw new ExactError("exact-state-invalid", { reason: `no way from ${pc} to ${stop}` });
    const arena = new Arena(this.root.arenaWords);
    if (pc === 0) this.#load(arena, state);
    else arena.unpack(this.#live(from), state);
    for (const { kernel } of this.#steps.slice(from, end)) kernel(arena);
    return { pc: stop, state: stop === programBytes ? this.#output(arena) : arena.pack(this.#live(end)) };
  }

  #index(pc: number): number {
    const index = this.#stepAt.get(pc);
    if (index === undefined)
      throw new ExactError("exact-state-invalid", { reason: `no step begins at ${pc}` });
    return index;
  }

  #live(index: number) {
    return this.#steps[index]?.record.live ?? [];
  }

  #load(arena: Arena, input: Uint8Array): void {
    const tensors = this.#decoded(input);
    for (const [i, { offset }] of this.root.inputs.entries()) {
      const tensor = tensors[i] as Tensor;
      const elements = integersFromTensor(tensor);
      for (const [j, element] of elements.entries()) arena.write(offset + j, element);
    }
  }

  #decoded(input: Uint8Array): Tensor[] {
    try {
      const tensors = decodeTensors(input);
      const { inputs } = this.root;
      checkAgainstSchema(
        tensors,
        inputs.map(({ dtype, shape }, i) => ({ name: `input ${i}`, dtype, shape })),
      );
      return tensors;
    } catch (cause) {
      if (!(cause instanceof TensorError)) throw cause;
      throw new ExactError("exact-input-invalid", { reason: cause.message }, cause);
    }
  }

  #output(arena: Arena): Uint8Array {
    const tensors = this.root.outputs.map(({ dtype, shape, offset }) => {
      const count = elementCount(shape);
      const isWide = dtypeInfo(dtype).bytes === 8;
      const values = Array.from({ length: count }, (_, i) =>
        isWide ? arena.read(offset + i) : Number(arena.words[offset + i]),
      );
      return tensorFromNumbers(dtype, shape, values);
    });
    return encodeTensors(tensors);
  }
}
