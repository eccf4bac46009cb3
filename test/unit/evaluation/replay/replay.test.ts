import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../../../src/cluster/node.ts';
import {
  type FailedRule,
  type ReplayedRule,
  type ReplayInput,
  replay,
} from '../../../../src/evaluation/replay/replay.ts';
import type { ClusterHistory } from '../../../../src/history/cluster-reader.ts';
import { LinearCurve } from '../../../../src/power-model/linear-curve.ts';
import { anywhere, FROM, historyOf, runOf } from '../../../support/replayed-history.ts';

const HOUR = 3600;
const machine = { labels: {}, cpuMilli: 4000, memoryBytes: 1e6, pods: 110 };
// A core of the old one costs 25 W, of the new one 5 W.
const old: Node = { ...machine, name: 'old', power: new LinearCurve(100, 200, 'published') };
const young: Node = { ...machine, name: 'young', power: new LinearCurve(50, 70, 'published') };
const IDLE = 150 * HOUR;

function replayed(history: ClusterHistory, more: Partial<ReplayInput> = {}) {
  return replay({
    history,
    stretch: { from: FROM, to: FROM + HOUR * 1000, nodes: [], pausedMilliseconds: 0 },
    nodes: [old, young],
    policies: ['marginal-power'],
    keepRunning: false,
    sleep: false,
    assumedUse: 1,
    seed: 1,
    seriesSeconds: 0,
    ...more,
  });
}

function only(rules: readonly (ReplayedRule | FailedRule)[]): ReplayedRule {
  const [rule, ...others] = rules;
  assert.deepEqual(others, []);
  assert.ok(rule !== undefined && 'joules' in rule, JSON.stringify(rule));
  return rule;
}

const near = (actual: number, expected: number, what = '') =>
  assert.ok(
    Math.abs(actual - expected) < 1e-6 * Math.max(1, Math.abs(expected)),
    `${what} ${actual}, not ${expected}`,
  );

test('two pods of half an hour on the old node would have cost a fifth on the new one', () => {
  const history = historyOf([runOf('a', { created: 10, ended: 40 }), runOf('b', { created: 20, ended: 50 })]);
  const { asItWas, rules, counts } = replayed(history);
  near(asItWas.joules, IDLE + 2 * 50 * 1800);
  const rule = only(rules);
  near(rule.joules, IDLE + 2 * 10 * 1800);
  near(rule.savedJoules, 2 * 40 * 1800);
  near(rule.savedShare, (2 * 40 * 1800) / (IDLE + 2 * 50 * 1800));
  assert.equal(counts.placeable, 2);
  assert.equal(rule.isTold, undefined);
});

test('the rule that was in force saves nothing against itself', () => {
  const history = historyOf([
    runOf('a', { created: 10, ended: 40, node: 'young' }),
    runOf('b', { created: 20, node: 'young' }),
  ]);
  near(only(replayed(history).rules).savedJoules, 0);
});

test('what pods really used counts, and what is assumed where nobody knows', () => {
  const used = { usedMicroseconds: 0.5 * 1800e6, meteredMilliseconds: 1800e3 };
  const history = historyOf([runOf('a', { ended: 30, cpu: used }), runOf('b', { ended: 30 })]);
  const { asItWas, counts } = replayed(history, { assumedUse: 0.25 });
  // Half a core and a quarter of two.
  near(asItWas.joules, IDLE + 25 * 1800);
  assert.equal(counts.metered, 1);
});

test('pods that ran at the beginning are placed anew, or stay where they were if that is asked for', () => {
  const history = historyOf([runOf('a', { created: -1000 })]);
  near(only(replayed(history).rules).savedJoules, 40 * HOUR);
  const kept = replayed(history, { keepRunning: true });
  near(only(kept.rules).savedJoules, 0);
  assert.equal(kept.counts.ranAtStart, 1);
  assert.equal(kept.counts.placeable, 0);
});

test('pods that nobody may place, and those whose wishes are not known, stay where they ran', () => {
  const history = historyOf([
    runOf('agent', { placeable: false, owner: 'DaemonSet' }),
    runOf('unknown', { scheduling: undefined }),
  ]);
  const { rules, counts } = replayed(history);
  near(only(rules).savedJoules, 0);
  assert.equal(counts.placeable, 0);
  assert.equal(counts.unknownConstraints, 1);
});

