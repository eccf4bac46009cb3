import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { shippedModel } from '../../src/cli/autoscale/policies.ts';
import { autoscaleCommand } from '../../src/cli/specs/autoscale.ts';
import { explainCommand } from '../../src/cli/specs/explain.ts';
import { openHistoryReader } from '../../src/history/reader.ts';
import type { ApiDeployment } from '../../src/kubernetes/api-objects.ts';
import { clusterRole } from '../../src/kubernetes/manifests/account.ts';
import { objectPath } from '../../src/kubernetes/manifests/setup-objects.ts';
import { SCALE_LABEL, SCALE_LABEL_VALUE } from '../../src/kubernetes/names.ts';
import { FakePrometheus } from '../support/fake-prometheus.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { ActingCluster, TEAM } from './support/acting-cluster.ts';
import { outsideNamespace } from './support/in-namespace.ts';
import { everyFeature, succeed } from './support/install-program.ts';
import { PlayedService } from './support/played-service.ts';
import { runCommand } from './support/run-command.ts';

const DEPLOYMENTS = `/apis/apps/v1/namespaces/${TEAM}/deployments`;
const POD_QUERY = '100 * requests_per_pod / 10';
/** Requests a second that a pod is asked to bear at 100 %. */
const PER_POD = 10;

