import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DEFAULT_NAMESPACE,
  OPT_IN_LABEL,
  OPT_IN_VALUE,
  PLACEMENT_GATE,
} from '../../../../src/kubernetes/names.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { FakeApiServer } from '../../../support/fake-api-server.ts';
import { waitFor } from '../../../system/support/wait-for.ts';
import { benchNode, benchPod, WITHOUT_KUBELETS } from './bench-cluster.ts';
import type { DaemonReport } from './daemon-child.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';

const TEAM = 'team';
const WARM_UP = 10;

/** What a daemon takes on a fake API server with many nodes and two running pods on each, for gated pods that come one by one. */
export async function fakeClusterLatency(
  nodes: number,
  pods: number,
  podsPerSecond: number,
  seed: number,
): Promise<{ readonly report: DaemonReport; readonly warmUp: number }> {
  const server = await FakeApiServer.start();
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-latency-'));
  try {
    const labels = { [OPT_IN_LABEL]: OPT_IN_VALUE };
    server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: TEAM, labels } });
    server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: DEFAULT_NAMESPACE } });
    for (let i = 0; i < nodes; i++) {
      server.create(benchNode(`n${i}`, i));
      for (const name of [`a-${i}`, `b-${i}`]) {
        const pod = benchPod('default', name);
        server.create({ ...pod, spec: { ...(pod['spec'] as object), nodeName: `n${i}` } });
      }
    }
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, server.kubeconfig);
    const daemon = new DaemonUnderTest({
      kubeconfig,
      set: [`history.path=${join(folder, 'energy.db')}`, WITHOUT_KUBELETS],
    });
    await daemon.synced;
    const random = new RandomStream(seed);
    const create = (name: string): void => {
      const pod = benchPod(TEAM, name);
      server.create({
        ...pod,
        spec: { ...(pod['spec'] as object), schedulingGates: [{ name: PLACEMENT_GATE }] },
      });
    };
    const placed = (count: number) =>
      waitFor('all pods to be placed', 60, async () => (await daemon.report()).placed === count);
    // The first pods pay for what is compiled once.
    for (let i = 0; i < WARM_UP; i++) create(`warm-${i}`);
    await placed(WARM_UP);
    const warmUp = (await daemon.report()).decisions.length;
    for (let i = 0; i < pods; i++) {
      create(`pod-${i}`);
      await sleep(random.exponential(1000 / podsPerSecond));
    }
    await placed(WARM_UP + pods);
    return { report: await daemon.stop(), warmUp };
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
}
