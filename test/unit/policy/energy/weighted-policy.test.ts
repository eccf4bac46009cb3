import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState, NODE_ASLEEP } from '../../../../src/cluster/cluster-state.ts';
import { marginalRunOut } from '../../../../src/policy/energy/marginal-run-out.ts';
import { waitRules } from '../../../../src/policy/energy/rules.ts';
import { weightedPolicy } from '../../../../src/policy/energy/weighted-policy.ts';
import { placementWeights, waitWeights } from '../../../../src/policy/energy/weights.ts';
import { WAIT } from '../../../../src/policy/policy.ts';
import { waiting } from '../../../../src/policy/waiting.ts';
import { candidatesOf, chosen, startOn } from '../../../support/chosen.ts';
import { podOf, randomCluster, randomPod, SLEEP, server } from '../../../support/random-cluster.ts';

test('weights are refused under an unknown name and where they are no number', () => {
  assert.throws(() => placementWeights({ 'active-enrgy': 1 }), { code: 'KISIM_E_POLICY_WEIGHTS' });
  assert.throws(() => waitWeights({ constant: Number.NaN }), { code: 'KISIM_E_POLICY_WEIGHTS' });
  assert.equal(placementWeights({ 'active-energy': 2 })[0], 2);
});

test('an explanation of marginal run-out energy is in joules', () => {
  const cluster = new ClusterState([server('a', 1, SLEEP), server('b', 2, SLEEP)]);
  cluster.now = 50;
  cluster.power[1] = NODE_ASLEEP;
  const run = startOn(weightedPolicy(marginalRunOut, 'first'), cluster);
  const pod = podOf(0, { predictedCpuMilli: 6400, predictedSeconds: 1000 });
  const [active, idle] = run.explain(pod, 0);
  assert.equal(active!.term, 'active-energy');
  assert.equal(active!.unit, 'J');
  // 10 % of the curve: 110 W after 70 W; the node has been empty for 50 s.
  assert.ok(Math.abs(active!.amount - 40_000) < 1e-6, `${active!.amount}`);
  assert.ok(Math.abs(idle!.amount - (70 - 9) * 1050) < 1e-6, `${idle!.amount}`);
});

test('the same choices come out of a shuffled list of decisions: nothing is remembered but the cluster', () => {
  const { cluster, random } = randomCluster(3);
  const pods = Array.from({ length: 20 }, (_, i) => randomPod(random, 900_000 + i));
  const run = startOn(weightedPolicy(marginalRunOut, 'first'), cluster);
  const inOrder = pods.map((pod) => run.choose(pod, candidatesOf(cluster, pod)));
  const reversed = pods.toReversed().map((pod) => run.choose(pod, candidatesOf(cluster, pod)));
  assert.deepEqual(reversed.reverse(), inOrder);
});

/** An old node that is on, a new one asleep. */
function oldAndAsleep(): ClusterState {
  const cluster = new ClusterState([server('old', 0, SLEEP), server('new', 2, SLEEP)]);
  cluster.place(podOf(50, { predictedSeconds: 100_000 }), 0);
  cluster.power[1] = NODE_ASLEEP;
  return cluster;
}

const patient = podOf(0, { predictedSeconds: 60, slackSeconds: 3600 });

test('the wait rules hold back what they say, and only while there is slack', () => {
  const cluster = oldAndAsleep();
  const onOld = weightedPolicy(
    { name: 'old', weights: placementWeights({ 'node-index': 1 }), unit: 'points' },
    'first',
  );
  const onNew = weightedPolicy(
    { name: 'new', weights: placementWeights({ 'node-index': -1 }), unit: 'points' },
    'first',
  );
  const rule = (name: string) => waitRules.find((each) => each.name === name)!;
  assert.equal(chosen(waiting(onOld, rule('no-wake')), cluster, patient), 0);
  assert.equal(chosen(waiting(onNew, rule('no-wake')), cluster, patient), WAIT);
  assert.equal(chosen(waiting(onOld, rule('best-type')), cluster, patient), WAIT);
  assert.equal(chosen(waiting(onNew, rule('best-type')), cluster, patient), 1);
  assert.equal(chosen(waiting(onOld, rule('not-worst-type')), cluster, patient), WAIT);
  assert.equal(chosen(waiting(onNew, rule('not-worst-type')), cluster, patient), 1);
  const run = startOn(waiting(onNew, rule('no-wake')), cluster);
  assert.equal(run.choose(patient, { ...candidatesOf(cluster, patient), slackLeft: 0 }), 1);
  assert.equal(chosen(waiting(onNew, rule('no-wake')), cluster, { ...patient, slackSeconds: 0 }), 1);
});

test('a threshold of energy holds back exactly what costs more', () => {
  const policy = weightedPolicy(marginalRunOut, 'first');
  let waited = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const { cluster, random } = randomCluster(seed);
    const pod = { ...randomPod(random, 900_000), slackSeconds: 600 };
    if (candidatesOf(cluster, pod).count === 0) continue;
    const run = startOn(policy, cluster);
    const node = run.choose(pod, candidatesOf(cluster, pod));
    const ratio = -scoreOf(node);
    for (const rule of waitRules.slice(0, 3)) {
      const waits = chosen(waiting(policy, rule), cluster, pod) === WAIT;
      assert.equal(waits, ratio > Number(rule.name));
      if (waits) waited++;
    }
    function scoreOf(at: number): number {
      const out = new Float64Array(1);
      run.scores!(pod, { nodes: Int32Array.of(at), count: 1 }, out);
      return out[0]!;
    }
  }
  assert.ok(waited > 10 && waited < 170, `${waited} waited`);
});

test('a point with wait weights is the rule wrapped in the wait rule', () => {
  const rule = waitRules.find(({ name }) => name === '2')!;
  const point = weightedPolicy({ ...marginalRunOut, waitWeights: rule.weights }, 'first');
  const wrapped = waiting(weightedPolicy(marginalRunOut, 'first'), rule);
  for (let seed = 1; seed < 30; seed++) {
    const { cluster, random } = randomCluster(seed);
    const pod = { ...randomPod(random, 900_000), slackSeconds: 600 };
    if (candidatesOf(cluster, pod).count === 0) continue;
    assert.equal(chosen(point, cluster, pod), chosen(wrapped, cluster, pod));
    assert.deepEqual(startOn(point, cluster).explain(pod, 0), startOn(wrapped, cluster).explain(pod, 0));
  }
});