describe('autoscaling on the real API server, with the account of the program', {
  skip: outsideNamespace,
}, () => {
  const cleanups = new Cleanups();
  let cluster: ActingCluster;
  let service: PlayedService;
  let prometheus: FakePrometheus;
  let numbered = 0;
  let history: string;

  const read = (name: string) => cluster.read<ApiDeployment>(`${DEPLOYMENTS}/${name}`);
  const create = async (
    name: string,
    labels: Readonly<Record<string, string>> = { [SCALE_LABEL]: SCALE_LABEL_VALUE },
  ) => {
    await cluster.create(DEPLOYMENTS, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: TEAM, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name, tier: 'served' } },
          spec: { containers: [{ name: 'main', image: 'a:1' }] },
        },
      },
    });
  };

  /** `kisimd autoscale --live` with decisions every second. */
  const autoscale = (more: Record<string, unknown>) => {
    const { folder } = cluster.plane;
    const problem = join(folder, 'problem.json');
    const environment = {
      action_interval: 1,
      observation_window: 2,
      episode_duration: 60,
      min_replicas: 1,
      max_replicas: 4,
    };
    writeFileSync(problem, JSON.stringify({ environment }));
    return runCommand(autoscaleCommand, {
      live: true,
      problem,
      prometheus: prometheus.url,
      kubeconfig: join(folder, 'kisimd.kubeconfig'),
      set: [`history.path=${history}`],
      ...more,
    });
  };
  const explain = async (name: string, more: Record<string, unknown> = {}) => {
    const explained = runCommand(explainCommand, { db: history, namespace: TEAM, ...more }, [
      `deployment/${name}`,
    ]);
    assert.deepEqual(await explained.done, { status: 0, error: undefined });
    return explained.out;
  };

  before(async () => {
    cluster = await ActingCluster.start(cleanups, false);
    cluster.plane.startScheduler().output.resume();
    await cluster.plane.startControllerManager();
    service = await PlayedService.start(cluster.admin, TEAM, 'tier=served', cluster.plane.folder);
    prometheus = await FakePrometheus.start();
  });
  beforeEach(() => {
    numbered += 1;
    history = join(cluster.plane.folder, `history-${numbered}.db`);
    prometheus.instant.clear();
    prometheus.instant.set(POD_QUERY, () => [
      [{}, String((100 * service.perSecond) / PER_POD / Math.max(1, service.ready))],
    ]);
  });
  after(async () => {
    await prometheus?.close();
    await service?.stop();
    cleanups.run();
  });

  test('a Deployment grows under load, and every decision is kept and explained', async () => {
    await create('web');
    await waitFor('a pod that serves', 30, () => service.ready === 1);
    const autoscaling = autoscale({
      policies: 'hpa',
      cpu: `${TEAM}/web`,
      query: [`cpu-pods=${POD_QUERY}`],
      load: 'constant:level=28,duration=60s',
      url: [`${service.url}/cpu?ms=1`],
    });
    const grown = await waitFor('four pods that serve', 40, async () => {
      const now = await read('web');
      return now.status?.readyReplicas === 4 ? now : undefined;
    });
    assert.equal(grown.spec?.replicas, 4);
    // 28 requests a second on four pods are 70 % of what each is to bear: it stays.
    await waitFor('a decision to stay', 20, () => / 4 kept: /.test(autoscaling.out));
    autoscaling.stop();
    assert.deepEqual(await autoscaling.done, { status: 0, error: undefined });
    assert.equal(service.failure, undefined);

    const reader = openHistoryReader(history);
    const all = reader.scalings({ name: 'web', namespace: TEAM, limit: 1000 });
    reader.close();
    const told = autoscaling.out.trim().split('\n');
    assert.equal(all.length, told.length);
    const scaled = all.filter(({ outcome }) => outcome === 'scaled');
    assert.equal(scaled[0]?.after, 4);
    assert.equal(scaled.at(-1)?.before, 1);
    assert(all.every(({ policy, uid }) => policy === 'hpa' && uid === grown.metadata?.uid));
    assert.match(
      await explain('web', { last: '1000' }),
      /team\/web: scaled from 1 to \d replicas by hpa, .*\n {2}because: .*cpu \d+ % of 70 %/,
    );
    const lease = await cluster.read<{ spec: { holderIdentity?: string } }>(
      '/apis/coordination.k8s.io/v1/namespaces/kisimd/leases/kisimd-autoscale',
    );
    assert.equal(lease.spec.holderIdentity ?? '', '');
  });

  test('in a dry run nothing is scaled, and what would have been is kept', async () => {
    await create('calm');
    prometheus.instant.set(POD_QUERY, [[{}, '300']]);
    const autoscaling = autoscale({
      policies: 'hpa',
      cpu: `${TEAM}/calm`,
      query: [`cpu-pods=${POD_QUERY}`],
      dryRun: true,
    });
    await waitFor('a pod of it', 30, async () => ((await read('calm')).status?.readyReplicas ?? 0) === 1);
    await waitFor('a decision', 20, () => / observed: .*300 % of 70 %/.test(autoscaling.out));
    autoscaling.stop();
    await autoscaling.done;
    assert.equal((await read('calm')).spec?.replicas, 1);
    assert.match(
      await explain('calm'),
      /left as it was \(1 replica, 4 wanted; dry-run, nothing was written\)/,
    );
  });

  test('a query without an answer stops it with the query, and the replicas stay', async () => {
    await create('blind');
    prometheus.instant.clear();
    const autoscaling = autoscale({
      policies: 'hpa',
      cpu: `${TEAM}/blind`,
      query: [`cpu-pods=${POD_QUERY}`],
    });
    const { error } = await autoscaling.done;
    assert.equal(error?.code, 'KISIM_E_METRIC_NO_DATA');
    assert(error.found?.includes(POD_QUERY));
    assert.equal((await read('blind')).spec?.replicas, 1);
    assert.match(await explain('blind'), /failed: KISIM_E_METRIC_NO_DATA/);
  });

  test('a Deployment that is not there, does not ask for it or vanishes is named', async () => {
    const missing = await autoscale({ policies: 'fixed', cpu: `${TEAM}/none` }).done;
    assert.deepEqual([missing.error?.code, missing.error?.found], ['KISIM_E_SCALE_GONE', `${TEAM}/none`]);
    await create('unasked', {});
    const unasked = await autoscale({ policies: 'fixed', cpu: `${TEAM}/unasked` }).done;
    assert.equal(unasked.error?.code, 'KISIM_E_SCALE_NOT_OPTED_IN');
    await create('brief');
    const autoscaling = autoscale({ policies: 'fixed', cpu: `${TEAM}/brief` });
    await waitFor('three replicas', 30, async () => (await read('brief')).spec?.replicas === 3);
    await succeed(cluster.admin, 'DELETE', `${DEPLOYMENTS}/brief`);
    const { error } = await autoscaling.done;
    assert.equal(error?.code, 'KISIM_E_SCALE_GONE');
    assert.match(error.found ?? '', /team\/brief/);
    assert.match(await explain('brief'), /nothing decided by fixed.*\n {2}failed: KISIM_E_SCALE_GONE/);
  });

  test('a scale that is forbidden is told with its path', async () => {
    await create('guarded');
    const role = clusterRole(everyFeature);
    const rules = role.rules.map((rule) =>
      rule.resources.includes('deployments/scale') ? { ...rule, verbs: ['get'] } : rule,
    );
    await succeed(cluster.admin, 'PUT', objectPath(role), { ...role, rules });
    try {
      await waitFor('the role to be known', 30, async () => {
        const { status } = await cluster.api.request({
          method: 'PATCH',
          path: `${DEPLOYMENTS}/guarded/scale`,
          patchType: 'merge',
          body: {},
        });
        return status === 403;
      });
      const { error } = await autoscale({ policies: 'fixed', cpu: `${TEAM}/guarded` }).done;
      assert.equal(error?.code, 'KISIM_E_KUBE_FORBIDDEN');
      assert.match(error.found ?? '', /deployments\/guarded\/scale/);
      assert.equal((await read('guarded')).spec?.replicas, 1);
    } finally {
      await succeed(cluster.admin, 'PUT', objectPath(role), role);
    }
  });

  test('a model scales two backends', async () => {
    const model = existsSync(shippedModel) ? shippedModel : await trained();
    for (const name of ['on-gpu', 'on-cpu']) await create(name);
    for (const query of ['gpu', 'cpu', 'memory']) prometheus.instant.set(query, [[{}, '90']]);
    const autoscaling = autoscale({
      model: [model],
      gpu: `${TEAM}/on-gpu`,
      cpu: `${TEAM}/on-cpu`,
      query: ['gpu-percent=gpu', 'cpu-percent=cpu', 'memory-percent=memory'],
      load: 'constant:level=20,duration=60s',
      url: ['gpu', 'cpu'].map((backend) => `${backend}=${service.url}/cpu?ms=1`),
    });
    const decided = (name: string) => autoscaling.out.match(new RegExp(`team/${name} .*: model: gpu`, 'g'));
    await waitFor('decisions on both', 60, () =>
      ['on-gpu', 'on-cpu'].every((name) => (decided(name) ?? []).length >= 3),
    );
    autoscaling.stop();
    assert.deepEqual(await autoscaling.done, { status: 0, error: undefined });
    assert.match(await explain('on-cpu'), /by model, .*\n[\s\S]*latencyP95Milliseconds +[\d.]+ ms/);
    const reader = openHistoryReader(history);
    for (const name of ['on-gpu', 'on-cpu']) {
      const [last] = reader.scalings({ name, namespace: TEAM, limit: 1 });
      assert.equal((await read(name)).spec?.replicas, last?.after, name);
      assert.equal(last?.seen.length, 10);
    }
    reader.close();
  });

  /** A model that has learned next to nothing, of the form that decides live. */
  async function trained(): Promise<string> {
    const out = join(cluster.plane.folder, 'training');
    const training = runCommand(autoscaleCommand, { train: true, steps: '256', runs: '1', out });
    assert.deepEqual(await training.done, { status: 0, error: undefined });
    return join(out, 'model.onnx');
  }
});
