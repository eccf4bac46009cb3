import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../../../src/config/load.ts';
import type { Extra } from '../../../../src/daemon/placement/live-parts.ts';
import { LivePlacement } from '../../../../src/daemon/placement/live-placement.ts';
import type { DecisionRecord } from '../../../../src/history/decision-record.ts';
import { OPT_IN_LABEL, OPT_IN_VALUE, PLACEMENT_GATE } from '../../../../src/kubernetes/names.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import type { KisimError } from '../../../../src/util/errors.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { type FakeApiOptions, FakeApiServer } from '../../../support/fake-api-server.ts';
import { recordingLogger } from '../../../support/open-history.ts';

const TEAM = 'team';

interface Given {
  readonly set?: readonly string[];
  readonly server?: FakeApiOptions;
  readonly extras?: readonly Extra[];
  readonly forbidden?: readonly string[];
}

/** The whole service on a fake API server: kubeconfig, watch, lease, decisions, patches, events. */
async function served(t: TestContext, given: Given = {}) {
  const server = await FakeApiServer.start(given.server);
  for (const verb of given.forbidden ?? []) server.forbidden.add(verb);
  server.create({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: TEAM, labels: { [OPT_IN_LABEL]: OPT_IN_VALUE } },
  });
  server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kisimd' } });
  for (const [name, cpu] of [
    ['small', '4'],
    ['large', '16'],
  ])
    server.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      spec: {},
      status: { allocatable: { cpu, memory: '64Gi', pods: '110' } },
    });
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-placement-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, server.kubeconfig);
  const set = [
    `kubernetes.kubeconfig=${kubeconfig}`,
    `history.path=${join(folder, 'energy.db')}`,
    ...(given.set ?? []),
  ];
  const { config } = loadConfig({ env: {}, flags: { set } });
  const { log, events } = recordingLogger();
  const records: DecisionRecord[] = [];
  const changed: (() => void)[] = [];
  const until = async (what: () => boolean): Promise<void> => {
    while (!what()) await new Promise<void>((resolve) => changed.push(resolve));
  };
  const tell = () => {
    for (const resolve of changed.splice(0)) resolve();
  };
  const placement = new LivePlacement({
    config,
    log: {
      ...log,
      warn: (event, fields) => {
        log.warn(event, fields);
        tell();
      },
      error: (event, fields) => {
        log.error(event, fields);
        tell();
      },
    },
    clock: systemClock,
    env: {},
    random: seededRandom(1),
    sink: {
      record: (decision) => {
        records.push(decision);
        tell();
      },
      bound: () => undefined,
    },
    ...(given.extras === undefined ? {} : { extras: given.extras }),
    // Nobody waits between two tries, and every wait lets the test look.
    sleep: async () => {
      tell();
      await new Promise<void>((resolve) => setImmediate(resolve));
    },
  });
  placement.start();
  t.after(async () => {
    await placement.stop();
    await server.close();
    rmSync(folder, { recursive: true });
  });
  const gatedPod = (name: string, namespace = TEAM) =>
    server.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: {
        containers: [{ name: 'a', image: 'x', resources: { requests: { cpu: '1', memory: '1Gi' } } }],
        schedulingGates: [{ name: PLACEMENT_GATE }],
      },
    });
  const isGated = (name: string): boolean => {
    const { schedulingGates = [] } = server.find('Pod', name, TEAM)!['spec'] as {
      schedulingGates?: unknown[];
    };
    return schedulingGates.length > 0;
  };
  return { placement, server, records, until, gatedPod, isGated, events, kubeconfig };
}

test('a gated pod is placed by the configured rule, its event tells why, and the lease is handed back', async (t) => {
  const { placement, server, records, until, gatedPod, isGated } = await served(t);
  assert.equal(await placement.synced, true);
  gatedPod('web');
  await until(() => records.length === 1);
  assert.equal(records[0]?.outcome, 'placed');
  assert.equal(records[0]?.policy, 'auto:efficiency-first');
  assert.equal(isGated('web'), false);
  const { status } = placement;
  assert.equal(status.state, 'leading');
  assert.equal(status.nodes, 2);
  assert.equal(status.counts?.placed, 1);
  assert.equal(status.trouble, undefined);
  await placement.stop();
  assert.equal(placement.status.state, 'stopped');
  const events = server.store.list(server.resourceOf({ apiVersion: 'v1', kind: 'Event' }), TEAM);
  assert.match(String(events[0]?.['message']), /^sent to (small|large) by auto:efficiency-first/);
  const lease = server.find('Lease', 'kisimd', 'kisimd')?.['spec'] as { holderIdentity?: string } | undefined;
  assert.equal(lease?.holderIdentity, '');
});

