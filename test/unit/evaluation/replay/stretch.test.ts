import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestStretch, usableStretch } from '../../../../src/evaluation/replay/stretch.ts';
import type { StoredNode } from '../../../../src/history/cluster-reader.ts';
import { runOf } from '../../../support/replayed-history.ts';

const M = 60_000;

function node(name: string, from: number, to: number, cpuMilli = 1000): StoredNode {
  return {
    node: name,
    firstUnixMilliseconds: from * M,
    lastUnixMilliseconds: to * M,
    cpuMilli,
    memoryBytes: 1,
    labels: {},
    description: {},
  };
}

const watched = (...spans: readonly (readonly [number, number])[]) =>
  spans.map(([from, to]) => ({ from: from * M, to: to * M }));
const all = { from: 0, to: 1000 * M };

function told(...args: Parameters<typeof longestStretch>) {
  const stretch = longestStretch(...args);
  return (
    stretch && [
      stretch.from / M,
      stretch.to / M,
      stretch.nodes.map(({ node: name, cpuMilli }) => `${name} ${cpuMilli}`),
      stretch.pausedMilliseconds / M,
    ]
  );
}

test('the longest watched span is taken, cut at the period', () => {
  const history = { nodes: [node('a', 0, 1000)], watched: watched([0, 100], [200, 500], [600, 700]) };
  assert.deepEqual(told(history, all), [200, 500, ['a 1000'], 0]);
  assert.deepEqual(told(history, { from: 450 * M, to: 680 * M }), [600, 680, ['a 1000'], 0]);
  assert.equal(told(history, { from: 110 * M, to: 190 * M }), undefined);
});

test('a pause of two minutes is passed over and counted, a longer one is a break', () => {
  const nodes = [node('a', 0, 1000)];
  assert.deepEqual(told({ nodes, watched: watched([0, 100], [102, 200]) }, all), [0, 200, ['a 1000'], 2]);
  assert.deepEqual(told({ nodes, watched: watched([0, 100], [103, 200]) }, all), [0, 100, ['a 1000'], 0]);
});

test('where nodes come and go the longest stretch with the same nodes is taken', () => {
  const nodes = [node('a', 0, 1000), node('b', 300, 1000), node('c', 0, 900)];
  assert.deepEqual(told({ nodes, watched: watched([0, 1000]) }, all), [
    300,
    900,
    ['a 1000', 'b 1000', 'c 1000'],
    0,
  ]);
});

test('a node that changes stays the same node, as it was for the longest', () => {
  const nodes = [node('a', 0, 300), node('a', 301, 1000, 2000)];
  assert.deepEqual(told({ nodes, watched: watched([0, 1000]) }, all), [0, 1000, ['a 2000'], 0]);
  const away = [node('a', 0, 300), node('a', 310, 1000, 2000)];
  assert.deepEqual(told({ nodes: away, watched: watched([0, 1000]) }, all), [310, 1000, ['a 2000'], 0]);
});

test('a stretch is of whole minutes, as energy is kept', () => {
  const history = { nodes: [node('a', 0, 1000)], watched: [{ from: 30_000, to: 10 * M + 59_000 }] };
  assert.deepEqual(told(history, all), [1, 10, ['a 1000'], 0]);
});

test('without nodes or without a watch there is nothing', () => {
  assert.equal(longestStretch({ nodes: [], watched: watched([0, 10]) }, all), undefined);
  assert.equal(longestStretch({ nodes: [node('a', 0, 10)], watched: [] }, all), undefined);
});

const somePod = runOf('a');

function usable(spans: readonly (readonly [number, number])[], askedMinutes: number) {
  const history = { pods: [somePod], nodes: [node('a', 0, 100_000)], energy: [], watched: watched(...spans) };
  return usableStretch(history, { from: 0, to: askedMinutes * M });
}

test('a stretch stands for the period where it is at least half of it', () => {
  assert.equal(usable([[0, 500]], 1000).to, 500 * M);
  assert.throws(() => usable([[20, 500]], 1000), {
    code: 'KISIM_E_REPLAY_SHORT',
    message: /8 h of 16\.67 h, from 1970-01-01T00:20:00.000Z/,
    action: 'ask for that stretch: --days 0.333 --until 1970-01-01T08:20:00',
  });
});

test('the stretch that a refusal names is accepted', () => {
  const spans = [[20, 500]] as const;
  const { stretch } = {
    stretch: longestStretch({ nodes: [node('a', 0, 1e5)], watched: watched(...spans) }, all)!,
  };
  const from = stretch.to - 0.333 * 86_400_000;
  const history = { pods: [somePod], nodes: [node('a', 0, 1e5)], energy: [], watched: watched(...spans) };
  assert.equal(usableStretch(history, { from, to: stretch.to }).from, Math.ceil(from / M) * M);
});

test('a few minutes are never enough, and a history without pods or nodes is none', () => {
  assert.throws(() => usable([[0, 9]], 10), { code: 'KISIM_E_REPLAY_SHORT', action: /for longer/ });
  assert.equal(usable([[0, 10]], 10).to, 10 * M);
  const empty = { pods: [], nodes: [], energy: [], watched: [] };
  assert.throws(() => usableStretch(empty, all), { code: 'KISIM_E_REPLAY_NOTHING', message: /no pods/ });
  assert.throws(() => usableStretch({ ...empty, pods: [somePod] }, all), {
    code: 'KISIM_E_REPLAY_NOTHING',
    message: /no nodes/,
  });
});
