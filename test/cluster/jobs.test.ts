import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { deploymentLoop } from '../../src/daemon/placement/deployment-loop.ts';
import { jobLoop } from '../../src/daemon/placement/job-loop.ts';
import { LivePlacement } from '../../src/daemon/placement/live-placement.ts';
import { nodeAdvice } from '../../src/daemon/placement/node-advice.ts';
import type { DecisionRecord } from '../../src/history/decision-record.ts';
import type { ApiDeployment, ApiJob, ApiNode, ApiPod } from '../../src/kubernetes/api-objects.ts';
import {
  DECIDED_BY_ANNOTATION,
  DEFAULT_NAMESPACE,
  JOB_LABEL,
  JOB_LABEL_VALUE,
  NODE_ANNOTATION,
  PREFER_LABEL,
  PREFER_LABEL_VALUE,
  SLACK_ANNOTATION,
  STARTED_ANNOTATION,
  TIER_LABEL,
  TIER_TAINT,
} from '../../src/kubernetes/names.ts';
import { pauseCluster, resumeCluster } from '../../src/kubernetes/pause-config-map.ts';
import { systemClock } from '../../src/util/clock.ts';
import { recordingLogger } from '../support/open-history.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { ActingCluster, TEAM } from './support/acting-cluster.ts';
import { outsideNamespace } from './support/in-namespace.ts';

const ASKED = { [JOB_LABEL]: JOB_LABEL_VALUE };
const JOBS = `/apis/batch/v1/namespaces/${TEAM}/jobs`;
const DEPLOYMENTS = `/apis/apps/v1/namespaces/${TEAM}/deployments`;

/** The work of n2 costs a third of that of the others. */
const NODE_TABLE = `nodes:
  - {match: {name: n2}, power: {curve: [20, 30, 40]}}
  - {match: {name: "n*"}, power: {curve: [60, 90, 120]}}
`;

