/** Types of tensors as ONNX numbers them (onnx.proto, TensorProto.DataType). */
export const ELEMENT_TYPE = { float: 1, int32: 6, int64: 7, bool: 9, double: 11 } as const;
export type ElementType = keyof typeof ELEMENT_TYPE;

export type TensorData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

export interface OnnxTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** In row-major order; of booleans a byte each, 0 or 1. */
  readonly data: TensorData;
}

/** `float` where it has a point in ONNX's eyes: 1 is an integer, { float: 1 } is not. */
export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly tensor: OnnxTensor };

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** A name in place of a number: any size, the same wherever the name is the same. */
export type OnnxDimension = number | string;

export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly OnnxDimension[];
}

/** The part of ONNX that the program writes and reads: one graph of standard operators, all weights inside. */
export interface OnnxModel {
  /** Of the operators without a domain, which are all that there are. */
  readonly opset: number;
  readonly producer: string;
  readonly graph: string;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: readonly OnnxTensor[];
  readonly nodes: readonly OnnxNode[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The least opset that the program writes, and IR 8, its own (ONNX versioning table). */
export const OPSET = 18;
export const IR_VERSION = 8;

/** Number of elements of a tensor. */
export function elements(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}
