import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runLive } from '../../src/cli/queue/live.ts';
import { liveQueueOptions } from '../../src/cli/queue/live-options.ts';
import { explainCommand } from '../../src/cli/specs/explain.ts';
import { openHistoryReader } from '../../src/history/reader.ts';
import type { ApiJob, ApiPod } from '../../src/kubernetes/api-objects.ts';
import type { ApiAdmissionCheck, ApiWorkload } from '../../src/kubernetes/kueue/api-objects.ts';
import { holds } from '../../src/kubernetes/kueue/api-objects.ts';
import { type KueueVersion, kueuePath } from '../../src/kubernetes/kueue/version.ts';
import { JOB_LABEL, QUEUED_LABEL_VALUE } from '../../src/kubernetes/names.ts';
import { admissionByName } from '../../src/queueing/policies/registry.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { ActingCluster, TEAM } from './support/acting-cluster.ts';
import { outsideNamespace } from './support/in-namespace.ts';
import { defineKueue } from './support/kueue-definitions.ts';
import { runCommand } from './support/run-command.ts';

const JOBS = `/apis/batch/v1/namespaces/${TEAM}/jobs`;
const KUEUE = '/apis/kueue.x-k8s.io/v1beta2';

/** The work of n2 costs a third of that of the others. */
const NODE_TABLE = `nodes:
  - {match: {name: n2}, power: {curve: [20, 30, 40]}}
  - {match: {name: "n*"}, power: {curve: [60, 90, 120]}}
`;

