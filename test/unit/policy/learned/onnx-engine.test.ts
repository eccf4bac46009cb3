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

test('a model that answers no numbers is told, and one that fails is left alone for a while', async () => {
  const dividing = graph.nodes.map((node) => (node.op === 'Neg' ? { ...node, op: 'Log' } : node));
  const engine = new OnnxEngine({ path: 'm', onnx: writeOnnx({ ...graph, nodes: dividing }) }, 60_000);
  await engine.ready;
  const negative = columns(2).fill(-1);
  assert.equal(engine.score(negative, 2, 2, new Float64Array(2)), 'not-a-number');
  await engine.close();

  const late = new OnnxEngine({ path: 'm', onnx }, 0);
  await late.ready;
  const asked = Array.from({ length: 20 }, () => late.score(columns(1), 1, 1, new Float64Array(1)));
  assert.deepEqual(new Set(asked), new Set(['late']));
  await late.close();
});

test('a file that onnxruntime cannot load is told with its reason', async () => {
  const nodes = graph.nodes.map((node) => (node.op === 'Neg' ? { ...node, op: 'NoSuchOperator' } : node));
  const engine = new OnnxEngine({ path: 'm.onnx', onnx: writeOnnx({ ...graph, nodes }) });
  await assert.rejects(engine.ready, { code: 'KISIM_E_MODEL_ENGINE', message: /m\.onnx.*NoSuchOperator/ });
  assert.equal(engine.score(columns(1), 1, 1, new Float64Array(1)), 'starting');
});
