import type { MessageKind } from "./protobufWire.ts";
import { float32, int32, integer, many, message, octets, one, text } from "./protobufWire.ts";

// Field numbers of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Fields that say nothing about
// what a model computes, or that would multiply in memory when decoded, are left out and skipped unread.

export interface OnnxModel {
  irVersion?: bigint;
  graph?: OnnxGraph;
  opsets: OnnxOpset[];
  functions: OnnxFunction[];
  trainingInfo: Uint8Array[];
}

export interface OnnxOpset {
  domain?: string;
  version?: bigint;
}

export interface OnnxGraph {
  name?: string;
  nodes: OnnxNode[];
  initializers: OnnxTensor[];
  sparseInitializers: OnnxSparseTensor[];
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  valueInfo: OnnxValue[];
}

export interface OnnxNode {
  inputs: string[];
  outputs: string[];
  name?: string;
  opType?: string;
  domain?: string;
  overload?: string;
  attributes: OnnxAttribute[];
}

export interface OnnxAttribute {
  name?: string;
  f?: number;
  i?: bigint;
  s?: Uint8Array;
  tensor?: OnnxTensor;
  graph?: OnnxGraph;
  ints: bigint[];
  tensors: OnnxTensor[];
  graphs: OnnxGraph[];
  type?: number;
  reference?: string;
  sparseTensor?: OnnxSparseTensor;
  sparseTensors: OnnxSparseTensor[];
}

/** Typed data stay as the packed bytes of the file. */
export interface OnnxTensor {
  name?: string;
  dims: bigint[];
  dataType?: number;
  rawData?: Uint8Array;
  floatData: Uint8Array[];
  int32Data: Uint8Array[];
  stringData: Uint8Array[];
  int64Data: Uint8Array[];
  doubleData: Uint8Array[];
  uint64Data: Uint8Array[];
  externalData: OnnxEntry[];
  dataLocation?: number;
}

export interface OnnxSparseTensor {
  values?: OnnxTensor;
  indices?: OnnxTensor;
  dims: bigint[];
}

export interface OnnxEntry {
  key?: string;
  value?: string;
}

export interface OnnxValue {
  name?: string;
  type?: OnnxType;
}

export interface OnnxType {
  tensor?: OnnxTensorType;
}

export interface OnnxTensorType {
  dataType?: number;
  shape?: OnnxShape;
}

export interface OnnxShape {
  dims: OnnxDimension[];
}

export interface OnnxDimension {
  value?: bigint;
  parameter?: string;
}

export interface OnnxFunction {
  name?: string;
  inputs: string[];
  outputs: string[];
  nodes: OnnxNode[];
  opsets: OnnxOpset[];
  domain?: string;
  overload?: string;
  attributeDefaults: OnnxAttribute[];
}

export const MAX_RANK = 32;
/** Longest `value_ints` list that still counts as a known constant. */
export const MAX_LIST = 1024;

const entry: MessageKind<OnnxEntry> = message<OnnxEntry>(() => ({ key: one(1, text), value: one(2, text) }));

const tensor: MessageKind<OnnxTensor> = message<OnnxTensor>(() => ({
  name: one(8, text),
  dims: many(1, integer, MAX_RANK + 1),
  dataType: one(2, int32),
  rawData: one(9, octets),
  floatData: many(4, octets),
  int32Data: many(5, octets),
  stringData: many(6, octets),
  int64Data: many(7, octets),
  doubleData: many(10, octets),
  uint64Data: many(11, octets),
  externalData: many(13, entry),
  dataLocation: one(14, int32),
}));

const sparseTensor: MessageKind<OnnxSparseTensor> = message<OnnxSparseTensor>(() => ({
  values: one(1, tensor),
  indices: one(2, tensor),
  dims: many(3, integer, MAX_RANK + 1),
}));

const dimension: MessageKind<OnnxDimension> = message<OnnxDimension>(() => ({
  value: one(1, integer),
  parameter: one(2, text),
}));
const shape: MessageKind<OnnxShape> = message<OnnxShape>(() => ({ dims: many(1, dimension) }));
const tensorType: MessageKind<OnnxTensorType> = message<OnnxTensorType>(() => ({
  dataType: one(1, int32),
  shape: one(2, shape),
}));
const type: MessageKind<OnnxType> = message<OnnxType>(() => ({ tensor: one(1, tensorType) }));
const value: MessageKind<OnnxValue> = message<OnnxValue>(() => ({ name: one(1, text), type: one(2, type) }));
const opset: MessageKind<OnnxOpset> = message<OnnxOpset>(() => ({
  domain: one(1, text),
  version: one(2, integer),
}));

const graph: MessageKind<OnnxGraph> = message<OnnxGraph>(() => ({
  name: one(2, text),
  nodes: many(1, node),
  initializers: many(5, tensor),
  sparseInitializers: many(15, sparseTensor),
  inputs: many(11, value),
  outputs: many(12, value),
  valueInfo: many(13, value),
}));

const attribute: MessageKind<OnnxAttribute> = message<OnnxAttribute>(() => ({
  name: one(1, text),
  f: one(2, float32),
  i: one(3, integer),
  s: one(4, octets),
  tensor: one(5, tensor),
  graph: one(6, graph),
  ints: many(8, integer, MAX_LIST + 1),
  tensors: many(10, tensor),
  graphs: many(11, graph),
  type: one(20, int32),
  reference: one(21, text),
  sparseTensor: one(22, sparseTensor),
  sparseTensors: many(23, sparseTensor),
}));

const node: MessageKind<OnnxNode> = message<OnnxNode>(() => ({
  inputs: many(1, text),
  outputs: many(2, text),
  name: one(3, text),
  opType: one(4, text),
  domain: one(7, text),
  overload: one(8, text),
  attributes: many(5, attribute),
}));

const localFunction: MessageKind<OnnxFunction> = message<OnnxFunction>(() => ({
  name: one(1, text),
  inputs: many(4, text),
  outputs: many(5, text),
  nodes: many(7, node),
  opsets: many(9, opset),
  domain: one(10, text),
  overload: one(13, text),
  attributeDefaults: many(11, attribute),
}));

export const onnxModel: MessageKind<OnnxModel> = message<OnnxModel>(() => ({
  irVersion: one(1, integer),
  graph: one(7, graph),
  opsets: many(8, opset),
  functions: many(25, localFunction),
  trainingInfo: many(20, octets),
}));
