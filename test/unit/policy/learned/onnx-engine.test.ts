import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scorerGraph } from '../../../../src/learning/onnx/scorer-graph.ts';
import { marginalRunOut } from '../../../../src/policy/energy/marginal-run-out.ts';
import { TERM_COUNT, WAIT_TERM_COUNT } from '../../../../src/policy/energy/term-table.ts';
import { OnnxEngine } from '../../../../src/policy/learned/onnx-engine.ts';
import { writeOnnx } from '../../../../src/util/onnx/write-model.ts';

const graph = scorerGraph({ policy: marginalRunOut, start: marginalRunOut });
const onnx = writeOnnx(graph);
const columns = (count: number) => new Float64Array(TERM_COUNT * count).fill(1);

test('before the model is loaded there is no answer, and none is waited for', async () => {
  const engine = new OnnxEngine({ path: 'm', onnx }, 60_000);
  assert.equal(engine.score(columns(2), 2, 2, new Float64Array(2)), 'starting');
  await engine.ready;
  const out = new Float64Array(2);
  assert.equal(engine.score(columns(2), 2, 2, out), undefined);
  assert.deepEqual([...out], [-2, -2]);
  await engine.close();
});

test('answers belong to their questions, whatever the sizes', async () => {
  const engine = new OnnxEngine({ path: 'm', onnx }, 60_000);
  await engine.ready;
  for (const count of [3, 1, 50, 2, 1000, 7]) {
    const terms = new Float64Array(TERM_COUNT * (count + 5));
    for (let i = 0; i < count; i++) terms[i] = i;
    const out = new Float64Array(count);
    assert.equal(engine.score(terms, count + 5, count, out), undefined);
    for (let i = 0; i < count; i++) assert.ok(out[i] === -i);
    assert.equal(engine.wait(new Float64Array(WAIT_TERM_COUNT)), -1);
  }
  await engine.close();
});

test('a model that answers no numbers is told', async () => {
  const dividing = graph.nodes.map((node) => (node.op === 'Neg' ? { ...node, op: 'Log' } : node));
  const engine = new OnnxEngine({ path: 'm', onnx: writeOnnx({ ...graph, nodes: dividing }) }, 60_000);
  await engine.ready;
  const negative = columns(2).fill(-1);
  assert.equal(engine.score(negative, 2, 2, new Float64Array(2)), 'not-a-number');
  await engine.close();
});

test('a model that keeps failing is left alone for a while, and then asked again', async () => {
  // What is masked has two elements: that goes with two nodes and with no other number above one.
  const forTwo = graph.initializers.map((tensor) =>
    tensor.name === 'masked-score' ? { ...tensor, dims: [2], data: Float64Array.of(-1, -1) } : tensor,
  );
  const engine = new OnnxEngine({ path: 'm', onnx: writeOnnx({ ...graph, initializers: forTwo }) }, 60_000);
  await engine.ready;
  const ask = (count: number) => engine.score(columns(count), count, count, new Float64Array(count));
  assert.deepEqual(
    [ask(3), ask(3), ask(2), ask(3), ask(3), ask(3)],
    ['failed', 'failed', undefined, 'failed', 'failed', 'failed'],
  );
  assert.deepEqual(new Set(Array.from({ length: 100 }, () => ask(2))), new Set(['late']));
  assert.equal(ask(2), undefined);
  await engine.close();
});

test('a model that does not answer is not waited for beyond the deadline', async () => {
  const engine = new OnnxEngine({ path: 'm', onnx }, 1);
  await engine.ready;
  // Nobody is left who could answer.
  await engine.close();
  const asked = Array.from({ length: 20 }, () => engine.score(columns(1), 1, 1, new Float64Array(1)));
  assert.deepEqual(new Set(asked), new Set(['late']));
});

test('a file that onnxruntime cannot load is told with its reason', async () => {
  const nodes = graph.nodes.map((node) => (node.op === 'Neg' ? { ...node, op: 'NoSuchOperator' } : node));
  const engine = new OnnxEngine({ path: 'm.onnx', onnx: writeOnnx({ ...graph, nodes }) });
  await assert.rejects(engine.ready, { code: 'KISIM_E_MODEL_ENGINE', message: /m\.onnx.*NoSuchOperator/ });
  assert.equal(engine.score(columns(1), 1, 1, new Float64Array(1)), 'starting');
});
