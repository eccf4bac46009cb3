import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../../../src/cluster/node.ts';
import { parseNodeTable, readNodeTable } from '../../../../src/simulation/inputs/node-table.ts';
import { KisimError } from '../../../../src/util/errors.ts';

const node = (name: string, more: Partial<Node> = {}): Node => ({
  name,
  labels: {},
  cpuMilli: 4000,
  memoryBytes: 2 ** 33,
  pods: 110,
  ...more,
});

const table = parseNodeTable(
  'nodes.yaml',
  `nodes:
  - match: {name: "rack1-*"}
    power: {model: epyc3-128t}
    sleep: {watts: 3, wake-seconds: 40, wake-watts: 90}
  - match: {labels: {kind: old}}
    power: {idle-watts: 100, full-watts: 200}
    threads-per-core: 2
  - match: {name: "node-?", labels: {kind: exact}}
    power: {curve: [10, 20, 60]}
    speed: 1.5
`,
);

test('a model is scaled to the CPUs of the node, and shared between equal nodes', () => {
  const [a, b, c] = [node('rack1-a'), node('rack1-b'), node('rack1-c', { cpuMilli: 8000 })].map((each) =>
    table.describe(each),
  );
  assert.equal(a!.power, b!.power);
  assert.ok(Math.abs(c!.power!.fullWatts / a!.power!.fullWatts - 2) < 1e-12);
  assert.equal(a!.power!.provenance, 'estimated');
  assert.deepEqual(a!.sleep, { sleepWatts: 3, wakeSeconds: 40, wakeWatts: 90, emptySeconds: 600 });
});

test('watts at both ends, and a measured curve', () => {
  const old = table.describe(node('x', { labels: { kind: 'old' } }));
  assert.equal(old.power!.watts(0), 100);
  assert.equal(old.power!.watts(1), 200);
  assert.deepEqual(old.smt, { threadsPerCore: 2, secondThreadYield: 0.3 });
  const exact = table.describe(node('node-1', { labels: { kind: 'exact' } }));
  assert.equal(exact.power!.watts(0.25), 15);
  assert.equal(exact.power!.provenance, 'measured');
  assert.equal(exact.speed, 1.5);
});

test('a node that no row matches stays as it is, and a dot in a name is no pattern', () => {
  const other = node('node-12', { labels: { kind: 'exact' } });
  assert.equal(table.describe(other), other);
  const dotted = parseNodeTable('t', 'nodes: [{match: {name: a.b}, power: {curve: [1, 2]}}]');
  assert.equal(dotted.describe(node('axb')).power, undefined);
  assert.equal(dotted.describe(node('a.b')).power!.idleWatts, 1);
});

for (const [what, text, says] of [
  ['an unknown model', 'nodes:\n- match: {name: a}\n  power: {model: nonsense}', /t:2: no model 'nonsense'/],
  ['an unknown key', 'nodes:\n- match: {name: a}\n  powr: {curve: [1, 2]}', /t:3: nodes\.0\.powr: /],
  ['a row that matches nothing', 'nodes:\n- match: {}\n', /t:2: nodes\.0\.match: neither name nor labels/],
  ['watts that fall', 'nodes:\n- match: {name: a}\n  power: {curve: [5, 2]}', /t:2/],
  ['no YAML', 'nodes: [', /t:1/],
] as const)
  test(`${what} is told with its line`, () => {
    assert.throws(
      () => parseNodeTable('t', text),
      (error) => error instanceof KisimError && says.test(error.message),
    );
  });

test('a file that is not there', () => {
  assert.throws(() => readNodeTable('/nonexistent/nodes.yaml'), { code: 'KISIM_E_INPUT_UNREADABLE' });
});
