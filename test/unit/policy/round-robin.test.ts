import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState } from '../../../src/cluster/cluster-state.ts';
import { roundRobinPolicy } from '../../../src/policy/round-robin.ts';
import { startOn } from '../../support/chosen.ts';
import { podOf, server } from '../../support/random-cluster.ts';

const cluster = new ClusterState(['a', 'b', 'c', 'd'].map((name) => server(name, 0)));

function of(...nodes: number[]) {
  return { nodes: Int32Array.from(nodes), count: nodes.length };
}

test('goes round over all nodes', () => {
  const run = startOn(roundRobinPolicy, cluster);
  const all = of(0, 1, 2, 3);
  assert.deepEqual(
    Array.from({ length: 6 }, () => run.choose(podOf(0), all)),
    [0, 1, 2, 3, 0, 1],
  );
});

test('skips nodes that the pod does not fit, and begins anew behind the last', () => {
  const run = startOn(roundRobinPolicy, cluster);
  assert.equal(run.choose(podOf(0), of(2, 3)), 2);
  assert.equal(run.choose(podOf(1), of(0, 1, 2)), 0);
  assert.equal(run.choose(podOf(2), of(0, 3)), 3);
});

test('goes on from where it was saved', () => {
  const run = startOn(roundRobinPolicy, cluster);
  run.choose(podOf(0), of(0, 1, 2));
  const copy = startOn(roundRobinPolicy, cluster);
  copy.restore!(JSON.parse(JSON.stringify(run.save!())));
  assert.equal(copy.choose(podOf(1), of(0, 1, 2)), 1);
});
