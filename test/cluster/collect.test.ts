import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { runCollect } from '../../src/cli/commands/collect.ts';
import { runExport } from '../../src/cli/commands/export.ts';
import { runTrain } from '../../src/cli/commands/train.ts';
import { type HistoryReader, openHistoryReader } from '../../src/history/reader.ts';
import type { ApiJob } from '../../src/kubernetes/api-objects.ts';
import { PlayedJobCluster } from '../support/played-job-cluster.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { ActingCluster } from './support/acting-cluster.ts';
import { outsideNamespace } from './support/in-namespace.ts';
import { setReady } from './support/played-kubelet.ts';

const NAMESPACE = 'kisimd-collect';

class Text extends Writable {
  text = '';
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

describe('a real control plane collected, with Jobs that its own controllers start and schedule', {
  skip: outsideNamespace,
}, () => {
  const cleanups = new Cleanups();
  let cluster: ActingCluster;
  let played: PlayedJobCluster;
  let folder: string;
  let db: string;
  let kubeconfig: string;

  const context = (options: object, signal = new AbortController().signal) => ({
    stdout: new Text(),
    stderr: new Text(),
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
    env: { KISIMD_CONFIG: '/dev/null' },
    signal,
    options: { set: ['kubernetes.pod-use=off', 'placement.estimate-missing-power=true'], db, ...options },
    args: [] as string[],
  });
  const collect = async (options: object, signal?: AbortSignal) => {
    const given = context({ interval: '500ms', kubeconfig, json: true, ...options }, signal);
    const status = await runCollect(given);
    return { status, said: JSON.parse(given.stdout.text), err: given.stderr.text };
  };
  const read = <T>(question: (reader: HistoryReader) => T): T => {
    const reader = openHistoryReader(db);
    try {
      return question(reader);
    } finally {
      reader.close();
    }
  };
  const parquet = async (what: string): Promise<Record<string, unknown>[]> => {
    const out = join(folder, `${what}.parquet`);
    assert.equal(await runExport(context({ what, format: 'parquet', out })), 0);
    return await parquetReadObjects({ file: await asyncBufferFromFile(out) });
  };
  const csvRows = async (what: string): Promise<number> => {
    const given = context({ what, format: 'csv' });
    assert.equal(await runExport(given), 0);
    return given.stdout.text.trimEnd().split('\r\n').length - 1;
  };
  const jobsThere = async () =>
    (await cluster.read<{ items: readonly ApiJob[] }>(`/apis/batch/v1/namespaces/${NAMESPACE}/jobs`)).items;

  before(async () => {
    cluster = await ActingCluster.start(cleanups, false);
    cluster.plane.startScheduler().output.resume();
    await cluster.plane.startControllerManager();
    // Without a kubelet's word the node controller would take its pods away.
    for (const node of ['n1', 'n2', 'n3']) await setReady(cluster.admin, node, true);
    folder = cluster.plane.folder;
    db = join(folder, 'collected.db');
    kubeconfig = cluster.plane.kubeconfig;
    played = new PlayedJobCluster({ api: cluster.admin, lifeMilliseconds: () => 1500 });
    played.start();
  });
  after(async () => {
    await played.stop();
    cleanups.run();
  });

  const workload = { strategy: 'uniform', seed: '3', hours: '0.005', load: '0.5', speed: '1000', jobs: '12' };

  test('collect with a workload, stopped and gone on with: made, recorded, exported, lived through again: one number', async () => {
    const stop = new AbortController();
    const going = collect(workload, stop.signal);
    // The namespace is made first.
    await waitFor('three Jobs', 60, async () => {
      const { status } = await cluster.admin.request({
        method: 'GET',
        path: `/api/v1/namespaces/${NAMESPACE}`,
      });
      return status === 200 && (await jobsThere()).length >= 3;
    });
    stop.abort();
    const first = await going;
    assert.equal(first.said.ended, 'stopped');
    const second = await collect(workload);
    assert.equal(second.said.ended, 'finished', second.err);
    assert.equal(played.failure, undefined);
    const made = second.said.createdJobs;
    assert.equal(made, 12);
    assert.ok(first.said.createdJobs >= 3 && first.said.createdJobs < made);
    const counts = read((reader) => reader.collectedCounts('live'));
    assert.equal(counts.jobs, made);
    const jobs = await parquet('jobs');
    assert.equal(jobs.length, made);
    assert.equal(await csvRows('jobs'), made);
    assert.equal(await csvRows('training'), made);
    assert.equal((await parquet('training')).length, made);
    for (const algorithm of ['es', 'offline-dqn']) {
      const out = join(folder, `trained-${algorithm}`);
      const given = context({ fromHistory: true, arrivals: true, algorithm, steps: '1', out, json: true });
      assert.equal(await runTrain(given), 0, given.stderr.text);
      const { trained, model } = JSON.parse(readFileSync(join(out, 'card.json'), 'utf8'));
      assert.equal(trained.cluster.jobs, made, trained.cluster.assumptions.join('; '));
      assert.equal(trained.cluster.arrivals, counts.jobPods);
      assert.ok(readFileSync(join(out, model.file)).length > 0);
    }
    const left = await cluster.admin.request({ method: 'GET', path: `/api/v1/namespaces/${NAMESPACE}` });
    const { status } = left.body as { status?: { phase?: string } };
    assert.ok(left.status === 404 || status?.phase === 'Terminating', `${left.status} ${status?.phase}`);
  });

  test('what the controllers said of Jobs and pods is in the tables', async () => {
    const jobs = await parquet('jobs');
    const events = await parquet('scheduling-events');
    for (const job of jobs) {
      assert.equal(job['status'], 'Succeeded', String(job['name']));
      assert.equal(job['pods'], job['parallelism']);
      assert.ok(Number(job['run_seconds']) >= 1);
      const types = new Set(
        events.filter(({ job_id }) => job_id === job['job_id']).map((e) => e['event_type']),
      );
      for (const type of ['submitted', 'started', 'scheduled', 'completed', 'deleted'])
        assert.ok(types.has(type), `${type} of ${String(job['name'])}`);
    }
    assert.ok(
      events
        .filter(({ event_type }) => event_type === 'scheduled')
        .every(({ scheduler_name, node }) => scheduler_name === 'default-scheduler' && node !== null),
    );
    const states = await parquet('cluster-states');
    assert.ok(states.every(({ total_cpu_capacity }) => total_cpu_capacity === 48));
    assert.ok(states.some(({ running_jobs_count }) => Number(running_jobs_count) > 0));
    assert.ok(states.every(({ avg_cpu_utilization }) => avg_cpu_utilization === null));
  });

  test("a pod that fits nowhere is an event with the scheduler's own words", async () => {
    const stop = new AbortController();
    const going = collect({ hours: '1' }, stop.signal);
    const container = { name: 'main', image: 'x', resources: { requests: { cpu: '1000' } } };
    await cluster.create('/apis/batch/v1/namespaces/default/jobs', {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'too-large', namespace: 'default' },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [container] } } },
    });
    const told = await waitFor('the event', 60, async () => {
      const all = await parquet('scheduling-events');
      return all.find(({ event_type }) => event_type === 'failed-scheduling');
    });
    stop.abort();
    await going;
    assert.match(String(told['decision_metadata']), /Insufficient cpu/);
    const [job] = (await parquet('jobs')).filter(({ name }) => name === 'too-large');
    assert.equal(job!['status'], 'Pending');
    assert.equal(told['job_id'], job!['job_id']);
  });
});
