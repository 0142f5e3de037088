import type { Dtype } from "@opg-network/sdk/dtype";
import type { TensorSpec } from "@opg-network/sdk/schema";
import { domainOf, parseOnnx } from "../hub/onnxFile.ts";
import type { ReleaseSchema } from "../hub/onnxInterface.ts";
import { checkInterface } from "../hub/onnxInterface.ts";
import { operatorOf, titleOf } from "../hub/onnxOperators.ts";
import { duplicate, inOrder } from "../hub/onnxOrder.ts";
import type { OnnxGraph, OnnxNode, OnnxTensor } from "../hub/onnxSchema.ts";
import type { StoredGraph } from "./blobs.ts";
import { storeGraph } from "./blobs.ts";
import type { Effort } from "./call.ts";
import { Call } from "./call.ts";
import { Emitter, placed } from "./emitter.ts";
import { ExactError } from "./exactError.ts";
import { planMemory } from "./memoryPlan.ts";
import { lowerNode } from "./operators.ts";
import { Pending } from "./pending.ts";
import { placedOp } from "./placedOp.ts";
import type { PlannedOp, Ref, Buffer as WordBuffer } from "./plannedOp.ts";
import type { TensorPlace } from "./program.ts";
import { LOWERING_VERSION, MAX_ARENA_WORDS } from "./program.ts";
import { ProgramError } from "./programError.ts";
import { integerTensor } from "./structure.ts";
import { sameShape } from "./tensorShape.ts";
import type { Value } from "./value.ts";
import { boundsOf } from "./value.ts";
import { contiguousView, product } from "./view.ts";

/** Operator sets of ONNX itself that the profile covers. */
export const MIN_OPSET = 14;
export const MAX_OPSET = 23;

const BORDER_TYPES = new Set<Dtype>(["uint8", "int8", "uint16", "int16", "int32", "int64", "uint32", "bool"]);

/**
 * The lowered graph of a model: the same bytes for the same file and schema, on every machine.
 * @throws ExactError naming node, operator and reason; ModelError where the file is no model of that schema
 */
export function lowerRelease(modelBytes: Uint8Array, schema: ReleaseSchema): StoredGraph {
  const { graph, opsets } = parseOnnx(modelBytes);
  checkInterface(graph, schema);
  const opset = opsets.get("") ?? 0;
  if (opset < MIN_OPSET || opset > MAX_OPSET)
    throw new ExactError("exact-opset-unsupported", {
      reason: `version ${opset}; ${MIN_OPSET} to ${MAX_OPSET} are`,
    });
  try {
    return new GraphLowering(graph, schema, opset).lower();
  } catch (cause) {
    // What the program's format does not hold is a limit of the profile.
    if (cause instanceof ProgramError)
      throw new ExactError("exact-too-large", { reason: cause.message }, cause);
    throw cause;
  }
}

/**
 * The lowered graph of an exact release, if it is the one that the release commits to.
 * @throws ExactError `exact-graph-root-mismatch`, `exact-lowering-unknown`, and what `lowerRelease` throws
 */
export function lowerCommitted(
  modelBytes: Uint8Array,
  schema: ReleaseSchema,
  { graphRoot, loweringVersion }: { graphRoot: string; loweringVersion: number },
): StoredGraph {
  if (loweringVersion !== LOWERING_VERSION)
    throw new ExactError("exact-lowering-unknown", { reason: `version ${loweringVersion}` });
  const graph = lowerRelease(modelBytes, schema);
  if (graph.graphRoot !== graphRoot.toLowerCase())
    throw new ExactError("exact-graph-root-mismatch", {
      reason: `it commits to ${graphRoot}, its file gives ${graph.graphRoot}`,
    });
  return graph;
}

class GraphLowering {
  readonly #graph: OnnxGraph;
  readonly #schema: ReleaseSchema;
  readonly #opset: number;
  readonly #initializers: ReadonlyMap<string | undefined, OnnxTensor>;
  readonly #emitter = new Emitter();
  readonly #values = new Map<string, Value>();
  readonly #producers = new Map<string, OnnxNode>();
  readonly #inputs: { place: Omit<TensorPlace, "offset">; buffer: WordBuffer }[] = [];
  readonly #effort: Effort = { spent: 0 };

