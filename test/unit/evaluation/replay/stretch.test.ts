import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestStretch } from '../../../../src/evaluation/replay/stretch.ts';
import type { StoredNode } from '../../../../src/history/cluster-reader.ts';

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

test('without nodes or without a watch there is nothing', () => {
  assert.equal(longestStretch({ nodes: [], watched: watched([0, 10]) }, all), undefined);
  assert.equal(longestStretch({ nodes: [node('a', 0, 10)], watched: [] }, all), undefined);
});