describe('Jobs, Deployments and nodes on the real API server, with the account of the program', {
  skip: outsideNamespace,
}, () => {
  const cleanups = new Cleanups();
  const records: DecisionRecord[] = [];
  const services: LivePlacement[] = [];
  let cluster: ActingCluster;
  let numbered = 0;

  const start = async (...more: string[]) => {
    const { folder } = cluster.plane;
    const table = join(folder, 'nodes.yaml');
    writeFileSync(table, NODE_TABLE);
    const set = [
      `kubernetes.kubeconfig=${join(folder, 'kisimd.kubeconfig')}`,
      `history.path=${join(folder, 'energy.db')}`,
      `placement.node-table=${table}`,
      'placement.strength=required',
      'placement.policy=efficiency-first',
      'placement.jobs=true',
      ...more,
    ];
    const { log, events } = recordingLogger();
    const placement = new LivePlacement({
      config: loadConfig({ env: {}, flags: { set } }).config,
      log,
      clock: systemClock,
      env: {},
      extras: [jobLoop, deploymentLoop, nodeAdvice],
      sink: { record: (decision) => void records.push(decision), bound: () => undefined },
    });
    services.push(placement);
    placement.start();
    assert.equal(await placement.synced, true);
    await waitFor('the lease', 20, () => Promise.resolve(placement.status.state === 'leading'));
    return { placement, events };
  };

  const job = async (metadata: object = { labels: ASKED }, spec: object = {}): Promise<string> => {
    const name = `job-${++numbered}`;
    const container = { name: 'main', image: 'a:1', resources: { requests: { cpu: '1', memory: '1Gi' } } };
    await cluster.create(JOBS, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace: TEAM, ...metadata },
      spec: {
        suspend: true,
        ...spec,
        template: { spec: { restartPolicy: 'Never', containers: [container] } },
      },
    });
    return name;
  };
  const read = (name: string) => cluster.read<ApiJob>(`${JOBS}/${name}`);
  const isStarted = async (name: string) => (await read(name)).spec?.suspend === false;
  const podsOf = async (name: string, count: number) =>
    await waitFor(`pods of ${name}`, 30, async () => {
      const { items } = await cluster.read<{ items: readonly ApiPod[] }>(`/api/v1/namespaces/${TEAM}/pods`);
      const pods = items.filter(
        ({ metadata }) => metadata?.labels?.['batch.kubernetes.io/job-name'] === name,
      );
      return pods.length >= count ? pods : undefined;
    });
  const patch = (path: string, body: object) =>
    cluster.admin.request({ method: 'PATCH', path, patchType: 'merge', body });

  before(async () => {
    cluster = await ActingCluster.start(cleanups);
    cluster.plane.startScheduler().output.resume();
    await cluster.plane.startControllerManager();
  });
  after(async () => {
    for (const service of services) await service.stop();
    cleanups.run();
  });

  test('a suspended Job is started where work costs least, and its pods run there without a gate', async () => {
    const { events, placement } = await start();
    const name = await job({ labels: ASKED }, { parallelism: 2, completions: 2 });
    await waitFor('the start', 20, () => isStarted(name));
    const { metadata, spec } = await read(name);
    assert.equal(metadata?.annotations?.[NODE_ANNOTATION], 'n2');
    assert.match(metadata?.annotations?.[DECIDED_BY_ANNOTATION] ?? '', /#\d+$/);
    assert.equal(metadata?.annotations?.[STARTED_ANNOTATION], metadata?.uid);
    const required =
      spec?.template?.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    assert.deepEqual(required?.nodeSelectorTerms[0]?.matchFields?.[0]?.values, ['n2']);
    for (const pod of await podsOf(name, 2)) assert.equal(await cluster.boundNode(pod), 'n2');
    // Long before what was planned would be given up.
    const { watcher, book } = placement.parts!;
    await waitFor('real pods in the place of planned ones', 20, () =>
      Promise.resolve(
        [...watcher.pods()].filter(({ nodeName }) => nodeName === 'n2').length === 2 &&
          book.cluster?.podCount === 2,
      ),
    );
    const [record] = records.filter(({ pod }) => pod === `job/${name}`);
    assert.equal(record?.outcome, 'placed');
    const said = await waitFor('the event', 20, async () => {
      const { items } = await cluster.read<{
        items: readonly { involvedObject: { kind: string; name: string }; reason: string; message: string }[];
      }>(`/api/v1/namespaces/${TEAM}/events`);
      return items.find(
        ({ involvedObject: { kind, name: of }, reason }) =>
          kind === 'Job' && of === name && reason === 'EnergyPlaced',
      );
    });
    assert.match(said.message, /sent to n2 by efficiency-first/);
    assert.deepEqual(
      events.filter(({ level }) => level === 'error'),
      [],
    );
  });

  test('of several Jobs only those are touched that ask for it, and none that Kueue has', async () => {
    const names = await Promise.all([
      job({}),
      job({ labels: { [JOB_LABEL]: 'never' } }),
      job({ labels: { ...ASKED, 'kueue.x-k8s.io/queue-name': 'queue' } }),
    ]);
    const asked = await job();
    await waitFor('the one that asks', 20, () => isStarted(asked));
    for (const name of names) assert.equal((await read(name)).spec?.suspend, true, name);
  });

  test('once started and suspended again by its owner it stays so', async () => {
    const name = await job();
    await waitFor('the start', 20, () => isStarted(name));
    await patch(`${JOBS}/${name}`, { spec: { suspend: true } });
    await waitFor('its pods to be gone', 30, async () => ((await read(name)).status?.active ?? 0) === 0);
    const next = await job();
    await waitFor('the next one', 20, () => isStarted(next));
    assert.equal((await read(name)).spec?.suspend, true);
  });

  test('a Job with slack that no node can take waits, and is started as it is when a ConfigMap pauses the cluster', async () => {
    const name = `job-${++numbered}`;
    await cluster.create(JOBS, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace: TEAM, labels: ASKED, annotations: { [SLACK_ANNOTATION]: '30m' } },
      spec: {
        suspend: true,
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [{ name: 'main', image: 'a:1', resources: { requests: { cpu: '500' } } }],
          },
        },
      },
    });
    const other = await job();
    await waitFor('one that fits', 20, () => isStarted(other));
    assert.equal((await read(name)).spec?.suspend, true);
    await pauseCluster(cluster.admin, DEFAULT_NAMESPACE, 'drill');
    await waitFor('the start', 20, () => isStarted(name));
    assert.equal((await read(name)).spec?.template?.spec?.affinity, undefined);
    assert.match(records.find(({ pod }) => pod === `job/${name}`)?.reason ?? '', /^paused: drill/);
    assert.equal(services[0]!.status.paused, 'drill');
    assert.equal(await resumeCluster(cluster.admin, DEFAULT_NAMESPACE), 'drill');
    await waitFor('the end of the pause', 20, () =>
      Promise.resolve(services[0]!.status.paused === undefined),
    );
  });

  test('what a daemon has left is started by the next one', async () => {
    await services[0]!.stop();
    const name = await job();
    assert.equal(await isStarted(name), false);
    await start('placement.node-advice=true', 'placement.deployments=true');
    await waitFor('the start', 20, () => isStarted(name));
    assert.equal((await read(name)).metadata?.annotations?.[NODE_ANNOTATION], 'n2');
  });

  test('nodes are labelled by efficiency and the poor ones marked', async () => {
    const nodes = await waitFor('labels', 30, async () => {
      const all = await Promise.all(
        ['n1', 'n2', 'n3'].map((name) => cluster.read<ApiNode>(`/api/v1/nodes/${name}`)),
      );
      const isMarked = ({ spec }: ApiNode) => spec?.taints?.some(({ key }) => key === TIER_TAINT) === true;
      return all.filter(isMarked).length === 2 ? all : undefined;
    });
    assert.deepEqual(
      nodes.map(({ metadata }) => metadata?.labels?.[TIER_LABEL]),
      ['poor', 'best', 'poor'],
    );
  });

  test('a Deployment that asks for it prefers the efficient node, and gets its template back', async () => {
    const name = 'web';
    const path = `${DEPLOYMENTS}/${name}`;
    await cluster.create(DEPLOYMENTS, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: TEAM, labels: { [PREFER_LABEL]: PREFER_LABEL_VALUE } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { containers: [{ name: 'main', image: 'a:1' }] },
        },
      },
    });
    const before = await waitFor('its controller', 20, async () => {
      const now = await cluster.read<ApiDeployment>(path);
      return now.status?.observedGeneration === now.metadata?.generation ? now : undefined;
    });
    // The loop looks once a minute, and at once when it comes to lead.
    await services[1]!.stop();
    await start('placement.node-advice=false', 'placement.deployments=true');
    const terms = await waitFor('the preference', 30, async () => {
      const { spec } = await cluster.read<ApiDeployment>(path);
      return spec?.template?.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
    });
    assert.deepEqual(
      terms.map(({ preference }) => preference.matchFields?.[0]?.values),
      [['n2']],
    );
    await waitFor('its controller', 20, async () => {
      const { status, metadata } = await cluster.read<ApiDeployment>(path);
      return status?.observedGeneration === metadata?.generation;
    });
    await patch(path, { metadata: { labels: { [PREFER_LABEL]: null } } });
    await services[2]!.stop();
    await start('placement.deployments=true');
    const after = await waitFor('the template as it was', 30, async () => {
      const now = await cluster.read<ApiDeployment>(path);
      return now.spec?.template?.spec?.affinity === undefined ? now : undefined;
    });
    assert.deepEqual(after.spec?.template, before.spec?.template);
  });

  test('advice that is switched off is taken away', async () => {
    await waitFor('nodes without it', 30, async () => {
      const all = await Promise.all(
        ['n1', 'n2', 'n3'].map((name) => cluster.read<ApiNode>(`/api/v1/nodes/${name}`)),
      );
      return all.every(
        ({ metadata, spec }) =>
          metadata?.labels?.[TIER_LABEL] === undefined &&
          !spec?.taints?.some(({ key }) => key === TIER_TAINT),
      );
    });
  });
});