  constructor(graph: OnnxGraph, schema: ReleaseSchema, opset: number) {
    this.#graph = graph;
    this.#initializers = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
    this.#schema = schema;
    this.#opset = opset;
  }

  lower(): StoredGraph {
    checkNames(this.#graph);
    for (const spec of this.#schema.inputs) this.#input(spec);
    const nodes = this.#neededNodes();
    const uses = usesOf(nodes, this.#schema);
    for (const node of nodes) this.#node(node, uses);
    const outputs = this.#schema.outputs.map((spec) => this.#output(spec));
    if (this.#emitter.ops.length === 0) this.#stay(outputs);
    return this.#store(this.#emitter.ops, outputs);
  }

  #input({ name, dtype, shape }: TensorSpec): void {
    checkBorder({ name, dtype, shape });
    const count = product(shape);
    if (count > MAX_ARENA_WORDS)
      throw new ExactError("exact-too-large", { reason: `input "${name}" has ${count} elements` });
    const { lo, hi } = boundsOf(dtype);
    const buffer = this.#emitter.buffer(count, { lo, hi });
    this.#inputs.push({ place: { dtype, shape: [...shape] }, buffer });
    this.#values.set(name, {
      dtype,
      shape,
      lo: new BigInt64Array(count).fill(lo),
      hi: new BigInt64Array(count).fill(hi),
      place: placed(buffer, contiguousView(count)),
    });
  }

  /** The nodes that the declared outputs depend on, in order. */
  #neededNodes(): OnnxNode[] {
    const wanted = new Set(this.#schema.outputs.map(({ name }) => name));
    const needed: OnnxNode[] = [];
    for (const node of inOrder(this.#graph.nodes).reverse()) {
      if (!node.outputs.some((name) => name !== "" && wanted.has(name))) continue;
      for (const name of node.inputs) wanted.add(name);
      needed.push(node);
    }
    return needed.reverse();
  }

  #node(node: OnnxNode, uses: ReadonlyMap<string, number>): void {
    const where = { node: titleOf(node), operator: operatorOf(node) };
    if (domainOf(node.domain) !== "")
      throw new ExactError("exact-operator-unsupported", { reason: "only standard operators are", ...where });
    const inputs = node.inputs.map((name) => (name === "" ? undefined : this.#value(name, node)));
    const producers = node.inputs.map((name) => this.#producers.get(name));
    const shared = { opset: this.#opset, emitter: this.#emitter, effort: this.#effort };
    const call = new Call({ node, inputs, producers, ...shared });
    const results = lowerNode(call);
    node.outputs.forEach((name, index) => {
      const value = results[index];
      if (name === "") return;
      this.#producers.set(name, node);
      if (value === undefined)
        throw new ExactError("exact-attribute-unsupported", { reason: `output ${index}`, ...where });
      this.#values.set(name, (uses.get(name) ?? 0) > 1 ? this.#settled(value) : value);
    });
  }

  /** What several nodes use is computed once. */
  #settled(value: Value): Value {
    if (!(value.place?.source instanceof Pending)) return value;
    const { buffer, view } = this.#emitter.laid(value);
    return { ...value, place: placed(buffer, view) };
  }

  #value(name: string, node: OnnxNode): Value {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const where = { node: titleOf(node), operator: operatorOf(node) };
    const tensor = this.#initializers.get(name);
    if (tensor === undefined)
      throw new ExactError("exact-shape-invalid", { reason: `nothing gives "${name}"`, ...where });
    const value = integerTensor(tensor);
    if (typeof value === "string")
      throw new ExactError("exact-type-unsupported", { reason: `${value} ("${name}")`, ...where });
    this.#values.set(name, value);
    return value;
  }

  #output(spec: TensorSpec): TensorPlace & { buffer: WordBuffer } {
    checkBorder(spec);
    const { name, dtype, shape } = spec;
    const value = this.#values.get(name) ?? this.#initializerOutput(name);
    if (value.dtype !== dtype || !sameShape(value.shape, shape)) {
      const reason = `output "${name}" is ${value.dtype} [${value.shape}], declared ${dtype} [${shape}]`;
      throw new ExactError("exact-shape-invalid", { reason });
    }
    const { buffer, view } = this.#emitter.inOrder(value);
    return { dtype, shape: [...shape], offset: view.offset, buffer };
  }

  #initializerOutput(name: string): Value {
    const tensor = this.#initializers.get(name);
    const value = tensor === undefined ? "no such value" : integerTensor(tensor);
    if (typeof value === "string")
      throw new ExactError("exact-type-unsupported", { reason: `${value} ("${name}")` });
    return value;
  }

  /** A program has a step, so that its start is not its end: one word is copied onto itself. */
  #stay([first]: readonly { buffer: WordBuffer }[]): void {
    if (first === undefined) throw new ExactError("exact-shape-invalid", { reason: "no output" });
    const word = { buffer: first.buffer, offset: 0 };
    this.#emitter.push({ kind: "copy", src: word, dst: word, loops: [[1, 1, 1]] });
  }

