import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { loadConfig } from '../../../../src/config/load.ts';
import { ExperimentJournal } from '../../../../src/daemon/experiment/journal.ts';
import {
  type LiveExperimentOptions,
  runLiveExperiment,
} from '../../../../src/daemon/experiment/live-experiment.ts';
import { sampleSecondsOf } from '../../../../src/evaluation/switchback/measure.ts';
import type { SwitchbackPlan } from '../../../../src/evaluation/switchback/plan.ts';
import { History } from '../../../../src/history/history.ts';
import { errors as kubeErrors } from '../../../../src/kubernetes/errors.ts';
import { microTime } from '../../../../src/kubernetes/lease-record.ts';
import { LEASE_NAME, OPT_IN_LABEL, OPT_IN_VALUE, PLACEMENT_GATE } from '../../../../src/kubernetes/names.ts';
import { LinearCurve } from '../../../../src/power-model/linear-curve.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import { KisimError } from '../../../../src/util/errors.ts';
import { FakeApiServer } from '../../../support/fake-api-server.ts';
import { recordingLogger } from '../../../support/open-history.ts';
import { PlayedEnergy } from '../../../support/played-experiment.ts';
import { planOf } from '../../../support/played-switchback.ts';

const TEAM = 'team';

/** Everything but the joules is real; the API server is a fake. */
async function played(t: TestContext, planned: Partial<SwitchbackPlan>, set: readonly string[] = []) {
  const server = await FakeApiServer.start();
  server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kisimd' } });
  const labels = { [OPT_IN_LABEL]: OPT_IN_VALUE };
  server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: TEAM, labels } });
  server.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1' },
    spec: {},
    status: { allocatable: { cpu: '16', memory: '64Gi', pods: '110' } },
  });
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-experiment-'));
  t.after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'kubeconfig'), server.kubeconfig);
  const { config } = loadConfig({
    env: {},
    flags: {
      set: [
        `kubernetes.kubeconfig=${join(folder, 'kubeconfig')}`,
        'kubernetes.pod-use=off',
        `history.path=${join(folder, 'energy.db')}`,
        ...set,
      ],
    },
  });
  const plan = planOf({ a: 'default', b: 'default', pairs: 6, ...planned });
  const sampleSeconds = sampleSecondsOf(plan);
  const out = join(folder, 'out');
  const journal = ExperimentJournal.create(out, {
    kind: 'experiment',
    format: 1,
    version: '0',
    plan,
    sampleSeconds,
  });
  t.after(() => journal.close());
  const energy = new PlayedEnergy(systemClock);
  energy.add('n1', 16_000, new LinearCurve(1, 2, 'synthetic'));
  const { log, events } = recordingLogger();
  const changed: (() => void)[] = [];
  const options: LiveExperimentOptions = {
    config,
    journal,
    folder: out,
    clock: systemClock,
    log,
    env: {},
    progress: () => undefined,
    energy,
  };
  const pod = (name: string) =>
    server.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: TEAM },
      spec: {
        containers: [{ name: 'a', image: 'x', resources: { requests: { cpu: '1' } } }],
        schedulingGates: [{ name: PLACEMENT_GATE }],
      },
    });
  /** Until the journal has so many lines of a kind: it is told of each once it is written. */
  const append = journal.append.bind(journal);
  journal.append = (event) => {
    append(event);
    for (const resolve of changed.splice(0)) resolve();
  };
  const until = async (kind: string, count = 1): Promise<void> => {
    while (journal.events().filter((event) => event.kind === kind).length < count)
      await new Promise<void>((resolve) => changed.push(resolve));
  };
  return { server, folder, out, journal, options, events, pod, until };
}

function coded(code: string, says = /./): (error: unknown) => boolean {
  return (error) =>
    error instanceof KisimError && error.code === `KISIM_E_EXPERIMENT_${code}` && says.test(error.message);
}

function policiesIn(path: string): unknown[] {
  const db = new Database(path, { readonly: true });
  const rows = db.prepare('SELECT pod, policy, outcome FROM decisions').raw().all();
  db.close();
  return rows;
}

