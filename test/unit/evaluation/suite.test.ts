import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cellName,
  checkSuite,
  pairingSeeds,
  pairingsOf,
  policiesOf,
  type Suite,
} from '../../../src/evaluation/suite.ts';
import { loadSuite, parseSuite } from '../../../src/evaluation/suite-file.ts';
import { namedSuites } from '../../../src/evaluation/suites.ts';

const suite: Suite = {
  name: 'test',
  cells: [
    { scenario: 'B', load: 0.3, control: false, policies: [] },
    { scenario: 'E', load: 0.6, control: false, policies: ['wait', 'a'] },
  ],
  policies: ['base', 'a'],
  baseline: 'base',
  clusters: 3,
  seeds: 2,
  seed: 7,
  offline: false,
};

test('every cell, cluster and seed is one pairing, and its seeds do not depend on the others', () => {
  const pairings = pairingsOf(suite);
  assert.equal(new Set(pairings.map((pairing) => JSON.stringify(pairing))).size, 12);
  const alone: Suite = { ...suite, cells: [suite.cells[1]!], clusters: 1, seeds: 1 };
  assert.deepEqual(
    pairingSeeds(alone, { cell: 0, cluster: 0, seed: 0 }),
    pairingSeeds(suite, { cell: 1, cluster: 0, seed: 0 }),
  );
});

test('clusters are the same in all cells, workloads are not', () => {
  const a = pairingSeeds(suite, { cell: 0, cluster: 1, seed: 0 });
  const b = pairingSeeds(suite, { cell: 1, cluster: 1, seed: 0 });
  assert.equal(a.cluster, b.cluster);
  assert.notEqual(a.workload, b.workload);
  const seen = new Set(pairingsOf(suite).map((pairing) => pairingSeeds(suite, pairing).workload));
  assert.equal(seen.size, 12);
});

test('a cell has the policies of the suite and its own, each once; a control has no offline solution', () => {
  assert.deepEqual(policiesOf(suite, 1), ['base', 'a', 'wait']);
  const offline = {
    ...suite,
    offline: true,
    cells: [{ ...suite.cells[0]!, control: true }, suite.cells[1]!],
  };
  assert.deepEqual(policiesOf(offline, 0), ['base', 'a']);
  assert.deepEqual(policiesOf(offline, 1), ['base', 'a', 'wait', 'offline']);
});

test('loads are named in percent', () => {
  assert.equal(cellName({ scenario: 'B', load: 0.3 }), 'B 30 %');
  assert.equal(cellName({ scenario: 'B', load: 0.555 }), 'B 55.5 %');
});

test('what no suite can be is refused with its reason', () => {
  const refused = (change: Partial<Suite>, says: RegExp) =>
    assert.throws(() => checkSuite({ ...suite, ...change }), {
      code: 'KISIM_E_EVALUATION_SUITE',
      message: says,
    });
  refused({ baseline: 'other' }, /the baseline other is not among/);
  refused({ clusters: 0 }, /clusters is 0/);
  refused({ seeds: 1.5 }, /seeds is 1.5/);
  refused({ seed: -1 }, /seed is -1/);
  refused({ cells: [] }, /no cells/);
  refused({ cells: [suite.cells[0]!, suite.cells[0]!] }, /B 30 % twice/);
  refused({ cells: [{ ...suite.cells[0]!, load: 1.2 }] }, /load of 1.2/);
  refused({ policies: ['base'] }, /nothing beside the baseline/);
});

test('the named suites can be run, and hold the headline rows with a control', () => {
  for (const named of Object.values(namedSuites)) {
    checkSuite(named);
    const names = named.cells.map(cellName);
    for (const row of ['Brnd 30 %', 'Brnd 90 %', 'Drnd 60 %', 'Ernd 30 %', 'A-linear 60 %'])
      assert.ok(names.includes(row), `${named.name} has no ${row}`);
    assert.ok(!names.includes('Ernd 90 %'));
    assert.ok(named.cells.some(({ control }) => control));
  }
  assert.ok(namedSuites['default']!.clusters >= 20);
});

test('a file gives a suite, and what it leaves out is as in the default', () => {
  const parsed = parseSuite(
    'mine.yaml',
    `
name: mine
clusters: 2
policies: [kube-scheduler, best-fit]
cells:
  - scenario: D
    loads: [0.3, 0.6]
    policies: [efficiency-first]
  - scenario: A-linear
    loads: [0.6]
    control: true
`,
  );
  assert.equal(parsed.name, 'mine');
  assert.equal(parsed.clusters, 2);
  assert.equal(parsed.baseline, 'kube-scheduler');
  assert.deepEqual(parsed.cells.map(cellName), ['D 30 %', 'D 60 %', 'A-linear 60 %']);
  assert.deepEqual(
    parsed.cells.map(({ control }) => control),
    [false, false, true],
  );
  assert.deepEqual(parsed.cells[0]!.policies, ['efficiency-first']);
});

test('mistakes in a file are told with its line', () => {
  const refused = (text: string, says: RegExp) =>
    assert.throws(() => parseSuite('mine.yaml', text), {
      code: 'KISIM_E_EVALUATION_SUITE_FILE',
      message: says,
    });
  refused('clusters: 2\nloads: [0.3]\n', /mine\.yaml:2: loads/);
  refused('clusters: 2\ncells:\n  - scenario: B\n    loads: [0.3, 3]\n', /mine\.yaml:4: cells\.0\.loads\.1/);
  refused('seeds: [\n', /mine\.yaml:/);
  refused('just text', /mine\.yaml:1/);
  assert.throws(() => loadSuite('/nowhere/suite.yaml'), {
    code: 'KISIM_E_EVALUATION_SUITE_FILE',
    message: /ENOENT/,
  });
});