describe('queues on the real API server, with the account of the program', { skip: outsideNamespace }, () => {
  const cleanups = new Cleanups();
  let cluster: ActingCluster;
  let history: string;

  /** As `kisimd queue --live` runs it. */
  const queue = (policy: string, more: Record<string, unknown> = {}) => {
    const { folder } = cluster.plane;
    const table = join(folder, 'nodes.yaml');
    writeFileSync(table, NODE_TABLE);
    return runCommand(
      {
        ...explainCommand,
        options: liveQueueOptions,
        run: (context) => runLive(context, { policy: admissionByName(policy), seed: 1 }),
      },
      {
        kubeconfig: join(folder, 'kisimd.kubeconfig'),
        set: [`history.path=${history}`, `placement.node-table=${table}`],
        placement: 'efficiency-first',
        strength: 'required',
        interval: '1s',
        ...more,
      },
    );
  };
  /** Each node has 16 cores. */
  const container = (cpu: string) => ({
    name: 'main',
    image: 'a:1',
    resources: { requests: { cpu, memory: '1Gi' } },
  });
  const job = (name: string, cpu: string, annotations: Readonly<Record<string, string>>, spec: object = {}) =>
    cluster.create(JOBS, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace: TEAM, labels: { [JOB_LABEL]: QUEUED_LABEL_VALUE }, annotations },
      spec: {
        suspend: true,
        ...spec,
        template: { spec: { restartPolicy: 'Never', containers: [container(cpu)] } },
      },
    });
  const read = (name: string) => cluster.read<ApiJob>(`${JOBS}/${name}`);
  const lasts = (duration: string) => ({ 'kisimd.io/expected-duration': duration });
  const check = (name: string, controllerName: string, version: KueueVersion = 'v1beta2') =>
    cluster.create(kueuePath(version, 'admissionchecks'), {
      apiVersion: `kueue.x-k8s.io/${version}`,
      kind: 'AdmissionCheck',
      metadata: { name },
      spec: { controllerName },
    });
  const workload = async (name: string, cpu: string, version: KueueVersion = 'v1beta2') => {
    const now = new Date().toISOString().replace(/\.\d+Z/, 'Z');
    const path = kueuePath(version, `namespaces/${TEAM}/workloads`);
    await cluster.create(path, {
      apiVersion: `kueue.x-k8s.io/${version}`,
      kind: 'Workload',
      metadata: { name, namespace: TEAM },
      spec: { podSets: [{ name: 'main', count: 2, template: { spec: { containers: [container(cpu)] } } }] },
    });
    // What Kueue does once the workload has its quota.
    const pending = (each: string) => ({
      name: each,
      state: 'Pending',
      lastTransitionTime: now,
      message: '',
    });
    const { status, body } = await cluster.admin.request({
      method: 'PATCH',
      path: `${path}/${name}/status`,
      patchType: 'merge',
      body: {
        status: {
          conditions: [
            {
              type: 'QuotaReserved',
              status: 'True',
              reason: 'QuotaReserved',
              message: '',
              lastTransitionTime: now,
            },
          ],
          admissionChecks: [pending('budget'), pending('energy')],
        },
      },
    });
    assert.equal(status, 200, JSON.stringify(body));
  };
  const stateOf = async (name: string, of: string, version: KueueVersion = 'v1beta2') => {
    const path = kueuePath(version, `namespaces/${TEAM}/workloads/${name}`);
    const { status } = await cluster.read<ApiWorkload>(path);
    return status?.admissionChecks?.find((each) => each.name === of);
  };
  const explain = async (subject: string) => {
    const explained = runCommand(explainCommand, { db: history, namespace: TEAM }, [subject]);
    assert.deepEqual(await explained.done, { status: 0, error: undefined });
    return explained.out;
  };

  before(async () => {
    cluster = await ActingCluster.start(cleanups, false);
    cluster.plane.startScheduler().output.resume();
    await cluster.plane.startControllerManager();
    await defineKueue(cluster.admin);
    history = join(cluster.plane.folder, 'queue.db');
  });
  after(() => cleanups.run());

  test('Jobs are started in the order of the policy, on the nodes of its plan, and explained', async () => {
    // Two nodes are full: all that is admitted goes to one, and two of these do not fit there together.
    for (const name of ['n1', 'n3'])
      await cluster.admin.request({
        method: 'PATCH',
        path: `/api/v1/nodes/${name}`,
        patchType: 'merge',
        body: { spec: { unschedulable: true } },
      });
    await job('long', '10', lasts('2h'));
    await job('middle', '10', lasts('1h'));
    const made = Date.parse((await read('middle')).metadata?.creationTimestamp ?? '');
    // The API server's times are in seconds.
    await waitFor('the next second', 10, () => Date.now() >= made + 1000);
    await job('short', '10', lasts('5m'));
    const queued = queue('sjf');
    await waitFor(
      'the shortest to be started',
      60,
      async () => (await read('short')).spec?.suspend === false,
    );
    const short = await read('short');
    assert.equal(short.metadata?.annotations?.['kisimd.io/node'], 'n2');
    assert.match(short.metadata?.annotations?.['kisimd.io/decided-by'] ?? '', /#\d+$/);
    for (const name of ['middle', 'long']) assert.equal((await read(name)).spec?.suspend, true, name);
    // It ends: the next one in the order has its turn.
    const pod = await waitFor('its pod on the node', 60, async () => {
      const { items } = await cluster.read<{ items: readonly ApiPod[] }>(`/api/v1/namespaces/${TEAM}/pods`);
      return items.find(
        ({ metadata, spec }) =>
          metadata?.labels?.['batch.kubernetes.io/job-name'] === 'short' && spec?.nodeName === 'n2',
      );
    });
    await cluster.admin.request({
      method: 'PATCH',
      path: `/api/v1/namespaces/${TEAM}/pods/${pod.metadata?.name}/status`,
      patchType: 'merge',
      body: { status: { phase: 'Succeeded' } },
    });
    await waitFor('the next one', 120, async () => (await read('middle')).spec?.suspend === false);
    assert.equal((await read('long')).spec?.suspend, true);
    queued.stop();
    assert.deepEqual(await queued.done, { status: 0, error: undefined });
    assert.match(
      queued.out,
      /team\/job\/short admitted to n2 after [\d.]+ s\n.*team\/job\/middle admitted to n2/,
    );
    const reader = openHistoryReader(history);
    const admissions = ['short', 'middle', 'long'].map((name) =>
      reader.admissions({ kind: 'Job', name, namespace: TEAM, limit: 10 }).map(({ outcome }) => outcome),
    );
    reader.close();
    assert.deepEqual(admissions, [['admitted'], ['admitted'], []]);
    assert.match(
      await explain('job/short'),
      /^team\/job\/short: admitted to n2 by sjf, .*\n {2}waited for [\d.]+ s; 3 in the queue with it\n {2}before 2 that had come earlier, team\/(?:long|middle) the first of them\n[\s\S]*estimate, shorter first +-300 s/,
    );
  });

  test('a workload of Kueue gets its check answered, with nodes, and its check said to be served', async () => {
    for (const name of ['n1', 'n3'])
      await cluster.admin.request({
        method: 'PATCH',
        path: `/api/v1/nodes/${name}`,
        patchType: 'merge',
        body: { spec: { unschedulable: null } },
      });
    await check('energy', 'kisimd.io/admission');
    await check('budget', 'example.com/budget');
    await workload('fits', '2');
    await workload('huge', '500');
    const queued = queue('fifo-best-effort', { kueue: true, sendBack: '1s', rejectImpossible: true });
    const ready = await waitFor('the answer', 60, async () => {
      const state = await stateOf('fits', 'energy');
      return state?.state === 'Ready' ? state : undefined;
    });
    assert.match(ready.message ?? '', /^admitted to n2 by .*#\d+$/);
    assert.deepEqual(ready.podSetUpdates, [
      {
        name: 'main',
        labels: { 'kisimd.io/skip': 'job' },
        annotations: { 'kisimd.io/node': 'n2' },
        nodeSelector: { 'kubernetes.io/hostname': 'n2' },
      },
    ]);
    assert.equal((await stateOf('fits', 'budget'))?.state, 'Pending');
    const rejected = await waitFor('the rejection', 60, async () => {
      const state = await stateOf('huge', 'energy');
      return state?.state === 'Rejected' ? state : undefined;
    });
    assert.match(rejected.message ?? '', /even if they were empty/);
    const checks = await Promise.all(
      ['energy', 'budget'].map((name) => cluster.read<ApiAdmissionCheck>(`${KUEUE}/admissionchecks/${name}`)),
    );
    assert.deepEqual(
      checks.map(({ status }) => holds(status?.conditions, 'Active')),
      [true, false],
    );
    queued.stop();
    assert.deepEqual(await queued.done, { status: 0, error: undefined });
    assert.match(await explain('workload/fits'), /^team\/workload\/fits: admitted to n2 by fifo-best-effort/);
    assert.match(await explain('workload/huge'), /rejected for good.*\n {2}because: no nodes of the cluster/);
    const lease = await cluster.read<{ spec: { holderIdentity?: string } }>(
      '/apis/coordination.k8s.io/v1/namespaces/kisimd/leases/kisimd-queue',
    );
    assert.equal(lease.spec.holderIdentity ?? '', '');
  });

  test('in a dry run nothing is admitted, and what would have been is told', async () => {
    await job('calm', '1', lasts('1m'));
    const queued = queue('fifo-best-effort', { dryRun: true });
    await waitFor('the word', 60, () => /team\/job\/calm observed to n/.test(queued.out));
    queued.stop();
    await queued.done;
    assert.equal((await read('calm')).spec?.suspend, true);
    assert.match(await explain('job/calm'), /chosen for n\d; dry-run, nothing was written/);
  });

  test('a cluster without Kueue is told where Kueue is asked for', async () => {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    for (const plural of ['workloads', 'admissionchecks'])
      await cluster.admin.request({ method: 'DELETE', path: `${path}/${plural}.kueue.x-k8s.io` });
    await waitFor('the group to be gone', 60, async () => {
      const { status } = await cluster.admin.request({ method: 'GET', path: '/apis/kueue.x-k8s.io' });
      return status === 404;
    });
    const { error } = await queue('fifo', { kueue: true }).done;
    assert.equal(error?.code, 'KISIM_E_KUEUE_ABSENT');
  });

  test('an older Kueue is spoken to in its own version', async () => {
    await defineKueue(cluster.admin, 'v1beta1');
    await check('energy', 'kisimd.io/admission', 'v1beta1');
    await workload('older', '2', 'v1beta1');
    const queued = queue('fifo-best-effort', { kueue: true });
    await waitFor(
      'the answer',
      60,
      async () => (await stateOf('older', 'energy', 'v1beta1'))?.state === 'Ready',
    );
    queued.stop();
    assert.deepEqual(await queued.done, { status: 0, error: undefined });
    const served = await cluster.read<ApiAdmissionCheck>(`${kueuePath('v1beta1', 'admissionchecks')}/energy`);
    assert(holds(served.status?.conditions, 'Active'));
  });
});
