import type { OnnxAttribute, OnnxNode, OnnxTensor, OnnxValue } from "../../hub/onnxSchema.ts";
import { onnxModel } from "../../hub/onnxSchema.ts";
import { DATA } from "../../hub/onnxTensors.ts";
import { encode } from "../../hub/protobufWire.ts";

const OPSET = 17n;
const IR_VERSION = 8n;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

export type IntegerType = typeof DATA.uint8 | typeof DATA.int32 | typeof DATA.int64;
export type Attributes = Readonly<Record<string, number | readonly number[]>>;

const BYTES: Readonly<Record<IntegerType, number>> = { [DATA.uint8]: 1, [DATA.int32]: 4, [DATA.int64]: 8 };

/** The exact model while it is written. Values are named by their tensors; equal constants are kept once. */
export class ExactGraph {
  readonly #nodes: OnnxNode[] = [];
  readonly #constants: OnnxTensor[] = [];
  readonly #constantNames = new Map<string, string>();
  readonly #inputs: OnnxValue[] = [];
  readonly #outputs: OnnxValue[] = [];
  readonly #names = new Set<string>();
  readonly #renamed = new Map<string, string>();

  input(name: string, type: IntegerType, dims: readonly number[]): string {
    this.#names.add(name);
    this.#inputs.push(describedValue(name, type, dims));
    return name;
  }

  output(name: string, type: IntegerType, dims: readonly number[]): void {
    this.#outputs.push(describedValue(name, type, dims));
  }

  /** Keeps a name free for an output, which other values may then not take. */
  reserve(name: string): void {
    this.#names.add(name);
  }

  constant(
    hint: string,
    type: IntegerType,
    dims: readonly number[],
    values: ArrayLike<bigint | number>,
  ): string {
    const rawData = raw(type, values);
    const key = `${type} ${dims.join()} ${Buffer.from(rawData).toString("base64")}`;
    const known = this.#constantNames.get(key);
    if (known !== undefined) return known;
    const name = this.#fresh(hint);
    this.#constantNames.set(key, name);
    this.#constants.push({
      name,
      dims: dims.map(BigInt),
      dataType: type,
      rawData,
      floatData: [],
      int32Data: [],
      stringData: [],
      int64Data: [],
      doubleData: [],
      uint64Data: [],
      externalData: [],
    });
    return name;
  }

  node(opType: string, inputs: readonly string[], hint: string, attributes: Attributes = {}): string {
    const output = this.#fresh(hint);
    this.#append(opType, inputs, output, attributes);
    return output;
  }

  /** Gives a value the name that an output promises. */
  name(given: string, output: string): void {
    const value = this.currentName(given);
    const producer = this.#nodes.find(({ outputs }) => outputs[0] === value);
    const isTaken = this.#outputs.some(({ name }) => name === value);
    if (producer === undefined || isTaken) {
      this.#append("Identity", [value], output, {});
      return;
    }
    producer.outputs = [output];
    producer.name = output;
    for (const node of this.#nodes) node.inputs = node.inputs.map((name) => (name === value ? output : name));
    this.#renamed.set(value, output);
  }

  /** The name of a value since `name` has named it. */
  currentName(value: string): string {
    return this.#renamed.get(value) ?? value;
  }

  get nodeCount(): number {
    return this.#nodes.length;
  }

  encode(name: string): Uint8Array {
    return encode(onnxModel, {
      irVersion: IR_VERSION,
      graph: {
        name,
        nodes: this.#nodes,
        initializers: this.#constants,
        sparseInitializers: [],
        inputs: this.#inputs,
        outputs: this.#outputs,
        valueInfo: [],
      },
      opsets: [{ domain: "", version: OPSET }],
      functions: [],
      trainingInfo: [],
    });
  }

  #append(opType: string, inputs: readonly string[], output: string, attributes: Attributes): void {
    this.#nodes.push({
      inputs: [...inputs],
      outputs: [output],
      name: output,
      opType,
      attributes: Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
    });
  }

  #fresh(hint: string): string {
    for (let count = 1; ; count += 1) {
      const name = count === 1 ? hint : `${hint}.${count}`;
      if (this.#names.has(name)) continue;
      this.#names.add(name);
      return name;
    }
  }
}

function raw(type: IntegerType, values: ArrayLike<bigint | number>): Uint8Array {
  const bytes = BYTES[type];
  const data = new Uint8Array(values.length * bytes);
  const view = new DataView(data.buffer);
  Array.from(values, BigInt).forEach((value, index) => {
    if (type === DATA.uint8) view.setUint8(index, Number(value));
    else if (type === DATA.int32) view.setInt32(index * bytes, Number(value), true);
    else view.setBigInt64(index * bytes, value, true);
  });
  return data;
}

function attributeOf(name: string, value: number | readonly number[]): OnnxAttribute {
  const rest = { name, tensors: [], graphs: [], sparseTensors: [] };
  return typeof value === "number"
    ? { ...rest, type: ATTRIBUTE_INT, i: BigInt(value), ints: [] }
    : { ...rest, type: ATTRIBUTE_INTS, ints: value.map(BigInt) };
}

function describedValue(name: string, type: IntegerType, dims: readonly number[]): OnnxValue {
  return {
    name,
    type: { tensor: { dataType: type, shape: { dims: dims.map((dim) => ({ value: BigInt(dim) })) } } },
  };
}
