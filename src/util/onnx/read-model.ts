import { onnxErrors } from './errors.ts';
import {
  ELEMENT_TYPE,
  type ElementType,
  elements,
  type OnnxDimension,
  type OnnxTensor,
  type OnnxValue,
  type TensorData,
} from './model.ts';
import { type ProtobufField, packedIntegers, protobufFields } from './protobuf.ts';

/** What has to be known of a model before it is run: everything but how its operators hang together. */
export interface OnnxSummary {
  readonly irVersion: number;
  /** Of the standard operators; undefined where none are imported. */
  readonly opset: number | undefined;
  /** Domains of other operators that it needs. */
  readonly otherDomains: readonly string[];
  /** Name of the graph; empty where it has none. */
  readonly graph: string;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: readonly OnnxTensor[];
  readonly operators: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Tensors that say that their data lie in another file (onnx.proto, TensorProto.DataLocation). */
const EXTERNAL = 1;

/**
 * Reads the bytes of an ONNX file.
 *
 * @throws KISIM_E_ONNX_FORMAT where it is cut short, is not one, or has its weights elsewhere
 */
export function readOnnx(file: Uint8Array): OnnxSummary {
  let irVersion = 0;
  let graph: Uint8Array | undefined;
  let opset: number | undefined;
  const otherDomains: string[] = [];
  const metadata: Record<string, string> = {};
  for (const each of protobufFields(file)) {
    if (each.field === 1) irVersion = each.integer;
    else if (each.field === 7) graph = each.bytes;
    else if (each.field === 8) {
      const fields = fieldsOf(each.bytes);
      const domain = textOf(fields.get(1));
      if (domain === '' || domain === 'ai.onnx') opset = fields.get(2)?.integer;
      else otherDomains.push(domain);
    } else if (each.field === 14) {
      const fields = fieldsOf(each.bytes);
      metadata[textOf(fields.get(1))] = textOf(fields.get(2));
    }
  }
  if (graph === undefined) throw onnxErrors.KISIM_E_ONNX_FORMAT('no graph');
  return { irVersion, opset, otherDomains, metadata, ...readGraph(graph) };
}

function readGraph(
  graph: Uint8Array,
): Pick<OnnxSummary, 'graph' | 'inputs' | 'outputs' | 'initializers' | 'operators'> {
  let name = '';
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const initializers: OnnxTensor[] = [];
  const operators = new Set<string>();
  for (const { field, bytes } of protobufFields(graph)) {
    if (field === 1) operators.add(textOf(fieldsOf(bytes).get(4)));
    else if (field === 2) name = Buffer.from(bytes).toString();
    else if (field === 5) initializers.push(readTensor(bytes));
    else if (field === 11) inputs.push(readValue(bytes));
    else if (field === 12) outputs.push(readValue(bytes));
  }
  return { graph: name, inputs, outputs, initializers, operators: [...operators].sort() };
}

function readTensor(bytes: Uint8Array): OnnxTensor {
  const dims: number[] = [];
  let [type, location] = [0, 0];
  let name = '';
  let raw: Uint8Array | undefined;
  const floats: Uint8Array[] = [];
  const doubles: Uint8Array[] = [];
  for (const each of protobufFields(bytes)) {
    if (each.field === 1) dims.push(...(each.isVarint ? [each.integer] : packedIntegers(each.bytes)));
    else if (each.field === 2) type = each.integer;
    else if (each.field === 4) floats.push(each.bytes);
    else if (each.field === 8) name = Buffer.from(each.bytes).toString();
    else if (each.field === 9) raw = each.bytes;
    else if (each.field === 10) doubles.push(each.bytes);
    else if (each.field === 14) location = each.integer;
  }
  if (location === EXTERNAL) throw onnxErrors.KISIM_E_ONNX_FORMAT(`the data of ${name} are in another file`);
  const typeName = elementType(type, name);
  const data = dataOf(typeName, raw ?? Buffer.concat(typeName === 'double' ? doubles : floats), name);
  if (dims.some((dim) => dim < 0) || data.length !== elements(dims))
    throw onnxErrors.KISIM_E_ONNX_FORMAT(`${name} has ${data.length} numbers for ${dims.join(' x ')}`);
  return { name, type: typeName, dims, data };
}

const widths: Readonly<Record<ElementType, number>> = { float: 4, int32: 4, int64: 8, bool: 1, double: 8 };

function dataOf(type: ElementType, bytes: Uint8Array, name: string): TensorData {
  if (bytes.length % widths[type] !== 0)
    throw onnxErrors.KISIM_E_ONNX_FORMAT(`${name} has ${bytes.length} bytes of ${type}`);
  // Copied, since data in a file lie anywhere and typed arrays must be aligned.
  const { buffer } = Uint8Array.from(bytes);
  if (type === 'float') return new Float32Array(buffer);
  if (type === 'double') return new Float64Array(buffer);
  if (type === 'int32') return new Int32Array(buffer);
  if (type === 'int64') return new BigInt64Array(buffer);
  return new Uint8Array(buffer);
}

function readValue(bytes: Uint8Array): OnnxValue {
  const value = fieldsOf(bytes);
  const name = textOf(value.get(1));
  const tensor = fieldsOf(fieldsOf(value.get(2)?.bytes).get(1)?.bytes);
  const dims: OnnxDimension[] = [];
  const shape = tensor.get(2)?.bytes;
  if (shape !== undefined)
    for (const { field, bytes: dim } of protobufFields(shape)) {
      if (field !== 1) continue;
      const fields = fieldsOf(dim);
      const size = fields.get(1);
      dims.push(size === undefined ? textOf(fields.get(2)) : size.integer);
    }
  return { name, type: elementType(tensor.get(1)?.integer ?? 0, name), dims };
}

function elementType(type: number, name: string): ElementType {
  const found = Object.entries(ELEMENT_TYPE).find(([, number]) => number === type);
  if (found === undefined) throw onnxErrors.KISIM_E_ONNX_FORMAT(`${name} is of element type ${type}`);
  return found[0] as ElementType;
}

/** Of fields that come once; the last one counts, as the format has it. */
function fieldsOf(message: Uint8Array | undefined): ReadonlyMap<number, ProtobufField> {
  const fields = new Map<number, ProtobufField>();
  if (message !== undefined) for (const each of protobufFields(message)) fields.set(each.field, each);
  return fields;
}

function textOf(field: ProtobufField | undefined): string {
  return field === undefined ? '' : Buffer.from(field.bytes).toString();
}
