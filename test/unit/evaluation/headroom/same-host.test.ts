import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedHosts } from '../../../../src/evaluation/headroom/same-host.ts';

const node = (name: string, bootId: string, profile?: string) => ({
  name,
  bootId,
  labels: profile === undefined ? {} : { 'minikube.k8s.io/name': profile },
});

test('nodes with one kernel share a machine, as do those of a Minikube profile', () => {
  const hosts = sharedHosts([
    node('kind-1', 'k'),
    node('kind-2', 'k'),
    node('mini', 'x', 'p'),
    node('mini-m02', 'y', 'p'),
    node('own', 'z'),
    node('silent-1', ''),
    node('silent-2', ''),
    node('lonely', 'w', 'other'),
  ]);
  assert.deepEqual(
    [...hosts],
    [
      ['kind-1', 'with kernel k'],
      ['kind-2', 'with kernel k'],
      ['mini', 'of Minikube profile p'],
      ['mini-m02', 'of Minikube profile p'],
    ],
  );
});
