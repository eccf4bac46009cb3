import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState } from '../../../../src/cluster/cluster-state.ts';
import { possibleNodes } from '../../../../src/controller/advice/possible-nodes.ts';
import { isApp, kubeNode, kubePod, podTerm, spreadOver } from '../../../support/kube-objects.ts';

test('nodes by size, taints and selectors; who runs there now and what the pod asks of neighbours is not looked at', () => {
  const taint = { key: 'gpu', value: '', effect: 'NoSchedule' } as const;
  const cluster = new ClusterState([
    kubeNode('full', 'a', { labels: { disk: 'ssd' } }),
    kubeNode('tainted', 'a', { labels: { disk: 'ssd' }, taints: [taint] }),
    kubeNode('other', 'b'),
    kubeNode('tiny', 'b', { labels: { disk: 'ssd' }, cpuMilli: 50 }),
    kubeNode('free', 'b', { labels: { disk: 'ssd' } }),
  ]);
  cluster.place({ ...kubePod(0), cpuMilli: 9_990 }, 0);
  const pod = kubePod(1, {
    labels: { app: 'web' },
    nodeSelector: { disk: 'ssd' },
    topologySpread: [spreadOver({ selector: isApp('web'), topologyKey: 'not-there' })],
    podAffinity: { required: [podTerm({ selector: isApp('nobody') })], preferred: [] },
  });
  assert.deepEqual([...possibleNodes(cluster, pod)], ['full', 'free']);
});