test('dry-run writes nothing at all', async (t) => {
  const { placement, server, records, until, gatedPod, isGated } = await served(t, {
    set: ['placement.mode=dry-run'],
  });
  await placement.synced;
  gatedPod('web');
  await until(() => records.length === 1);
  assert.equal(records[0]?.outcome, 'observed');
  await placement.stop();
  assert.equal(isGated('web'), true);
  assert.deepEqual(
    server.requests.filter(({ method }) => method !== 'GET').map(({ path }) => path),
    [],
  );
});

test('another policy while it runs, and none', async (t) => {
  const { placement, records, until, gatedPod } = await served(t);
  await placement.synced;
  placement.usePolicy('round-robin');
  gatedPod('a');
  await until(() => records.length === 1);
  placement.usePolicy('default');
  gatedPod('b');
  await until(() => records.length === 2);
  assert.deepEqual(
    records.map(({ policy, outcome, reason }) => [policy, outcome, reason]),
    [
      ['round-robin', 'placed', undefined],
      ['default', 'freed', 'default-scheduler'],
    ],
  );
  assert.throws(() => placement.usePolicy('nonsense'), { code: 'KISIM_E_POLICY_UNKNOWN' });
});

test('a server that is away is told with its code and tried again until it is there', async (t) => {
  const { placement, server, until, events } = await served(t, { server: { gitVersion: 'v1.29.3' } });
  const codes = () =>
    events
      .filter(({ event }) => event === 'placement-not-started')
      .map(({ fields }) => (fields['error'] as KisimError).code);
  await until(() => codes().length > 1);
  assert.equal(codes()[0], 'KISIM_E_KUBE_TOO_OLD');
  assert.equal(placement.status.state, 'connecting');
  assert.match(placement.status.trouble ?? '', /1\.29\.3/);
  server.gitVersion = 'v1.36.4';
  assert.equal(await placement.synced, true);
  assert.equal(placement.status.trouble, undefined);
});

test('it can be stopped while there is no cluster', async (t) => {
  const { placement, server, until, events } = await served(t, { server: { token: 'secret' } });
  server.token = 'another';
  await until(() => events.some(({ event }) => event === 'placement-not-started'));
  const { fields } = events.find(({ event }) => event === 'placement-not-started')!;
  assert.equal((fields['error'] as KisimError).code, 'KISIM_E_KUBE_TOKEN');
  await placement.stop();
  assert.equal(await placement.synced, false);
});

test('it can be stopped while the first list is refused', async (t) => {
  const { placement, until, events } = await served(t, { forbidden: ['list pods'] });
  await until(() => events.some(({ event }) => event === 'watch-trouble'));
  assert.match(placement.status.trouble ?? '', /the API server forbids it.*cannot list resource "pods"/);
  await placement.stop();
  assert.equal(await placement.synced, false);
});

test('missing verbs are named with what they are for, and the loop runs all the same', async (t) => {
  const { placement, events } = await served(t, { forbidden: ['create events'] });
  await placement.synced;
  const told = events.filter(({ event }) => event === 'permission-missing');
  assert.equal(told.length, 1);
  const error = told[0]!.fields['error'] as KisimError;
  assert.equal(error.code, 'KISIM_E_PLACEMENT_PERMISSION');
  assert.match(error.message, /create events/);
});

test('what runs beside the loop is started after it and stopped before it; one that fails is tried again', async (t) => {
  const done: string[] = [];
  const extras: readonly Extra[] = [
    () => undefined,
    ({ watcher }) => ({
      name: 'first',
      start: () => void done.push(`start with ${watcher.nodeCount}`),
      stop: () => void done.push('stop'),
    }),
    () => ({
      name: 'second',
      start: () => {
        if (done.filter((each) => each.startsWith('start')).length < 2) throw new Error('not yet');
        done.push('start second');
      },
      stop: () => {
        done.push('stop second');
        throw new Error('not stopped');
      },
    }),
  ];
  const { placement, events } = await served(t, { extras });
  assert.equal(await placement.synced, true);
  await placement.stop();
  assert.deepEqual(done, ['start with 2', 'stop', 'start with 2', 'start second', 'stop second', 'stop']);
  assert.ok(events.some(({ event }) => event === 'service-stop-failed'));
});

test('an unknown policy or a bad table of nodes is told before anything is started', () => {
  const make = (...set: string[]) =>
    new LivePlacement({
      config: loadConfig({ env: {}, flags: { set } }).config,
      log: recordingLogger().log,
      clock: systemClock,
      env: {},
      sink: { record: () => undefined, bound: () => undefined },
    });
  assert.throws(() => make('placement.policy=nonsense'), { code: 'KISIM_E_POLICY_UNKNOWN' });
  assert.throws(() => make('placement.node-table=/nonexistent'), { code: 'KISIM_E_INPUT_UNREADABLE' });
});
