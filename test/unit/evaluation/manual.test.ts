import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openLaboratory } from '../../../src/evaluation/own-laboratory.ts';
import { isRule, policiesOf, type Suite } from '../../../src/evaluation/suite.ts';
import { parseSuite } from '../../../src/evaluation/suite-file.ts';
import { namedSuites } from '../../../src/evaluation/suites.ts';

const manual = readFileSync(new URL('../../../docs/user/benchmark.md', import.meta.url), 'utf8');

/** Whoever runs the suite finds its scenarios and policies. */
function checkNames(suite: Suite): void {
  const laboratory = openLaboratory({ hardware: undefined });
  for (const [cell, { scenario }] of suite.cells.entries()) {
    laboratory.checkScenario(scenario);
    for (const policy of policiesOf(suite, cell).filter(isRule)) laboratory.checkPolicy(policy);
  }
}

test('the suite in the manual can be run', () => {
  const text = /```yaml\n([\s\S]*?)```/.exec(manual)![1]!;
  const suite = parseSuite('benchmark.md', text);
  assert.equal(suite.cells.length, 4);
  assert.equal(suite.clusters, 12);
  checkNames(suite);
});

test('the named suites have no scenario or policy that does not exist', () => {
  for (const suite of Object.values(namedSuites)) checkNames(suite);
});
