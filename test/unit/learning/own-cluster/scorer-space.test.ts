import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScorerSpace } from '../../../../src/learning/own-cluster/scorer-space.ts';
import { TERM, TERM_COUNT } from '../../../../src/policy/energy/term-table.ts';

test('what needs nodes that sleep is not searched where none does', () => {
  const space = new ScorerSpace(false);
  const from = new Float64Array(space.size);
  const awake = space.searched(from, { sleeps: false });
  const sleeping = space.searched(from, { sleeps: true });
  assert.ok(!awake.includes(TERM.asleep) && !awake.includes(TERM.idleEnergy));
  assert.ok(sleeping.includes(TERM.asleep) && sleeping.includes(TERM.idleEnergy));
  assert.ok(awake.includes(TERM.activeEnergy));
});

test('terms of whole rules are searched where the search begins at such a rule', () => {
  const space = new ScorerSpace(false);
  const from = new Float64Array(space.size);
  assert.ok(!space.searched(from, { sleeps: true }).includes(TERM.kubeScore));
  from[TERM.kubeScore] = -1;
  assert.ok(space.searched(from, { sleeps: true }).includes(TERM.kubeScore));
});

test('all weights of waiting are searched where pods may wait', () => {
  const space = new ScorerSpace(true);
  const searched = space.searched(new Float64Array(space.size), { sleeps: false });
  assert.equal(searched.filter((position) => position >= TERM_COUNT).length, space.size - TERM_COUNT);
});
