import assert from 'node:assert/strict';
import type { ClusterState } from '../../src/cluster/cluster-state.ts';
import { feasibleNodes } from '../../src/cluster/feasible.ts';
import type { Pod } from '../../src/cluster/pod.ts';
import { type ExplainedTerm, type Policy, type PolicyRun, WAIT } from '../../src/policy/policy.ts';
import { RandomStream } from '../../src/util/rng.ts';
import { randomCluster, randomPod } from './random-cluster.ts';

/**
 * Sum of an explanation in the sense of scores, greater is better; undefined where units are mixed or there is none.
 * Terms of the decision to wait are of another sum.
 */
export function explainedScore(all: readonly ExplainedTerm[]): number | undefined {
  const terms = all.filter(({ term }) => !term.startsWith('wait: '));
  const units = new Set(terms.map(({ unit }) => unit));
  if (units.size !== 1) return undefined;
  const sum = terms.reduce((total, { amount }) => total + amount, 0);
  return units.has('points') ? sum : -sum;
}

/** Everything of a cluster that a policy could write by mistake. */
function fingerprint(cluster: ClusterState): string {
  const { nodes, ...state } = cluster.save() as unknown as Record<string, unknown>;
  return JSON.stringify(state, (_, value) =>
    ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value,
  );
}

interface Step {
  readonly pod: Pod;
  readonly chosen: number;
}

/** A life of arrivals and departures that depends on the policy's choices alone. */
function live(
  policy: Policy,
  seed: number,
  sleep: boolean,
  onDecision?: (run: PolicyRun, pod: Pod, nodes: Int32Array, count: number) => void,
): readonly Step[] {
  const { cluster, pods, random } = randomCluster(seed, { sleep });
  const run = policy.start({ cluster, random: new RandomStream(seed).fork('policy') });
  const alive = [...pods];
  // What ran before the run began is told too, as an engine that resumes does.
  for (const pod of alive) run.placed?.(pod, cluster.nodeOf(pod.id)!);
  const nodes = new Int32Array(cluster.size);
  const steps: Step[] = [];
  for (let id = 200_000; id < 200_060; id++) {
    cluster.now += random.exponential(120);
    if (alive.length > 0 && random.next() < 0.7) {
      const [gone] = alive.splice(random.integer(alive.length), 1);
      run.removed?.(gone!, cluster.remove(gone!));
    }
    const pod = randomPod(random, id);
    const count = feasibleNodes(cluster, pod, nodes);
    if (count === 0) continue;
    onDecision?.(run, pod, nodes, count);
    const chosen = run.choose(pod, { nodes, count, slackLeft: pod.slackSeconds });
    steps.push({ pod, chosen });
    if (chosen === WAIT) continue;
    cluster.place(pod, chosen);
    run.placed?.(pod, chosen);
    alive.push(pod);
  }
  return steps;
}

/**
 * What every policy promises, whatever it does: it chooses candidates only, waits only with slack, does the same again
 * from the same seed, never writes the cluster, and its explanations add up to what it chose by.
 */
export function checkPolicy(make: () => Policy, seeds: readonly number[]): void {
  for (const seed of seeds)
    for (const sleep of [false, true]) {
      const once = live(make(), seed, sleep);
      assert.ok(once.length > 0, 'the life has decisions');
      assert.deepEqual(live(make(), seed, sleep), once, `${make().name} is the same again`);
      checkOneLife(make(), seed, sleep);
    }
}

function checkOneLife(policy: Policy, seed: number, sleep: boolean): void {
  const { name } = policy;
  const { cluster } = randomCluster(seed, { sleep });
  const run = policy.start({ cluster, random: new RandomStream(seed) });
  const random = new RandomStream(seed).fork('pods');
  const nodes = new Int32Array(cluster.size);
  const before = fingerprint(cluster);
  for (let id = 300_000; id < 300_030; id++) {
    const pod = randomPod(random, id);
    const count = feasibleNodes(cluster, pod, nodes);
    if (count === 0) continue;
    const candidates = { nodes, count, slackLeft: pod.slackSeconds };
    const kept = Array.from(nodes);
    const chosen = run.choose(pod, candidates);
    const list = Array.from(nodes.subarray(0, count));
    assert.deepEqual(Array.from(nodes), kept, `${name} leaves the list of candidates alone`);
    assert.ok(list.includes(chosen) || (chosen === WAIT && pod.slackSeconds > 0), `${name} chose ${chosen}`);
    // The one candidate there is must be taken, by a pod that cannot wait.
    const only = { nodes: Int32Array.of(list.at(-1)!), count: 1, slackLeft: 0 };
    assert.equal(run.choose({ ...pod, slackSeconds: 0 }, only), list.at(-1));
    if (run.scores === undefined) continue;
    const scores = new Float64Array(count);
    run.scores(pod, candidates, scores);
    for (let i = 0; i < count; i++) {
      assert.ok(Number.isFinite(scores[i]!), `${name} scores ${scores[i]}`);
      const explained = explainedScore(run.explain(pod, list[i]!));
      if (explained === undefined) continue;
      // Scores may be in units of the pod's own energy: their order is what an explanation must have too.
      for (let j = 0; j < i; j++) {
        const other = explainedScore(run.explain(pod, list[j]!))!;
        const near = Math.abs(explained - other) <= 1e-9 * (Math.abs(explained) + Math.abs(other));
        assert.ok(
          near || explained > other === scores[i]! > scores[j]!,
          `${name} explains node ${list[i]} as ${explained}, ${list[j]} as ${other}`,
        );
      }
    }
  }
  assert.equal(fingerprint(cluster), before, `${name} never writes the cluster`);
}
