import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scorerGraph } from '../../../../src/learning/onnx/scorer-graph.ts';
import { bidPrice } from '../../../../src/policy/energy/bid-price.ts';
import { marginalRunOut } from '../../../../src/policy/energy/marginal-run-out.ts';
import { checkModel, loadModel } from '../../../../src/policy/learned/load-model.ts';
import { META } from '../../../../src/policy/learned/model-format.ts';
import type { OnnxModel } from '../../../../src/util/onnx/model.ts';
import { writeOnnx } from '../../../../src/util/onnx/write-model.ts';

const policy = bidPrice('bid-price', 0.5);
const good = scorerGraph({ policy, start: marginalRunOut, cluster: 'abc' });

const check = (model: OnnxModel) => checkModel('m.onnx', writeOnnx(model));
const refused = (model: OnnxModel, code: string, found: RegExp) =>
  assert.throws(
    () => check(model),
    (error: { code?: string; message: string }) => {
      assert.equal(error.code, code);
      assert.match(error.message, found);
      return true;
    },
  );

test('a model tells its policy, its rule and its cluster', () => {
  const model = check(good);
  assert.deepEqual(model.point, { ...policy, weights: Float64Array.from(policy.weights) });
  assert.deepEqual(model.start, { ...marginalRunOut, weights: Float64Array.from(marginalRunOut.weights) });
  assert.equal(model.cluster, 'abc');
  assert.match(model.sha256, /^[0-9a-f]{64}$/);
});

test('a model for another feature set is refused by that name', () => {
  const metadata = { ...good.metadata, [META.features]: 'terms-1' };
  refused({ ...good, metadata }, 'KISIM_E_MODEL_FEATURES', /another feature set.*terms-1/);
});

test('models of another shape are refused', () => {
  const inputs = good.inputs.map((each) => (each.name === 'terms' ? { ...each, dims: [3, 'nodes'] } : each));
  refused({ ...good, inputs }, 'KISIM_E_MODEL_SHAPE', /terms double \[3, nodes\]/);
  const fixed = good.inputs.map((each) => (each.name === 'mask' ? { ...each, dims: [24] } : each));
  refused({ ...good, inputs: fixed }, 'KISIM_E_MODEL_SHAPE', /mask bool \[24\]/);
  refused({ ...good, outputs: good.outputs.slice(0, 1) }, 'KISIM_E_MODEL_SHAPE', /outputs scores/);
  const floats = good.outputs.map((each) => ({ ...each, type: 'float' as const }));
  refused({ ...good, outputs: floats }, 'KISIM_E_MODEL_SHAPE', /scores float/);
});

test('a model of another opset is refused', () => {
  refused({ ...good, opset: 9 }, 'KISIM_E_MODEL_OPSET', /opset 9/);
  refused({ ...good, opset: 99 }, 'KISIM_E_MODEL_OPSET', /opset 99/);
});

test('a model with a weight that is no number is refused with its place', () => {
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const initializers = good.initializers.map((each) =>
      each.name === 'weights'
        ? { ...each, data: Float64Array.from(each.data as Float64Array).fill(wrong, 2, 3) }
        : each,
    );
    refused({ ...good, initializers }, 'KISIM_E_MODEL_NUMBERS', /weights\[2\] is/);
  }
});

test('metadata that are missing or wrong are refused', () => {
  const without = (key: string) =>
    Object.fromEntries(Object.entries(good.metadata).filter(([name]) => name !== key));
  refused({ ...good, metadata: without(META.kind) }, 'KISIM_E_MODEL_METADATA', /kind missing/);
  refused({ ...good, metadata: without(META.start) }, 'KISIM_E_MODEL_METADATA', /no kisimd.start/);
  const start = (text: string) => ({ ...good, metadata: { ...good.metadata, [META.start]: text } });
  refused(start('{'), 'KISIM_E_MODEL_METADATA', /no JSON/);
  refused(start('{"name":"x","unit":"J","weights":[1]}'), 'KISIM_E_MODEL_METADATA', /weights are not/);
  refused(start('{"name":"x","unit":"kg"}'), 'KISIM_E_MODEL_METADATA', /unit kg/);
});

test('a file cut short and a file that is not there are refused', () => {
  const bytes = writeOnnx(good);
  assert.throws(() => checkModel('m.onnx', bytes.subarray(0, 200)), { code: 'KISIM_E_ONNX_FORMAT' });
  assert.throws(() => loadModel('/nonexistent/model.onnx'), { code: 'KISIM_E_MODEL_UNREADABLE' });
});