test('a pod that asks for resources alone is placed anew', () => {
  const { rules, counts } = replayed(historyOf([runOf('a', { scheduling: {} })]));
  near(only(rules).savedJoules, 40 * HOUR);
  assert.equal(counts.placeable, 1);
});

test('what a pod asks of nodes holds in the replay too', () => {
  const scheduling = { ...anywhere, nodeSelector: { disk: 'ssd' } };
  const nodes = [{ ...old, labels: { disk: 'ssd' } }, young];
  const history = historyOf([runOf('bound-to-old', { scheduling }), runOf('free', { cpuMilli: 1000 })]);
  near(only(replayed(history, { nodes }).rules).savedJoules, 20 * HOUR);
});

test('a cordoned node keeps what it has and gets nothing more', () => {
  const nodes = [old, { ...young, unschedulable: true }];
  const history = historyOf([
    runOf('there', { node: 'young', scheduling: undefined }),
    runOf('a', { created: 1, cpuMilli: 1000 }),
  ]);
  const { asItWas, rules } = replayed(history, { nodes });
  near(asItWas.joules, IDLE + 10 * HOUR + 25 * 59 * 60);
  near(only(rules).savedJoules, 0);
});

test('the model is checked against the joules that were metered, with every pod where and when it ran', () => {
  // It waited for ten minutes: the meter saw it from then on.
  const pods = [runOf('a', { created: 10, bound: 20, ended: 50 })];
  const exact = { old: 100 * HOUR + 50 * 1800, young: 50 * HOUR };
  const metered = (factor: number, share = 1) =>
    (['old', 'young'] as const).map((node) => ({
      node,
      source: 'metered' as const,
      joules: exact[node] * factor * share,
      activeJoules: undefined,
      coveredMilliseconds: HOUR * 1000 * share,
      cpuBusySeconds: undefined,
    }));
  const fits = replayed(historyOf(pods, metered(1)));
  near(fits.calibration.error!.share, 0);
  near(fits.calibration.measuredJoules!, exact.old + exact.young);
  assert.equal(only(fits.rules).isTold, true);
  near(fits.asItWas.meanWaitSeconds!, 600);
  // 40 W for half an hour are 11.4 % of all: an error of 5 % is less, one of 20 % is more.
  const five = replayed(historyOf(pods, metered(1 / 1.05, 0.95)));
  near(five.calibration.error!.share, 0.05);
  near(five.calibration.coveredShare, 0.95);
  near(five.calibration.error!.joules, (exact.old + exact.young) * (0.05 / 1.05));
  assert.equal(only(five.rules).isTold, true);
  assert.equal(only(replayed(historyOf(pods, metered(1 / 1.2))).rules).isTold, false);
  // Half of the time is not enough to say.
  const half = replayed(historyOf(pods, metered(1, 0.5)));
  assert.equal(half.calibration.nodes, 0);
  assert.equal(half.calibration.error, undefined);
});

test('energy that was modelled itself is no check', () => {
  const energy = ['old', 'young'].map((node) => ({
    node,
    source: 'modelled' as const,
    joules: 1,
    activeJoules: undefined,
    coveredMilliseconds: HOUR * 1000,
    cpuBusySeconds: undefined,
  }));
  const { calibration, rules } = replayed(historyOf([runOf('a')], energy));
  assert.equal(calibration.error, undefined);
  assert.deepEqual(calibration.sources, ['modelled']);
  assert.equal(only(rules).isTold, undefined);
});

