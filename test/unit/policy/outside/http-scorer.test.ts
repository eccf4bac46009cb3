import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type FallbackCause, httpScorer } from '../../../../src/policy/outside/http-scorer.ts';
import type { Policy } from '../../../../src/policy/policy.ts';
import { policyByName } from '../../../../src/policy/registry.ts';
import { simulate } from '../../../../src/simulation/engine.ts';
import { scenarioByName } from '../../../../src/simulation/scenarios/scenarios.ts';
import { type ScorerBehaviour, startScorerThread } from '../../../support/scorer-thread.ts';

/** A small cluster and its first pods: every decision is an exchange over HTTP. */
function run(policy: Policy, scenario = 'Gs') {
  const { nodes, workload, options } = scenarioByName(scenario).generate({
    clusterSeed: 0,
    workloadSeed: 3,
    load: 0.6,
  });
  const items = workload.items.slice(0, 150);
  return simulate({ nodes, workload: { ...workload, items }, options, policy, seed: 1 });
}

async function scorer(
  t: TestContext,
  behaviour: ScorerBehaviour,
  { timeoutMilliseconds = 5000, fallback = 'least-allocated' } = {},
) {
  const thread = await startScorerThread(behaviour);
  const told: [FallbackCause, string][] = [];
  const policy = httpScorer({
    url: thread.url,
    timeoutMilliseconds,
    fallback: policyByName(fallback, { ties: 'first' }),
    ties: 'first',
    onFallback: (cause, reason) => told.push([cause, reason]),
  });
  t.after(async () => {
    await policy.close();
    await thread.stop();
  });
  return { policy, told };
}

for (const name of [
  'least-allocated',
  'best-fit',
  'efficiency-first',
  'marginal-run-out',
  'marginal-power',
  'least-allocated+awake-first',
])
  test(`${name} behind HTTP places every pod as it does by itself`, async (t) => {
    const { policy, told } = await scorer(t, { kind: 'policy', name }, { fallback: 'round-robin' });
    const outside = run(policy);
    const inside = run(policyByName(name, { ties: 'first' }));
    assert.deepEqual({ ...outside, policy: '' }, { ...inside, policy: '' });
    assert.equal(policy.counts.answered, outside.decisions);
    assert.deepEqual(told, []);
  });

const answers = (body: string, status = 200): ScorerBehaviour => ({ kind: 'answers', status, body });
const broken: readonly (readonly [string, ScorerBehaviour, FallbackCause, RegExp])[] = [
  ['NaN', answers('{"scores": [NaN, 1, 1, 1]}'), 'not-a-number', /NaN/],
  [
    'null for a number',
    answers('{"scores": {"node-01": null, "node-02": 1, "node-03": 1, "node-04": 1}}'),
    'not-a-number',
    /node-01/,
  ],
  ['too few scores', answers('{"scores": [1]}'), 'wrong-length', /1 scores for \d nodes/],
  [
    'other names',
    answers('{"scores": {"a": 1, "b": 1, "c": 1, "d": 1}}'),
    'wrong-length',
    /no score for node-0/,
  ],
  ['no scores', answers('{"result": 1}'), 'wrong-length', /no scores/],
  ['no JSON', answers('<html>'), 'not-json', /<html>/],
  ['an error', answers('{"error": {"code": "X"}}', 500), 'status', /status 500/],
  ['half an answer', { kind: 'breaks-off' }, 'connection', /./],
];
for (const [what, behaviour, cause, reason] of broken)
  test(`${what}: the fallback decides, and the cause is counted and told`, async (t) => {
    const { policy, told } = await scorer(t, behaviour);
    const outside = run(policy);
    const { decisions } = outside;
    const inside = run(policyByName('least-allocated', { ties: 'first' }));
    assert.deepEqual({ ...outside, policy: '' }, { ...inside, policy: '' });
    // A pod that fits fewer nodes than the answer names is another mistake.
    const counted = [...policy.counts.fallbacks.values()].reduce((sum, count) => sum + count, 0);
    assert.equal(counted, decisions);
    assert.ok(policy.counts.fallbacks.get(cause)! > 0);
    assert.equal(told.length, decisions);
    assert.match(told.find((each) => each[0] === cause)![1], reason);
    assert.equal(policy.counts.answered, 0);
  });

test('a scorer that never answers is given up after the time-out', async (t) => {
  const { policy, told } = await scorer(t, { kind: 'silent' }, { timeoutMilliseconds: 5 });
  const nodes = scenarioByName('G').generate({ clusterSeed: 0, workloadSeed: 3, load: 0.6 });
  const items = nodes.workload.items.slice(0, 3);
  simulate({ ...nodes, workload: { ...nodes.workload, items }, policy, seed: 1 });
  assert.deepEqual(
    told.map(([cause]) => cause),
    ['timeout', 'timeout', 'timeout'],
  );
});

test('a scorer that is not there is a fallback too', async () => {
  const causes: FallbackCause[] = [];
  const policy = httpScorer({
    // Nothing listens on the discard port of this machine.
    url: 'http://127.0.0.1:9/score',
    timeoutMilliseconds: 2000,
    fallback: policyByName('round-robin'),
    ties: 'first',
    onFallback: (cause) => causes.push(cause),
  });
  run(policy, 'G');
  await policy.close();
  assert.ok(causes.length > 0 && causes.every((cause) => cause === 'connection'));
});

test('addresses and time-outs that cannot be are coded errors', () => {
  const options = {
    timeoutMilliseconds: 100,
    fallback: policyByName('round-robin'),
    ties: 'first',
    onFallback: () => undefined,
  } as const;
  assert.throws(() => httpScorer({ ...options, url: 'nonsense' }), { code: 'KISIM_E_SCORER_URL' });
  assert.throws(() => httpScorer({ ...options, url: 'https://x/score' }), { code: 'KISIM_E_SCORER_URL' });
  assert.throws(() => httpScorer({ ...options, url: 'http://x/', timeoutMilliseconds: 0 }), {
    code: 'KISIM_E_SCORER_OPTIONS',
  });
});
