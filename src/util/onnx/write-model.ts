import {
  ELEMENT_TYPE,
  elements,
  IR_VERSION,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './model.ts';
import { ProtobufWriter } from './protobuf.ts';

/** Kinds of attributes (onnx.proto, AttributeProto.AttributeType). */
const ATTRIBUTE = { float: 1, integer: 2, text: 3, tensor: 4, integers: 7 } as const;

/**
 * The bytes of an ONNX file; the same model gives the same bytes. Field numbers are those of onnx.proto (ONNX 1.13).
 *
 * @throws RangeError for a tensor whose data are not as many as its dimensions say
 */
export function writeOnnx(model: OnnxModel): Uint8Array {
  const file = new ProtobufWriter();
  file
    .integer(1, IR_VERSION)
    .text(2, model.producer)
    .message(7, (graph) => {
      for (const node of model.nodes) graph.message(1, (writer) => writeNode(writer, node));
      graph.text(2, model.graph);
      for (const tensor of model.initializers) graph.message(5, (writer) => writeTensor(writer, tensor));
      for (const value of model.inputs) graph.message(11, (writer) => writeValue(writer, value));
      for (const value of model.outputs) graph.message(12, (writer) => writeValue(writer, value));
    })
    .message(8, (opset) => opset.text(1, '').integer(2, model.opset));
  for (const [key, value] of Object.entries(model.metadata))
    file.message(14, (entry) => entry.text(1, key).text(2, value));
  return file.finish();
}

function writeNode(writer: ProtobufWriter, { op, inputs, outputs, attributes = {} }: OnnxNode): void {
  for (const name of inputs) writer.text(1, name);
  for (const name of outputs) writer.text(2, name);
  writer.text(3, outputs[0] ?? op).text(4, op);
  for (const [name, value] of Object.entries(attributes))
    writer.message(5, (attribute) => writeAttribute(attribute.text(1, name), value));
}

function writeAttribute(writer: ProtobufWriter, value: OnnxAttribute): void {
  if (typeof value === 'number') writer.integer(3, value).integer(20, ATTRIBUTE.integer);
  else if (typeof value === 'string') writer.text(4, value).integer(20, ATTRIBUTE.text);
  else if ('float' in value) writer.float(2, value.float).integer(20, ATTRIBUTE.float);
  else if ('tensor' in value)
    writer.message(5, (tensor) => writeTensor(tensor, value.tensor)).integer(20, ATTRIBUTE.tensor);
  else {
    for (const each of value) writer.integer(8, each);
    writer.integer(20, ATTRIBUTE.integers);
  }
}

function writeTensor(writer: ProtobufWriter, { name, type, dims, data }: OnnxTensor): void {
  if (data.length !== elements(dims))
    throw new RangeError(`${name} has ${data.length} numbers for ${dims.join(' x ')}`);
  // Raw data are little-endian; all machines that the program runs on are.
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  writer.integers(1, dims).integer(2, ELEMENT_TYPE[type]).text(8, name).bytes(9, raw);
}

function writeValue(writer: ProtobufWriter, { name, type, dims }: OnnxValue): void {
  writer.text(1, name).message(2, (typed) =>
    typed.message(1, (tensor) =>
      tensor.integer(1, ELEMENT_TYPE[type]).message(2, (shape) => {
        for (const dim of dims)
          shape.message(1, (one) => (typeof dim === 'number' ? one.integer(1, dim) : one.text(2, dim)));
      }),
    ),
  );
}
