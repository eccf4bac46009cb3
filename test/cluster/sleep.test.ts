import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../src/config/load.ts';
import { LivePlacement } from '../../src/daemon/placement/live-placement.ts';
import { sleepingNodes } from '../../src/daemon/placement/sleeping-nodes.ts';
import type { DecisionRecord } from '../../src/history/decision-record.ts';
import type { ApiNode, ApiPod } from '../../src/kubernetes/api-objects.ts';
import { NODE_ANNOTATION, SLEEP_ANNOTATION } from '../../src/kubernetes/names.ts';
import { systemClock } from '../../src/util/clock.ts';
import { recordingLogger } from '../support/open-history.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { ActingCluster, TEAM } from './support/acting-cluster.ts';
import { outsideNamespace } from './support/in-namespace.ts';
import { succeed } from './support/install-program.ts';
import { setBudget, setReady, setRunning } from './support/played-kubelet.ts';

const switchNode = fileURLToPath(new URL('support/switch-node.ts', import.meta.url));

describe('nodes that sleep, on the real API server and scheduler', { skip: outsideNamespace }, () => {
  const cleanups = new Cleanups();
  const running: LivePlacement[] = [];
  const records: DecisionRecord[] = [];
  let cluster: ActingCluster;

  /** As the daemon would, with its own account; the machines are switched by a program of the operator. */
  const start = async (...more: string[]) => {
    const { folder, kubeconfig } = cluster.plane;
    const command = (what: string, seconds = 0) =>
      `'${process.execPath}' ${switchNode} ${kubeconfig} ${what} {node} ${seconds}`;
    const set = [
      `kubernetes.kubeconfig=${join(folder, 'kisimd.kubeconfig')}`,
      `history.path=${join(folder, 'energy.db')}`,
      'placement.policy=best-fit',
      'placement.strength=required',
      'placement.deadline-seconds=60',
      'sleep.enabled=true',
      `sleep.sleep-command=${command('silent')}`,
      `sleep.wake-command=${command('ready')}`,
      'sleep.empty-seconds=1',
      'sleep.minimum-awake-seconds=0',
      'sleep.minimum-asleep-seconds=3600',
      'sleep.wake-timeout-seconds=60',
      'sleep.spare-nodes=0',
      ...more,
    ];
    const { log, events } = recordingLogger();
    const placement = new LivePlacement({
      config: loadConfig({ env: {}, flags: { set } }).config,
      log,
      clock: systemClock,
      env: {},
      extras: [sleepingNodes],
      sink: { record: (decision) => void records.push(decision), bound: () => undefined },
    });
    running.push(placement);
    placement.start();
    assert.equal(await placement.synced, true);
    return { placement, events, command };
  };
  const stop = async () => {
    for (const placement of running.splice(0)) await placement.stop();
  };
  const slow = () => `'${process.execPath}' ${switchNode} ${cluster.plane.kubeconfig} silent {node} 600`;

  const node = (name: string) => cluster.read<ApiNode>(`/api/v1/nodes/${name}`);
  const stateOf = async (name: string) => {
    const { metadata, spec } = await node(name);
    const text = metadata?.annotations?.[SLEEP_ANNOTATION];
    const state = text === undefined ? 'unmarked' : (JSON.parse(text) as { state: string }).state;
    return `${state}${spec?.unschedulable === true ? ', cordoned' : ''}`;
  };
  const reaches = (name: string, state: string) =>
    waitFor(`${name} to be ${state}`, 60, async () => (await stateOf(name)) === state);
  const podPath = ({ metadata }: ApiPod) =>
    `/api/v1/namespaces/${metadata!.namespace}/pods/${metadata!.name}`;

  /** A pod of a controller, past our gate, that runs on a node. */
  const runs = async (on: string, cpu: string, namespace = TEAM, labels = {}) => {
    const pod = await cluster.pod(
      {
        nodeName: on,
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'a', image: 'x', resources: { requests: { cpu, memory: '1Gi' } } }],
      },
      {
        labels,
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'of-the-test', controller: true },
        ],
      },
      namespace,
    );
    await setRunning(cluster.admin, namespace, pod.metadata!.name!);
    return pod;
  };
  const remove = (pod: ApiPod) => succeed(cluster.admin, 'DELETE', podPath(pod), { gracePeriodSeconds: 0 });

  before(async () => {
    cluster = await ActingCluster.start(cleanups);
    cluster.plane.startScheduler().output.resume();
    for (const name of ['n1', 'n2', 'n3']) await setReady(cluster.admin, name, true);
  });
  after(async () => {
    await stop();
    cleanups.run();
  });

  test('empty nodes are cordoned and put to sleep; the last one, and one that an operator cordoned, are left', async () => {
    await runs('n1', '10');
    await succeed(cluster.admin, 'PUT', '/api/v1/nodes/n3', {
      ...(await node('n3')),
      spec: { unschedulable: true },
    });
    const { events } = await start();
    await reaches('n2', 'asleep, cordoned');
    assert.equal(await stateOf('n1'), 'unmarked');
    assert.equal(await stateOf('n3'), 'unmarked, cordoned');
    assert.deepEqual(
      events.filter(({ level }) => level === 'error'),
      [],
    );
    await succeed(cluster.admin, 'PUT', '/api/v1/nodes/n3', { ...(await node('n3')), spec: {} });
    await reaches('n3', 'asleep, cordoned');
  });

  test('a gated pod that only a sleeping node can take has it woken, and is sent there', async () => {
    const pod = await cluster.pod({
      containers: [{ name: 'a', image: 'x', resources: { requests: { cpu: '12', memory: '1Gi' } } }],
    });
    assert.equal(pod.spec?.schedulingGates?.length, 1);
    const on = await cluster.boundNode(pod);
    assert.ok(['n2', 'n3'].includes(on), on);
    const now = await cluster.read<ApiPod>(podPath(pod));
    assert.equal(now.metadata?.annotations?.[NODE_ANNOTATION], on);
    // Given back a moment before the pod could come.
    await waitFor(`${on} to be given back`, 10, async () => !(await stateOf(on)).includes('cordoned'));
    const other = on === 'n2' ? 'n3' : 'n2';
    assert.equal(await stateOf(other), 'asleep, cordoned');
    await remove(pod);
    await reaches(on, 'asleep, cordoned');
  });

  test('a pod that nobody gates wakes a node too, once the scheduler finds no room', async () => {
    const pod = await cluster.pod(
      { containers: [{ name: 'a', image: 'x', resources: { requests: { cpu: '14', memory: '1Gi' } } }] },
      {},
      'default',
    );
    assert.equal(pod.spec?.schedulingGates, undefined);
    const on = await cluster.boundNode(pod);
    assert.ok(['n2', 'n3'].includes(on), on);
    assert.equal(await stateOf(on === 'n2' ? 'n3' : 'n2'), 'asleep, cordoned');
    await remove(pod);
    await reaches(on, 'asleep, cordoned');
  });

  test('another leader knows what sleeps, and finishes what the one before had begun', async () => {
    await stop();
    assert.equal(await stateOf('n2'), 'asleep, cordoned');
    await start(`sleep.sleep-command=${slow()}`);
    const pod = await cluster.pod({
      containers: [{ name: 'a', image: 'x', resources: { requests: { cpu: '12', memory: '1Gi' } } }],
    });
    const on = await cluster.boundNode(pod);
    await remove(pod);
    await reaches(on, 'falling-asleep, cordoned');
    // The command is ended with who gave it.
    await stop();
    assert.equal(await stateOf(on), 'falling-asleep, cordoned');
    await start();
    await reaches(on, 'asleep, cordoned');
    const ready = (await node(on)) as { status?: { conditions?: { type: string; status: string }[] } };
    assert.equal(ready.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'False');
  });

  test('a disruption budget is obeyed: the node is not emptied until it allows it', async () => {
    await stop();
    // n2 is made awake by hand, as an operator would.
    await setReady(cluster.admin, 'n2', true);
    const awake = await node('n2');
    const { [SLEEP_ANNOTATION]: _, ...annotations } = awake.metadata?.annotations ?? {};
    await succeed(cluster.admin, 'PUT', '/api/v1/nodes/n2', {
      ...awake,
      metadata: { ...awake.metadata, annotations },
      spec: {},
    });
    const small = await runs('n2', '1', TEAM, { app: 'web' });
    await cluster.create(`/apis/policy/v1/namespaces/${TEAM}/poddisruptionbudgets`, {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web', namespace: TEAM },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
    });
    await setBudget(cluster.admin, TEAM, 'web', 0);
    const { placement } = await start('sleep.drain=true');
    await waitFor('it to lead', 30, () => placement.status.state === 'leading');
    // Many steps later.
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    assert.equal(await stateOf('n2'), 'unmarked');
    assert.equal((await cluster.read<ApiPod>(podPath(small))).metadata?.deletionTimestamp, undefined);
    await stop();
    await setBudget(cluster.admin, TEAM, 'web', 1);
    await start('sleep.drain=true');
    await reaches('n2', 'asleep, cordoned');
    const { status } = await cluster.api.request({ method: 'GET', path: podPath(small) });
    assert.equal(status, 404);
    const evicted = records.filter(({ outcome }) => outcome === 'evicted');
    assert.deepEqual(
      evicted.map(({ pod, policy, reason }) => [pod, policy, reason]),
      [[small.metadata!.name, 'sleep', 'n2 is to sleep']],
    );
  });

  test('where sleep is switched off, what sleeps is woken and given back', async () => {
    await stop();
    await start('sleep.enabled=false');
    // Its minimum time is none: nothing is left to say of it.
    for (const name of ['n2', 'n3']) await reaches(name, 'unmarked');
  });
});
