import type { OnnxTensor } from "./onnxSchema.ts";
import { DATA } from "./onnxTensors.ts";

type Read = (view: DataView, at: number) => bigint;

const LAYOUT: ReadonlyMap<number, { bytes: number; read: Read }> = new Map([
  [DATA.uint8, { bytes: 1, read: (view, at) => BigInt(view.getUint8(at)) }],
  [DATA.bool, { bytes: 1, read: (view, at) => BigInt(view.getUint8(at)) }],
  [DATA.int8, { bytes: 1, read: (view, at) => BigInt(view.getInt8(at)) }],
  [DATA.uint16, { bytes: 2, read: (view, at) => BigInt(view.getUint16(at, true)) }],
  [DATA.int16, { bytes: 2, read: (view, at) => BigInt(view.getInt16(at, true)) }],
  [DATA.uint32, { bytes: 4, read: (view, at) => BigInt(view.getUint32(at, true)) }],
  [DATA.int32, { bytes: 4, read: (view, at) => BigInt(view.getInt32(at, true)) }],
  [DATA.uint64, { bytes: 8, read: (view, at) => view.getBigUint64(at, true) }],
  [DATA.int64, { bytes: 8, read: (view, at) => view.getBigInt64(at, true) }],
]);

/** The whole numbers of a tensor that is stored in the model itself; `undefined` where it holds something else. */
export function integersOf(tensor: OnnxTensor): Iterable<bigint> | undefined {
  const layout = LAYOUT.get(tensor.dataType ?? 0);
  if (layout === undefined || tensor.dataLocation === 1) return undefined;
  if (tensor.rawData !== undefined) return fixedWidth(tensor.rawData, layout);
  return varints([...tensor.int32Data, ...tensor.int64Data, ...tensor.uint64Data], layout);
}

function* fixedWidth(data: Uint8Array, layout: { bytes: number; read: Read }): Generator<bigint> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at + layout.bytes <= data.length; at += layout.bytes) yield layout.read(view, at);
}

/** Narrowed as the runtime narrows them: an entry of 256 is a zero in an int8 tensor. */
function* varints(chunks: readonly Uint8Array[], layout: { bytes: number; read: Read }): Generator<bigint> {
  const scratch = new DataView(new ArrayBuffer(8));
  for (const chunk of chunks) {
    let value = 0n;
    let shift = 0n;
    for (const byte of chunk) {
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte >= 0x80) continue;
      scratch.setBigUint64(0, BigInt.asUintN(64, value), true);
      yield layout.read(scratch, 0);
      value = 0n;
      shift = 0n;
    }
  }
}
