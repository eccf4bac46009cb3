import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readTrainOptions } from '../../../../src/cli/train/options.ts';
import { twinPlanOf } from '../../../../src/cli/train/plan.ts';
import type { ClusterTwinPlan } from '../../../../src/learning/own-cluster/cluster-twin.ts';
import { twinOf } from '../../../../src/learning/own-cluster/twin-plan.ts';
import { openHistory } from '../../../support/open-history.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { fakeHost } from '../fake-host.ts';

const MINUTE = 60_000;
const FROM = 1_800_000_000_000;

async function planOf(options: Record<string, unknown>): Promise<ClusterTwinPlan> {
  const plan = await twinPlanOf({ ...fakeHost(), options, args: [] }, readTrainOptions(options).begin!);
  assert.equal(plan.kind, 'cluster');
  return plan as ClusterTwinPlan;
}

/** Eight hours of a node of four cores: a Job of two every ten minutes, for five; a service; an agent of a DaemonSet. */
function history(t: TestContext, hours = 8): string {
  const { history, path } = openHistory(t);
  const to = FROM + hours * 60 * MINUTE;
  history.clusterWatched({ fromUnixMilliseconds: FROM, toUnixMilliseconds: to });
  for (const at of [FROM, to])
    history.nodeSeen({
      node: 'one',
      unixMilliseconds: at,
      cpuMilli: 4000,
      memoryBytes: 2 ** 33,
      labels: {},
      description: { pods: 110, power: { provenance: 'published', watts: [50, 90] } },
    });
  const pod = { namespace: 'shop', node: 'one', cpuMilli: 500, memoryBytes: 2 ** 28, slackSeconds: 0 };
  const always = { createdUnixMilliseconds: FROM - MINUTE, boundUnixMilliseconds: FROM - MINUTE };
  history.podRun({ ...pod, ...always, uid: 'web', pod: 'web', owner: 'ReplicaSet', placeable: true });
  history.podRun({ ...pod, ...always, uid: 'agent', pod: 'agent', owner: 'DaemonSet', placeable: false });
  for (let i = 0; i < hours * 6; i++) {
    const at = FROM + i * 10 * MINUTE;
    history.podRun({
      ...pod,
      uid: `job-${i}`,
      pod: `job-${i}`,
      owner: 'Job',
      placeable: true,
      cpuMilli: 2000,
      slackSeconds: 600,
      expectedSeconds: 300,
      createdUnixMilliseconds: at,
      boundUnixMilliseconds: at,
      endedUnixMilliseconds: at + 5 * MINUTE,
      cpu: { usedMicroseconds: 1.5 * 300e6, meteredMilliseconds: 300_000 },
    });
  }
  history.close();
  return path;
}

test('from the history: Jobs are batch, services that never end stand, DaemonSets are taken off their nodes', async (t) => {
  const plan = await planOf({ fromHistory: true, db: history(t), exact: true });
  assert.equal(plan.classes.length, 1);
  const [job] = plan.classes;
  assert.equal(job!.kind, 'batch');
  assert.ok(Math.abs(job!.medianSeconds - 300) < 1);
  assert.ok(Math.abs(job!.useOfRequest - 0.75) < 1e-9);
  assert.deepEqual(
    plan.standing.map(({ count, cpuMilli }) => [count, cpuMilli]),
    [[1, 500]],
  );
  assert.equal(plan.nodes[0]!.cpuMilli, 3500);
  assert.deepEqual(plan.slack, { share: 1, fromSeconds: 600, toSeconds: 600 });
  assert.ok(Math.abs(plan.load - (0.5 * 2000) / 4000) < 0.02, `${plan.load}`);
  assert.ok(twinOf(plan).situation(1).workload.items.length > 40);
});

test('a history of half an hour is too short, and one without a cluster has nothing', async (t) => {
  await assert.rejects(planOf({ fromHistory: true, db: history(t, 0.5) }), {
    code: 'KISIM_E_LEARNING_HISTORY',
  });
  const { history: empty, path } = openHistory(t);
  empty.close();
  await assert.rejects(planOf({ fromHistory: true, db: path }), {
    code: 'KISIM_E_LEARNING_HISTORY',
    found: /ever watched/,
  });
});

test('from manifests: nodes by the table, pods as they are, and what is taken as usual is told', async (t) => {
  const folder = temporaryFolder(t);
  const node = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: {} },
    spec: {},
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' }, nodeInfo: { bootID: name } },
  });
  const pod = (name: string, owner: string, nodeName = 'old') => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      ownerReferences: [{ apiVersion: 'v1', kind: owner, name: 'x', uid: 'u' }],
    },
    spec: {
      containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '1', memory: '1Gi' } } }],
      nodeName,
    },
    status: { phase: 'Running' },
  });
  const items = [node('old'), node('young'), pod('a', 'ReplicaSet'), pod('b', 'Job'), pod('c', 'DaemonSet')];
  const manifests = join(folder, 'dump.json');
  writeFileSync(manifests, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const nodeTable = join(folder, 'nodes.yaml');
  writeFileSync(nodeTable, 'nodes: [{match: {name: "*"}, power: {curve: [100, 200]}}]\n');
  const plan = await planOf({ manifests: [manifests], nodeTable });
  assert.deepEqual(plan.classes.map(({ kind }) => kind).sort(), ['batch', 'service']);
  assert.equal(plan.load, 2000 / 8000);
  assert.equal(plan.nodes.find(({ name }) => name === 'old')!.cpuMilli, 3000);
  assert.ok(plan.assumptions.length > 0);
  assert.ok(plan.uncertainty !== undefined);
  assert.equal((await planOf({ manifests: [manifests], nodeTable, load: '0.7', exact: true })).load, 0.7);
});
