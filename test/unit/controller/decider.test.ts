import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Decider } from '../../../src/controller/decider.ts';
import { LiveCluster } from '../../../src/controller/live-cluster.ts';
import { type Policy, WAIT } from '../../../src/policy/policy.ts';
import { policyByName } from '../../../src/policy/registry.ts';
import { recordingLogger } from '../../support/open-history.ts';
import { podOf, server } from '../../support/random-cluster.ts';

const kube = policyByName('kube-score', { ties: 'first' });

function decider(
  policy: Policy | undefined,
  more: { fallback?: Policy; reference?: Policy; book?: LiveCluster } = {},
) {
  const { book = new LiveCluster(), ...others } = more;
  if (book.cluster === undefined) book.setNodes([server('old', 0), server('middling', 1), server('new', 2)]);
  const { log, events } = recordingLogger();
  const time = { now: 0 };
  const made = new Decider({
    book,
    policy,
    ...others,
    seed: 1,
    log,
    monotonicMilliseconds: () => time.now,
  });
  return { decider: made, book, events, time };
}

function placed(verdict: ReturnType<Decider['decide']>) {
  assert.equal(verdict.kind, 'place');
  return verdict as Extract<typeof verdict, { kind: 'place' }>;
}

test('an energy rule is told in joules beside the other nodes and beside what the default would have taken', () => {
  const { decider: by } = decider(policyByName('marginal-run-out', { ties: 'first' }), { reference: kube });
  const { node, explanation } = placed(by.decide(podOf(0), 0));
  assert.equal(node, 'new');
  assert.ok(explanation.terms.length > 0 && explanation.terms.every(({ unit }) => unit === 'J'));
  assert.deepEqual(explanation.others.map((other) => other.node).toSorted(), ['middling', 'old']);
  const sum = (terms: readonly { amount: number }[]) =>
    terms.reduce((total, { amount }) => total + amount, 0);
  for (const other of explanation.others) assert.ok(sum(other.terms) >= sum(explanation.terms), other.node);
  assert.ok(sum(explanation.others[0]!.terms) <= sum(explanation.others[1]!.terms));
  assert.equal(explanation.reference?.policy, 'kube-score');
  assert.equal(explanation.candidates, 3);
});

test('a node without a power curve is named, and energy rules free their pods whatever the fallback', () => {
  const book = new LiveCluster();
  const { power: _, ...bare } = server('bare', 0);
  book.setNodes([bare, server('metered', 1)]);
  const { decider: by, events } = decider(policyByName('marginal-run-out'), { book, fallback: kube });
  const verdict = by.decide(podOf(0), 0);
  assert.equal(verdict.kind, 'failed');
  const error = events[0]?.fields['error'] as { code: string; message: string };
  assert.equal(error.code, 'KISIM_E_CONTROLLER_NO_POWER');
  assert.match(error.message, /bare/);
  assert.doesNotMatch(error.message, /metered/);
  // Once the curve is known the rule decides.
  book.setNodes([server('bare', 0), server('metered', 1)]);
  assert.equal(placed(by.decide(podOf(0), 0)).node, 'metered');
});

test('a policy that fails three times in a row is left in peace for a minute', () => {
  let asked = 0;
  const broken: Policy = {
    name: 'broken',
    start: () => ({
      choose: () => {
        asked++;
        throw new Error('broken');
      },
      explain: () => [],
    }),
  };
  const { decider: by, time, events } = decider(broken, { fallback: kube });
  for (let i = 0; i < 10; i++) assert.equal(placed(by.decide(podOf(i), 0)).policy, 'kube-score');
  assert.equal(asked, 3);
  assert.equal(events.filter(({ event }) => event === 'policy-failed').length, 1);
  time.now = 61_000;
  by.decide(podOf(11), 0);
  assert.equal(asked, 4);
  assert.equal(by.counts.fallbacks, 11);
});

test('WAIT without slack and nodes that were not offered are failures', () => {
  const answers = (node: number): Policy => ({
    name: 'odd',
    start: () => ({ choose: () => node, explain: () => [] }),
  });
  assert.equal(decider(answers(WAIT)).decider.decide(podOf(0), 0).kind, 'failed');
  assert.equal(decider(answers(WAIT)).decider.decide(podOf(0), 5).kind, 'wait');
  assert.equal(decider(answers(3)).decider.decide(podOf(0), 0).kind, 'failed');
  assert.equal(decider(answers(Number.NaN)).decider.decide(podOf(0), 0).kind, 'failed');
});