test('pods are let go by `default` as they are, written down, and the lease is handed back at the end', async (t) => {
  const { server, folder, journal, options, pod, until } = await played(t, {});
  const ending = new AbortController();
  const done = runLiveExperiment(options, ending.signal);
  await until('period');
  pod('web');
  await until('decision');
  ending.abort();
  assert.equal(await done, false);
  const web = server.find('Pod', 'web', TEAM)!['spec'] as { schedulingGates?: unknown[]; affinity?: unknown };
  assert.deepEqual([web.schedulingGates ?? [], web.affinity], [[], undefined]);
  const kinds = journal.events().map(({ kind }) => kind);
  assert.deepEqual([kinds[0], kinds[1], kinds.at(-1)], ['begin', 'period', 'stop']);
  const decision = journal.events().find(({ kind }) => kind === 'decision');
  assert.deepEqual(decision, { ...decision, policy: 'default', by: 'own' });
  assert.deepEqual(policiesIn(join(folder, 'energy.db')), [['web', 'default', 'freed']]);
  const lease = server.find('Lease', LEASE_NAME, 'kisimd')?.['spec'] as { holderIdentity?: string };
  assert.equal(lease.holderIdentity, '');
});

test('another leader is named, and nothing is begun', async (t) => {
  const { server, journal, options } = await played(t, {});
  const renewTime = microTime(systemClock.unixMilliseconds());
  server.create({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: LEASE_NAME, namespace: 'kisimd' },
    spec: { holderIdentity: 'host-2_x', leaseDurationSeconds: 15, acquireTime: renewTime, renewTime },
  });
  await assert.rejects(
    runLiveExperiment({ ...options, times: { leadMilliseconds: 1_500 } }, new AbortController().signal),
    coded('NOT_LEADING', /host-2_x leads/),
  );
  assert(!journal.events().some(({ kind }) => kind === 'period'));
});

test('a cluster that is not there is told with its reason', async (t) => {
  const { options } = await played(t, {});
  const connect = () => Promise.reject(kubeErrors.KISIM_E_KUBE_NO_CLUSTER('nothing answers'));
  await assert.rejects(
    runLiveExperiment(
      { ...options, connect, sleep: () => new Promise((resolve) => setImmediate(resolve)) },
      new AbortController().signal,
    ),
    coded('NO_CLUSTER', /nothing answers/),
  );
});

test('a policy that lacks power curves is told before anything begins', async (t) => {
  const { journal, options } = await played(t, { b: 'marginal-power' }, [
    'placement.estimate-missing-power=false',
  ]);
  await assert.rejects(
    runLiveExperiment(options, new AbortController().signal),
    coded('POLICY', /marginal-power/),
  );
  assert.deepEqual(journal.events(), []);
});

test('decisions go beside the journal while another program writes the history', async (t) => {
  const { out, options, pod, until, events } = await played(t, {});
  const other = new History({ config: options.config.history, log: options.log });
  other.open();
  t.after(() => void other.close());
  const ending = new AbortController();
  const done = runLiveExperiment(options, ending.signal);
  await until('period');
  pod('web');
  await until('decision');
  ending.abort();
  await done;
  assert(existsSync(join(out, 'history.db')));
  assert.deepEqual(policiesIn(join(out, 'history.db')), [['web', 'default', 'freed']]);
  assert(events.some(({ event }) => event === 'experiment-keeps-decisions-apart'));
});

test('a stop before the cluster is known is a stop', async (t) => {
  const { server, options } = await played(t, {});
  server.faults.add({ path: /nodes/, fault: 'hang' });
  const ending = new AbortController();
  const done = runLiveExperiment(options, ending.signal);
  ending.abort();
  assert.equal(await done, false);
});

test('without played joules nodes are read from the sources that there are, and one that has none is missing with its reason', async (t) => {
  const { journal, options, until } = await played(t, {});
  const { energy: _, ...real } = options;
  const ending = new AbortController();
  const done = runLiveExperiment(real, ending.signal);
  await until('sample');
  ending.abort();
  assert.equal(await done, false);
  const sample = journal.events().find(({ kind }) => kind === 'sample');
  assert(sample?.kind === 'sample');
  assert.deepEqual([Object.keys(sample.nodes), Object.keys(sample.missing)], [[], ['n1']]);
  assert.notEqual(sample.missing['n1'], '');
});
