import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../../../src/cluster/node.ts';
import { NodeAdvice } from '../../../../src/controller/advice/node-advice.ts';
import { errors as kubeErrors } from '../../../../src/kubernetes/errors.ts';
import { TIER_LABEL, TIER_TAINT } from '../../../../src/kubernetes/names.ts';
import { TableCurve } from '../../../../src/power-model/table-curve.ts';
import type { KisimError } from '../../../../src/util/errors.ts';
import { recordingLogger } from '../../../support/open-history.ts';
import { PlayedLeadership, PlayedPause } from '../../../support/played-placement.ts';
import { PlayedTime } from '../../../support/played-time.ts';
import { server } from '../../../support/random-cluster.ts';

/** Nodes that take what is written on them, as the watch would bring it back. */
function played(given: { nodes: readonly Node[]; isWanted?: boolean }) {
  const time = new PlayedTime();
  const leadership = new PlayedLeadership(true);
  const paused = new PlayedPause(undefined);
  const { log, events } = recordingLogger();
  const nodes = new Map(given.nodes.map((node) => [node.name, node]));
  const writes: string[] = [];
  let failure: Error | undefined;
  const change = (name: string, what: string, work: (node: Node) => Node): Promise<boolean> => {
    if (failure !== undefined) return Promise.reject(failure);
    if (!leadership.isLeader) return Promise.resolve(false);
    writes.push(`${name} ${what}`);
    nodes.set(name, work(nodes.get(name)!));
    return Promise.resolve(true);
  };
  const advice = new NodeAdvice({
    nodes: () => nodes.values(),
    marks: {
      label: (name, tier) =>
        change(name, tier ?? 'no label', (node) => {
          const { [TIER_LABEL]: _, ...labels } = node.labels;
          return { ...node, labels: tier === undefined ? labels : { ...labels, [TIER_LABEL]: tier } };
        }),
      avoid: (name, avoided) =>
        change(name, avoided ? 'avoided' : 'not avoided', (node) => ({
          ...node,
          taints: avoided ? [{ key: TIER_TAINT, value: '', effect: 'PreferNoSchedule' }] : [],
        })),
    },
    isWanted: given.isWanted ?? true,
    leadership,
    paused,
    time,
    log,
  });
  const fail = (error: Error | undefined) => {
    failure = error;
  };
  return { advice, time, leadership, paused, events, nodes, writes, fail };
}

const fleet = [server('old', 0), server('middling', 1), server('new', 2)];
const ROUND = 300_000;

test('nodes are labelled by efficiency and the poor ones marked, once', async () => {
  const { advice, time, writes } = played({ nodes: fleet });
  advice.start();
  await time.play(10);
  // 240 W for 32 CPUs, 262 W for 64, 269 W for 128: 7.5, 4.1 and 2.1 J for a core-second.
  assert.deepEqual(writes, ['old poor', 'old avoided', 'middling poor', 'middling avoided', 'new best']);
  await time.play(10 * ROUND);
  assert.equal(writes.length, 5);
  await advice.stop();
  assert.equal(time.timers, 0);
});

test('what has changed is written again, within a round', async () => {
  const { advice, time, writes, nodes } = played({ nodes: fleet });
  advice.start();
  await time.play(10);
  writes.length = 0;
  nodes.delete('new');
  await time.play(ROUND);
  assert.deepEqual(writes, ['middling best', 'middling not avoided']);
  await advice.stop();
});

test('equal nodes are all best, and none is marked', async () => {
  const { advice, time, writes } = played({ nodes: [server('a', 1), server('b', 1)] });
  advice.start();
  await time.play(10);
  assert.deepEqual(writes, ['a best', 'b best']);
  await advice.stop();
});

test('switched off, what an earlier daemon has left is taken away, and nothing else touched', async () => {
  const marked: Node = {
    ...server('old', 0),
    labels: { [TIER_LABEL]: 'poor', mine: 'yes' },
    taints: [{ key: TIER_TAINT, value: '', effect: 'PreferNoSchedule' }],
  };
  const { advice, time, writes, nodes } = played({ nodes: [marked, server('new', 2)], isWanted: false });
  advice.start();
  await time.play(ROUND);
  assert.deepEqual(writes, ['old no label', 'old not avoided']);
  assert.deepEqual(nodes.get('old')?.labels, { mine: 'yes' });
  await advice.stop();
});

test('a node whose power is not known, or estimated only, is named once and gets no tier', async () => {
  const { power: _, ...bare } = server('bare', 0);
  const guessed = { ...server('guessed', 0), power: new TableCurve([10, 20, 30], 'estimated') };
  const { advice, time, writes, events } = played({ nodes: [bare, guessed, server('known', 1)] });
  advice.start();
  await time.play(3 * ROUND);
  assert.deepEqual(writes, ['known best']);
  const told = events.filter(({ event }) => event === 'node-cost-unknown');
  assert.equal(told.length, 1);
  const error = told[0]!.fields['error'] as KisimError;
  assert.equal(error.code, 'KISIM_E_CONTROLLER_NO_COST');
  assert.match(error.message, /bare, guessed, of 3 nodes/);
  await advice.stop();
});

test('who does not lead, and while placement is paused, nothing is written', async () => {
  const { advice, time, writes, leadership, paused } = played({ nodes: fleet });
  leadership.value = false;
  advice.start();
  await time.play(2 * ROUND);
  assert.deepEqual(writes, []);
  paused.value = 'drill';
  leadership.value = true;
  await time.play(2 * ROUND);
  assert.deepEqual(writes, []);
  paused.value = undefined;
  await time.play(10);
  assert.equal(writes.length, 5);
  await advice.stop();
});

test('what could not be written is told, and tried again in the next round', async () => {
  const { advice, time, writes, events, fail } = played({ nodes: fleet });
  fail(kubeErrors.KISIM_E_KUBE_FORBIDDEN('nodes'));
  advice.start();
  await time.play(10);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['node-advice-not-written'],
  );
  fail(undefined);
  await time.play(ROUND);
  assert.equal(writes.length, 5);
  await advice.stop();
});

test('a fault of the program ends a round and not the rounds', async () => {
  const { advice, time, writes, events, fail } = played({ nodes: fleet });
  fail(new TypeError('a fault'));
  advice.start();
  await time.play(10);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['round-failed'],
  );
  fail(undefined);
  await time.play(ROUND);
  assert.equal(writes.length, 5);
  await advice.stop();
});