test('taints and selectors keep a pod off nodes whatever the rule prefers', () => {
  const book = new LiveCluster();
  const tainted = { ...server('new', 2), taints: [{ key: 'k', value: '', effect: 'NoSchedule' as const }] };
  book.setNodes([server('old', 0), tainted]);
  const { decider: by } = decider(policyByName('marginal-run-out', { ties: 'first' }), { book });
  assert.equal(placed(by.decide(podOf(0), 0)).node, 'old');
});

test('a decision without words stands', () => {
  const silent: Policy = {
    name: 'silent',
    start: () => ({
      choose: (_, { nodes }) => nodes[1]!,
      explain: () => {
        throw new Error('no words');
      },
    }),
  };
  const { node, explanation } = placed(decider(silent).decider.decide(podOf(0), 0));
  assert.equal(node, 'middling');
  assert.deepEqual(explanation.terms, []);
});

test('a run that cannot follow the cluster is replaced by the fallback until the next rebuild', () => {
  const lost: Policy = {
    name: 'lost',
    start: () => ({
      choose: (_, { nodes }) => nodes[0]!,
      explain: () => [],
      placed: () => {
        throw new Error('lost count');
      },
    }),
  };
  const { decider: by, book } = decider(lost, { fallback: kube });
  assert.equal(placed(by.decide(podOf(0), 0)).policy, 'lost');
  book.bound('u', podOf(1), 'old');
  assert.equal(placed(by.decide(podOf(0), 0)).policy, 'kube-score');
  book.gone('u');
  book.setNodes([server('old', 0)]);
  assert.equal(placed(by.decide(podOf(0), 0)).policy, 'lost');
});

test('a book that tells a pod twice costs decisions, and nothing else, until the next rebuild', () => {
  const { decider: by, book, events } = decider(kube);
  by.placed(podOf(5), 0);
  by.placed(podOf(5), 1);
  assert.ok(events.some(({ event }) => event === 'constraints-lost'));
  assert.equal(by.decide(podOf(0), 0).kind, 'failed');
  book.setNodes([server('a', 0)]);
  assert.equal(by.decide(podOf(0), 0).kind, 'place');
});

test('without a node there is nothing to decide', () => {
  const book = new LiveCluster();
  const { log } = recordingLogger();
  const by = new Decider({ book, policy: kube, seed: 1, log, monotonicMilliseconds: () => 0 });
  assert.equal(by.decide(podOf(0), 0).kind, 'no-node');
  book.setNodes([server('a', 0)]);
  assert.equal(by.decide(podOf(0), 0).kind, 'place');
  book.setNodes([]);
  assert.equal(by.decide(podOf(0), 0).kind, 'no-node');
});

test('another policy decides from now on, and knows what was booked before', () => {
  const { decider: by, book } = decider(kube);
  // Keeps books of its own: what it was told.
  const told: string[] = [];
  const other: Policy = {
    name: 'other',
    start: ({ cluster }) => {
      told.push(`started with ${cluster.size} nodes`);
      return {
        choose: (_, { nodes, count }) => nodes[count - 1]!,
        explain: () => [],
        placed: (pod, node) => told.push(`pod ${pod.id} on ${node}`),
      };
    },
  };
  book.bound('early', podOf(0), 'middling');
  by.usePolicy(other);
  const at = book.cluster!.nodes.findIndex(({ name }) => name === 'middling');
  assert.deepEqual(told, ['started with 3 nodes', `pod 0 on ${at}`]);
  assert.equal(by.policyName, 'other');
  assert.equal(placed(by.decide(podOf(1), 0)).policy, 'other');
  book.bound('late', podOf(2), 'old');
  assert.equal(told.length, 3, 'told of what follows');
});

test('without a policy pods are left to the default scheduler, until there is one', () => {
  const { decider: by } = decider(undefined, { fallback: kube });
  assert.deepEqual(by.decide(podOf(0), 0), { kind: 'leave' });
  assert.equal(by.policyName, 'default');
  by.usePolicy(kube);
  assert.equal(placed(by.decide(podOf(0), 0)).policy, 'kube-score');
  by.usePolicy(undefined);
  assert.deepEqual(by.decide(podOf(0), 60), { kind: 'leave' });
});