test('with sleep an empty node costs what it takes asleep, and pods of DaemonSets do not keep it awake', () => {
  const sleep = { sleepWatts: 5, emptySeconds: 60, wakeSeconds: 30, wakeWatts: 60 };
  const nodes = [{ ...old, sleep }, young];
  const history = historyOf([
    runOf('a', { created: -10, node: 'old' }),
    runOf('agent-old', {
      created: -10,
      placeable: false,
      owner: 'DaemonSet',
      cpuMilli: 400,
      scheduling: undefined,
    }),
    runOf('agent-young', {
      created: -10,
      placeable: false,
      owner: 'Node',
      cpuMilli: 400,
      node: 'young',
      scheduling: undefined,
    }),
  ]);
  const { rules, asItWas } = replayed(history, { nodes, sleep: true });
  const withDns = historyOf([
    ...history.pods,
    runOf('dns', { created: -10, placeable: false, cpuMilli: 0, scheduling: undefined }),
  ]);
  const kept = replayed(withDns, { nodes, sleep: true }).rules[1] as ReplayedRule;
  near(kept.joules, (100 + 10 + 50 + 12) * HOUR, 'a pod that could run elsewhere keeps it awake');
  assert.deepEqual(
    rules.map(({ sleeps }) => sleeps),
    [false, true],
  );
  // 0.4 cores of agents on each, two cores of the pod on the old node.
  near(asItWas.joules, (100 + 60 + 50 + 2) * HOUR);
  const asleep = rules[1] as ReplayedRule;
  near(asleep.joules, (5 + 50 + 12) * HOUR);
});

test('a rule that leaves a pod without room is told by the work that was not done', () => {
  // The first two are spread over the nodes, and nothing is left for the third.
  const pods = [
    runOf('a', { cpuMilli: 2000 }),
    runOf('b', { cpuMilli: 2000 }),
    runOf('c', { created: 30, cpuMilli: 4000, node: 'young' }),
  ];
  const { rules } = replayed(historyOf(pods), { policies: ['least-allocated', 'most-allocated'] });
  const [spread, packed] = rules as readonly ReplayedRule[];
  // Four cores for an hour and four for half of it.
  near(spread!.workShare, 4 / 6);
  near(spread!.p95WaitSeconds, 1800);
  near(packed!.workShare, 1);
});

test('a pod that no node is allowed to have fails the rule alone, with the reason', () => {
  const scheduling = { ...anywhere, nodeSelector: { disk: 'none' } };
  const { rules, asItWas } = replayed(historyOf([runOf('a', { created: 1, scheduling })]));
  near(asItWas.joules, IDLE + 50 * 59 * 60);
  assert.match((rules[0] as FailedRule).why, /shop\/a/);
});

test('nodes without a known power are refused by name, and an unknown rule by its own', () => {
  const { power: _, ...dark } = young;
  assert.throws(() => replayed(historyOf([]), { nodes: [old, dark] }), {
    code: 'KISIM_E_REPLAY_POWER',
    message: /young/,
  });
  assert.throws(() => replayed(historyOf([]), { policies: ['guess'] }), { code: 'KISIM_E_POLICY_UNKNOWN' });
});

test('a job on a slower node is the same work: it takes longer there, and no less', () => {
  const nodes = [old, { ...young, speed: 0.5 }];
  const history = historyOf([runOf('job', { created: 0, ended: 10, owner: 'Job' })]);
  const { asItWas, rules } = replayed(history, { nodes, policies: ['marginal-power'] });
  near(asItWas.joules, IDLE + 50 * 600);
  near(only(rules).joules, IDLE + 10 * 1200);
});

test('slack at the end does not have others counted for longer', () => {
  const history = historyOf([
    runOf('stays', { created: -5 }),
    runOf('late', { created: 50, ended: 55, slackSeconds: 86_400, node: 'young' }),
  ]);
  near(replayed(history).asItWas.joules, IDLE + 50 * HOUR + 10 * 300);
});

test('pods that never had a node and those of other nodes are left out and counted', () => {
  const history = historyOf([
    runOf('never', { node: undefined }),
    runOf('away', { node: 'gone' }),
    runOf('before', { created: -20, ended: -10 }),
    runOf('after', { created: 61 }),
    runOf('guess', { created: 5, ended: 20, endedAfterUnixMilliseconds: FROM + 900_000 }),
  ]);
  const { counts } = replayed(history);
  assert.deepEqual(counts, {
    pods: 1,
    ranAtStart: 0,
    placeable: 1,
    unknownConstraints: 0,
    metered: 0,
    guessedEnds: 1,
    neverRan: 1,
    elsewhere: 1,
  });
});
