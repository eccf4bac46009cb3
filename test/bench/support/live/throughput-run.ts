// Started in a private network by the benchmark `throughput`: the same pods bound by the real scheduler, then placed by the daemon.
import type { ApiPod } from '../../../../src/kubernetes/api-objects.ts';
import { isGated } from '../../../../src/kubernetes/gated-pod-patch.ts';
import { type ActingCluster, TEAM } from '../../../cluster/support/acting-cluster.ts';
import { Cleanups } from '../../../system/support/cleanups.ts';
import { waitFor } from '../../../system/support/wait-for.ts';
import { benchCluster, benchPod, daemonArguments, PLAIN } from './bench-cluster.ts';
import type { DaemonReport } from './daemon-child.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';
import { PodsSeen } from './pods-seen.ts';
import { tellProgress, tellResult } from './tell.ts';

export interface ThroughputGiven {
  readonly nodes: number;
  readonly pods: number;
}

export interface ThroughputResult {
  /** Pods a second from the first to the last one, as an independent watch saw them. */
  readonly schedulerPerSecond: number;
  readonly placedPerSecond: number;
  /** Of one daemon, with the real scheduler binding at the same time. */
  readonly besidePlacedPerSecond: number;
  readonly report: DaemonReport;
  readonly besideReport: DaemonReport;
}

const given = JSON.parse(process.argv[2]!) as ThroughputGiven;
const cleanups = new Cleanups();
try {
  tellResult(await measured(given));
} finally {
  cleanups.run();
}

async function measured({ nodes, pods }: ThroughputGiven): Promise<ThroughputResult> {
  const cluster = await benchCluster(cleanups, nodes);
  await created(cluster, PLAIN, pods);
  tellProgress(`${nodes} nodes, ${pods} pods for the real scheduler`);
  const isBound = ({ spec }: ApiPod): boolean => Boolean(spec?.nodeName);
  const bound = new PodsSeen(cluster, PLAIN, isBound);
  await bound.start();
  const scheduler = cluster.plane.startScheduler();
  scheduler.output.resume();
  const schedulerPerSecond = await bound.rate(pods);
  await cluster.plane.stop(scheduler);
  await emptied(cluster, PLAIN);

  const run = async (scheduling: boolean): Promise<[number, DaemonReport]> => {
    await created(cluster, TEAM, pods);
    tellProgress(`${pods} gated pods for the daemon${scheduling ? ', the scheduler beside it' : ''}`);
    const free = new PodsSeen(cluster, TEAM, (pod) => !isGated(pod));
    await free.start();
    const beside = scheduling ? cluster.plane.startScheduler() : undefined;
    beside?.output.resume();
    // The deadline would free pods that wait for their turn.
    const daemon = new DaemonUnderTest(daemonArguments(cluster, ['placement.deadline-seconds=300']));
    const rate = await free.rate(pods, () => daemon.mustRun());
    const report = await daemon.stop();
    if (beside !== undefined) await cluster.plane.stop(beside);
    await emptied(cluster, TEAM);
    return [rate, report];
  };
  const [placedPerSecond, report] = await run(false);
  const [besidePlacedPerSecond, besideReport] = await run(true);
  return { schedulerPerSecond, placedPerSecond, besidePlacedPerSecond, report, besideReport };
}

async function created(cluster: ActingCluster, namespace: string, pods: number): Promise<void> {
  await cluster.plane.client.createAll(
    Array.from({ length: pods }, (_, i) => benchPod(namespace, `pod-${i}`)),
  );
}

async function emptied(cluster: ActingCluster, namespace: string): Promise<void> {
  await cluster.plane.client.deleteAll('Pod', namespace);
  await waitFor(`${namespace} to be empty`, 120, async () => {
    const { body } = await cluster.admin.request({
      method: 'GET',
      path: `/api/v1/namespaces/${namespace}/pods`,
      query: { limit: 1 },
    });
    return (body as { items: unknown[] }).items.length === 0;
  });
}