  #store(
    planned: readonly PlannedOp[],
    results: readonly (TensorPlace & { buffer: WordBuffer })[],
  ): StoredGraph {
    const plan = planMemory(
      planned,
      this.#inputs.map(({ buffer }) => buffer),
      results.map(({ buffer }) => buffer),
    );
    const pool = new ConstantPool();
    const at = ({ buffer, offset }: Ref) => plan.offsetOf(buffer) + offset;
    const steps = plan.ops.map((op) => placedOp(op, at, (bytes) => pool.add(bytes())));
    const inputs = this.#inputs.map(({ place, buffer }) => ({ ...place, offset: plan.offsetOf(buffer) }));
    const outputs = results.map(({ dtype, shape, offset, buffer }) => ({
      dtype,
      shape,
      offset: plan.offsetOf(buffer) + offset,
    }));
    const { arenaWords, live } = plan;
    return storeGraph({ steps, live, constants: pool.bytes(), arenaWords, inputs, outputs });
  }
}

/** Each name has one origin, so that runtimes cannot differ on which counts. An input may have a default. */
function checkNames({ inputs, initializers, nodes }: OnnxGraph): void {
  const taken = new Set<string | undefined>();
  for (const { name } of inputs) {
    if (taken.has(name)) throw duplicate(name ?? "");
    taken.add(name);
  }
  const constants = new Set<string | undefined>();
  for (const { name } of initializers) {
    if (constants.has(name)) throw duplicate(name ?? "");
    constants.add(name);
  }
  for (const name of nodes.flatMap(({ outputs }) => outputs))
    if (name !== "" && (taken.has(name) || constants.has(name))) throw duplicate(name);
}

function checkBorder({ name, dtype, shape }: TensorSpec): void {
  if (!BORDER_TYPES.has(dtype))
    throw new ExactError("exact-type-unsupported", { reason: `"${name}" is ${dtype}` });
  if (shape.some((size) => size < 0))
    throw new ExactError("exact-shape-dynamic", { reason: `"${name}" is declared [${shape}]` });
  if (shape.some((size) => size === 0))
    throw new ExactError("exact-shape-invalid", { reason: `"${name}" has no elements` });
}

function usesOf(nodes: readonly OnnxNode[], { outputs }: ReleaseSchema): Map<string, number> {
  const uses = new Map<string, number>();
  const names = [...nodes.flatMap(({ inputs }) => inputs), ...outputs.map(({ name }) => name)];
  for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1);
  return uses;
}

/** Constants behind the program, each stored once. */
class ConstantPool {
  readonly #known = new Map<string, number>();
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  add(bytes: Uint8Array): number {
    const key = Buffer.from(bytes).toString("latin1");
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const position = this.#length;
    this.#known.set(key, position);
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    return position;
  }

  bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#chunks));
  }
}
