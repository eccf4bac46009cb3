import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readOptionalFile } from '../../src/inventory/optional-file.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { attempt } from '../system/support/run-command.ts';
import { noRealNodes } from './support/in-namespace.ts';
import { hierarchies, removeGroupsOfTheDead } from './support/kubelet/node-groups.ts';
import { isReady, RealCluster, type RealPod } from './support/kubelet/real-cluster.ts';
import { daemonSet, deployment, job } from './support/kubelet/workloads.ts';

/** Ids of all processes that lie in or below a control group, in whatever hierarchy. */
function processesIn(group: string): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .filter((pid) => readOptionalFile(`/proc/${pid}/cgroup`)?.includes(`:${group}/`));
}

describe('real kubelets', { skip: noRealNodes }, () => {
  const cleanups = new Cleanups();
  let cluster: RealCluster;

  before(async () => {
    cluster = await RealCluster.start(cleanups);
  });
  after(() => cleanups.run());

  test('what kubectl creates runs in containers, spread over both nodes by the default scheduler', async () => {
    const script = 'echo from $(cat /etc/hostname); exec sleep 3600';
    cluster.apply(deployment('default', 'web', 4, { script }), daemonSet('default', 'agent'));
    const pods = await cluster.pods('default', 'app=web', 4, isReady);
    const agents = await cluster.pods('default', 'app=agent', 2, isReady);
    for (const found of [pods, agents]) {
      assert.deepEqual([...new Set(found.map(({ spec }) => spec.nodeName))].sort(), ['node1', 'node2']);
    }
    // Logs and commands go from the API server to the kubelet.
    const [first, second] = pods as readonly [RealPod, RealPod];
    assert.equal(cluster.kubectl('logs', first.metadata.name), `from ${first.metadata.name}\n`);
    const shown = cluster.kubectl('exec', second.metadata.name, '--', 'cat', '/etc/hostname');
    assert.equal(shown, `${second.metadata.name}\n`);
    for (const { name, groupPath } of cluster.nodes) {
      assert.ok(processesIn(groupPath).length >= 3 * 2, `sandboxes and containers of three pods on ${name}`);
    }
  });

  test('a Job runs to its end', async () => {
    cluster.apply(job('default', 'sum', { script: 'echo $((6 * 7))' }));
    await cluster.pods('default', 'app=sum', 1, ({ status }) => status.phase === 'Succeeded');
    assert.equal(cluster.kubectl('logs', 'job/sum'), '42\n');
  });

  test('a node that stops leaves no process, no mount and no control group', () => {
    const node = cluster.nodes[1]!;
    assert.ok(processesIn(node.groupPath).length > 0);
    node.stop();
    assert.deepEqual(processesIn(node.groupPath), []);
    for (const root of hierarchies()) assert.equal(existsSync(join(root, node.groupPath)), false, root);
    assert.doesNotMatch(readFileSync('/proc/mounts', 'utf8'), /kisimd-cluster-/);
  });

  test('what a killed run left of control groups, the next one removes; those of the living stay', () => {
    // A pid of its own that nothing has any more.
    const gone = Number(attempt(['sh', '-c', 'echo $$']).stdout);
    const paths = hierarchies().map((root) => join(root, `kisimd-test-${gone}-node1`));
    for (const path of paths) mkdirSync(join(path, 'kubepods', 'burstable'), { recursive: true });
    removeGroupsOfTheDead();
    for (const path of paths) assert.equal(existsSync(path), false, path);
    const [living] = cluster.nodes;
    for (const root of hierarchies()) assert.ok(existsSync(join(root, living!.groupPath)), root);
  });
});
