import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Intentions } from '../../../../src/controller/replacement/intentions.ts';

function made() {
  let now = 0;
  const intentions = new Intentions(() => now);
  const add = (evicted: string, node: string, owner = 'web') =>
    intentions.add({ owner, evicted, node, until: 1000 });
  return { intentions, add, at: (time: number) => (now = time) };
}

test('the pod that the same controller makes next takes the place, and keeps it', () => {
  const { intentions, add } = made();
  add('old-1', 'n1');
  assert.equal(intentions.nodeFor('other', 'api'), undefined);
  assert.equal(intentions.nodeFor('bare', undefined), undefined);
  assert.equal(intentions.nodeFor('new-1', 'web'), 'n1');
  assert.equal(intentions.nodeFor('new-1', 'web'), 'n1');
  assert.equal(intentions.nodeFor('new-2', 'web'), undefined);
});

test('several places of one controller are taken in turn', () => {
  const { intentions, add } = made();
  add('old-1', 'n1');
  add('old-2', 'n2');
  assert.deepEqual(
    ['a', 'b', 'a'].map((uid) => intentions.nodeFor(uid, 'web')),
    ['n1', 'n2', 'n1'],
  );
});

test('a plan that is too old is abandoned', () => {
  const { intentions, add, at } = made();
  add('old-1', 'n1');
  add('old-2', 'n2');
  assert.equal(intentions.nodeFor('new-1', 'web'), 'n1');
  assert.equal(intentions.open, 2);
  at(1000);
  assert.equal(intentions.open, 0);
  assert.equal(intentions.nodeFor('new-1', 'web'), undefined);
  assert.equal(intentions.nodeFor('new-2', 'web'), undefined);
});

test('an eviction that did not come about is taken back', () => {
  const { intentions, add } = made();
  add('old-1', 'n1');
  intentions.withdraw('old-1');
  assert.equal(intentions.nodeFor('new-1', 'web'), undefined);
  assert.equal(intentions.open, 0);
});

test('a pod that has a node tells once what was planned for it', () => {
  const { intentions, add } = made();
  add('old-1', 'n1');
  intentions.nodeFor('new-1', 'web');
  assert.equal(intentions.settle('new-1')?.evicted, 'old-1');
  assert.equal(intentions.settle('new-1'), undefined);
  assert.equal(intentions.settle('never'), undefined);
  assert.equal(intentions.open, 0);
});
