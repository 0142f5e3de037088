import { dtypeInfo } from "@opg-network/sdk/dtype";
import { checkAgainstSchema } from "@opg-network/sdk/schema";
import type { Tensor } from "@opg-network/sdk/tensor";
import { decodeTensors, encodeTensors } from "@opg-network/sdk/tensorCodec";
import { TensorError } from "@opg-network/sdk/tensorError";
import { integersFromTensor } from "@opg-network/sdk/tensorValues";
import { Arena, writeElement } from "./arena.ts";
import type { StoredGraph } from "./blobs.ts";
import { ExactError } from "./exactError.ts";
import type { Kernel } from "./kernels.ts";
import { kernelOf } from "./kernels.ts";
import { checkPlacement, checkWork } from "./opRules.ts";
import type { GraphRoot, LiveSegment, PlacedStep } from "./program.ts";
import { elementCount, LOWERING_VERSION } from "./program.ts";
import { decodeLive, decodeStep } from "./programCodec.ts";
import { ProgramError } from "./programError.ts";

/** Where a run stands: the program counter, and what a checkpoint holds there. */
export interface Checkpoint {
  readonly pc: number;
  /** The encoded input at 0, the encoded output at the end, and the live elements in between. */
  readonly state: Uint8Array;
}

interface Step {
  readonly pc: number;
  readonly nextPc: number;
  readonly kernel: Kernel;
}

/**
 * The reference meaning of a lowered graph: what the machine and the runtime have to agree with. Of bytes that no lowering
 * wrote it gives what the machine gives, or refuses them as the machine does, except that it looks at every step first.
 */
export class ExactInterpreter {
  readonly root: GraphRoot;
  readonly #program: Uint8Array;
  readonly #steps: readonly Step[];
  readonly #stepAt: ReadonlyMap<number, number>;

  constructor({ root, stream }: Pick<StoredGraph, "root" | "stream">) {
    if (root.loweringVersion !== LOWERING_VERSION)
      throw new ExactError("exact-lowering-unknown", { reason: `version ${root.loweringVersion}` });
    if (stream.length !== root.streamBytes)
      throw new ProgramError(
        "program-malformed",
        `a stream of ${stream.length} bytes, not ${root.streamBytes}`,
      );
    this.root = root;
    this.#program = stream.subarray(0, root.programBytes);
    this.#steps = stepsOf(this.#program).map(({ op, pc, nextPc }) => {
      checkPlacement(op, root.arenaWords, stream.length);
      checkWork(op);
      return { pc, nextPc, kernel: kernelOf(op, stream) };
    });
    this.#stepAt = new Map(this.#steps.map(({ pc }, i) => [pc, i]));
  }

  /** Program counters at which a run can stop, the start and the end included. */
  get stops(): number[] {
    return [...this.#stepAt.keys(), this.root.programBytes];
  }

  /** @throws ExactError `exact-input-invalid` for anything but the one encoding of what the graph takes */
  evaluate(input: Uint8Array): Uint8Array {
    const arena = new Arena(this.root.arenaWords);
    this.#load(arena, input);
    for (const { kernel } of this.#steps) kernel(arena);
    return this.#output(arena);
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

  /** Nothing but a checkpoint looks at segments, here as in the machine. */
  #live(index: number): LiveSegment[] {
    const step = this.#steps[index];
    return step === undefined ? [] : decodeLive(this.#program, step.pc);
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
    const tensors = this.root.outputs.map(({ dtype, shape, offset }): Tensor => {
      const width = dtypeInfo(dtype).bytes;
      const data = new Uint8Array(elementCount(shape) * width);
      const view = new DataView(data.buffer);
      for (let at = 0, i = offset; at < data.length; at += width, i++)
        writeElement(view, at, width, arena.read(i), true);
      return { dtype, shape, data };
    });
    try {
      return encodeTensors(tensors);
    } catch (cause) {
      if (!(cause instanceof TensorError)) throw cause;
      throw new ExactError("exact-state-invalid", { reason: cause.message }, cause);
    }
  }
}

function stepsOf(program: Uint8Array): PlacedStep[] {
  const steps: PlacedStep[] = [];
  for (let pc = 0; pc < program.length; pc = steps.at(-1)?.nextPc ?? program.length)
    steps.push(decodeStep(program, pc));
  return steps;
}
