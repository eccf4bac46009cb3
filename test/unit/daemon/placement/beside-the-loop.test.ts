import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../../../src/config/load.ts';
import { deploymentLoop } from '../../../../src/daemon/placement/deployment-loop.ts';
import { installations } from '../../../../src/daemon/placement/installations.ts';
import { jobLoop } from '../../../../src/daemon/placement/job-loop.ts';
import { LivePlacement } from '../../../../src/daemon/placement/live-placement.ts';
import { nodeAdvice } from '../../../../src/daemon/placement/node-advice.ts';
import type { ApiDeployment, ApiJob, ApiNode } from '../../../../src/kubernetes/api-objects.ts';
import { namespaceObject } from '../../../../src/kubernetes/manifests/account.ts';
import {
  JOB_LABEL,
  JOB_LABEL_VALUE,
  PREFER_LABEL,
  PREFER_LABEL_VALUE,
  TIER_LABEL,
} from '../../../../src/kubernetes/names.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import type { KisimError } from '../../../../src/util/errors.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { FakeApiServer } from '../../../support/fake-api-server.ts';
import { recordingLogger } from '../../../support/open-history.ts';
import { templateNodes } from '../../../support/played-jobs.ts';

const TABLE =
  'nodes:\n  - {match: {name: new}, power: {curve: [20, 30, 40]}}\n  - {match: {name: old}, power: {curve: [60, 90, 120]}}\n';
const container = { name: 'main', image: 'a:1', resources: { requests: { cpu: '1', memory: '1Gi' } } };

/** The whole service on a fake API server, with what is served beside the loop. */
async function served(t: TestContext, ...set: readonly string[]) {
  const server = await FakeApiServer.start();
  server.create({ ...namespaceObject('kisimd') });
  for (const name of ['new', 'old'])
    server.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      spec: {},
      status: { allocatable: { cpu: '16', memory: '64Gi', pods: '110' } },
    });
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-beside-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const table = join(folder, 'nodes.yaml');
  writeFileSync(kubeconfig, server.kubeconfig);
  writeFileSync(table, TABLE);
  const all = [
    `kubernetes.kubeconfig=${kubeconfig}`,
    `history.path=${join(folder, 'energy.db')}`,
    `placement.node-table=${table}`,
    ...set,
  ];
  const { log, events } = recordingLogger();
  const placement = new LivePlacement({
    config: loadConfig({ env: {}, flags: { set: all } }).config,
    log,
    clock: systemClock,
    env: {},
    random: seededRandom(1),
    extras: [jobLoop, deploymentLoop, nodeAdvice, installations],
    sink: { record: () => undefined, bound: () => undefined },
  });
  t.after(async () => {
    await placement.stop();
    await server.close();
    rmSync(folder, { recursive: true });
  });
  const start = async () => {
    placement.start();
    assert.equal(await placement.synced, true);
  };
  /** Until an object of the server is as wanted, looked at after every change of any. */
  const until = <T>(look: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const check = (): void => {
        const found = look();
        if (found === undefined) return;
        server.store.changes.off('change', check);
        resolve(found);
      };
      server.store.changes.on('change', check);
      check();
    });
  const createJob = () =>
    server.create({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'report', labels: { [JOB_LABEL]: JOB_LABEL_VALUE } },
      spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [container] } } },
    });
  const createDeployment = () => {
    const made = server.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { [PREFER_LABEL]: PREFER_LABEL_VALUE } },
      spec: { replicas: 0, template: { spec: { containers: [container] } } },
    });
    server.overwrite({ ...made, status: { observedGeneration: made.metadata['generation'] } });
  };
  return { server, placement, events, start, until, createJob, createDeployment };
}

test('a suspended Job is started, a template prefers and nodes are labelled, where all of it is switched on', async (t) => {
  const { server, start, until, createJob, createDeployment } = await served(
    t,
    'placement.jobs=true',
    'placement.deployments=true',
    'placement.node-advice=true',
  );
  createDeployment();
  await start();
  createJob();
  const job = await until(() => {
    const now = server.find('Job', 'report') as ApiJob | undefined;
    return now?.spec?.suspend === false ? now : undefined;
  });
  assert.deepEqual(templateNodes(job), ['new']);
  const deployment = await until(() => {
    const now = server.find('Deployment', 'web') as ApiDeployment | undefined;
    return now?.spec?.template?.spec?.affinity === undefined ? undefined : now;
  });
  assert.deepEqual(templateNodes(deployment as ApiJob), ['new']);
  const tiers = await until(() => {
    const labels = ['new', 'old'].map(
      (name) => (server.find('Node', name) as ApiNode).metadata?.labels?.[TIER_LABEL],
    );
    return labels.includes(undefined) ? undefined : labels;
  });
  assert.deepEqual(tiers, ['best', 'poor']);
  await until(() => (server.find('Node', 'old') as ApiNode).spec?.taints?.[0]);
});

test('switched off, none of them asks the server for anything', async (t) => {
  const { server, start, placement, createJob } = await served(t);
  createJob();
  await start();
  await placement.stop();
  const paths = server.requests.map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(
    paths.filter((each) => /jobs|deployments|PATCH .*nodes/.test(each)),
    [],
  );
});

test('a second installation is told of, and placement goes on', async (t) => {
  const { server, start, placement, events } = await served(t);
  server.create({ ...namespaceObject('energy') });
  await start();
  const told = events.find(({ event }) => event === 'installations')!;
  assert.equal((told.fields['error'] as KisimError).code, 'KISIM_E_CONTROLLER_TWO_INSTALLATIONS');
  assert.equal(placement.status.trouble, undefined);
});

test('a server that does not let Jobs be listed holds up nothing else, and is told of', async (t) => {
  const { server, start, placement, events } = await served(t, 'placement.jobs=true');
  server.forbidden.add('list jobs');
  await start();
  const told = () =>
    events.find(({ event, fields }) => event === 'watch-trouble' && fields['kind'] === 'jobs');
  while (told() === undefined) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((told()!.fields['error'] as KisimError).code, 'KISIM_E_KUBE_FORBIDDEN');
  await placement.stop();
});
