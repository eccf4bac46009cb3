import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodScheduling } from '../../../../../src/cluster/pod.ts';
import { KubeScheduler } from '../../../../../src/policy/kube/kube-scheduler.ts';
import { kubeContainer, kubeNode, kubePod } from '../../../../support/kube-objects.ts';

function opens(hostIp: string, protocol: string, hostPort: number): Partial<PodScheduling> {
  return { containers: [kubeContainer({ hostPorts: [{ hostIp, protocol, hostPort }] })] };
}

test('two pods share a node unless protocol, port and address meet; no address is every address', () => {
  const table = [
    [opens('', 'TCP', 80), opens('', 'TCP', 80), false],
    [opens('', 'TCP', 80), opens('', 'UDP', 80), true],
    [opens('', 'TCP', 80), opens('', 'TCP', 81), true],
    [opens('10.0.0.1', 'TCP', 80), opens('10.0.0.2', 'TCP', 80), true],
    [opens('10.0.0.1', 'TCP', 80), opens('0.0.0.0', 'TCP', 80), false],
    [opens('0.0.0.0', 'TCP', 80), opens('10.0.0.1', 'TCP', 80), false],
    [opens('', '', 80), opens('', 'TCP', 80), false],
    [opens('', 'TCP', 0), opens('', 'TCP', 0), true],
  ] as const;
  for (const [first, second, both] of table) {
    const scheduler = new KubeScheduler([kubeNode('n', 'a')]);
    scheduler.add(kubePod(0, first), 'n');
    assert.equal(scheduler.schedule(kubePod(1, second)).node === 'n', both, JSON.stringify([first, second]));
    scheduler.remove(0);
    assert.equal(scheduler.schedule(kubePod(1, second)).node, 'n');
  }
});

test('init containers open ports only where they stay', () => {
  const init = (sidecar: boolean) =>
    kubePod(0, {
      initContainers: [
        kubeContainer({ sidecar, hostPorts: [{ hostIp: '', protocol: 'TCP', hostPort: 80 }] }),
      ],
    });
  for (const stays of [true, false]) {
    const scheduler = new KubeScheduler([kubeNode('n', 'a')]);
    scheduler.add(init(stays), 'n');
    assert.equal(scheduler.schedule(kubePod(1, opens('', 'TCP', 80))).node, stays ? undefined : 'n');
  }
});
