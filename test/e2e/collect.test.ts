import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { runCollect } from '../../src/cli/commands/collect.ts';
import { runExport } from '../../src/cli/commands/export.ts';
import { runTrain } from '../../src/cli/commands/train.ts';
import { type HistoryReader, openHistoryReader } from '../../src/history/reader.ts';
import { ClientNodeApi } from '../../src/kubernetes/client-node-api.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { FakePrometheus } from '../support/fake-prometheus.ts';
import { PlayedJobCluster } from '../support/played-job-cluster.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const JOBS = '/apis/batch/v1/namespaces/kisimd-collect/jobs';
/** Pods of these are killed for their memory. */
const KILLED = 'realtime';

class Text extends Writable {
  text = '';
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

describe('collect, stop, go on, export, train: against a server in memory with Jobs that run', () => {
  const ends: (() => Promise<void> | void)[] = [];
  let fake: FakeApiServer;
  let played: PlayedJobCluster;
  let api: ClientNodeApi;
  let folder: string;
  let db: string;
  let kubeconfig: string;

  before(async () => {
    fake = await FakeApiServer.start();
    folder = temporaryFolder({ after: (end) => void ends.push(end as () => void) });
    db = join(folder, 'cluster.db');
    kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, fake.kubeconfig);
    for (const name of ['n1', 'n2'])
      fake.create({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, labels: { 'kubernetes.io/hostname': name } },
        status: { allocatable: { cpu: '32', memory: '256Gi', pods: '110' } },
      });
    api = await ClientNodeApi.fromKubeconfig({ file: kubeconfig });
    ends.push(() => api.close());
    played = new PlayedJobCluster({
      api,
      nodes: ['n1', 'n2'],
      lifeMilliseconds: () => 300,
      isKilled: ({ metadata }) => metadata!.name!.startsWith(KILLED),
    });
    played.start();
  });
  after(async () => {
    await played.stop();
    for (const end of ends) await end();
    await fake.close();
  });

  const context = (options: object, signal = new AbortController().signal) => ({
    stdout: new Text(),
    stderr: new Text(),
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
    env: { KISIMD_CONFIG: '/dev/null' },
    signal,
    // The server has no kubelets to ask.
    options: { set: ['kubernetes.pod-use=off', 'placement.estimate-missing-power=true'], db, ...options },
    args: [] as string[],
  });
  const collect = async (options: object, signal?: AbortSignal) => {
    const given = context({ interval: '500ms', kubeconfig, json: true, ...options }, signal);
    const status = await runCollect(given);
    return { status, said: JSON.parse(given.stdout.text), err: given.stderr.text };
  };
  const read = <T>(question: (reader: ReturnType<typeof openHistoryReader>) => T): T => {
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
  const train = async (algorithm: string) => {
    const out = join(folder, algorithm);
    const given = context({ fromHistory: true, arrivals: true, algorithm, steps: '1', out, json: true });
    assert.equal(await runTrain(given), 0, given.stderr.text);
    assert.ok(readFileSync(join(out, 'model.onnx')).length > 0);
    return JSON.parse(readFileSync(join(out, 'card.json'), 'utf8'));
  };
  /** Until the collector has made so many Jobs: what it did is in the file with every sample. */
  const made = async (count: number) => {
    for (;;) {
      const { items } = (await api.request({ method: 'GET', path: JOBS })).body as { items: unknown[] };
      if (items.length >= count) return;
      await sleep(20);
    }
  };
  const workload = {
    strategy: 'uniform',
    seed: '3',
    hours: '0.0012',
    load: '0.5',
    speed: '3000',
    jobs: '12',
  };

  test('a workload that is stopped goes on where it was, with the gap, and is taken away at the end', async () => {
    const stop = new AbortController();
    const going = collect(workload, stop.signal);
    await made(3);
    stop.abort();
    const first = await going;
    assert.equal(first.status, 130);
    assert.equal(first.said.ended, 'stopped');
    assert.ok(first.said.createdJobs >= 3);
    const second = await collect(workload);
    assert.equal(second.status, 0);
    assert.equal(second.said.ended, 'finished');
    assert.equal(second.said.samples, first.said.samples + read(lastCollection).samples);
    assert.equal(played.failure, undefined);
    const [before, after] = read((reader) => reader.collections('live'));
    assert.equal(before!.ended, 'stopped');
    assert.equal(before!.createdJobs + after!.createdJobs, second.said.createdJobs);
    const total = [before!, after!].reduce(
      (sum, { fromUnixMilliseconds: from, toUnixMilliseconds: to }) => sum + to - from,
      0,
    );
    assert.ok(total >= 0.0012 * 3_600_000 - 50, `${total} ms in all`);
    const left = (await api.request({ method: 'GET', path: JOBS })).body as { items: unknown[] };
    assert.deepEqual(left.items, []);
    const db2 = new Database(db, { readonly: true });
    const gaps = db2.prepare('SELECT from_ms, to_ms, reason FROM collection_gap').all();
    db2.close();
    assert.deepEqual(gaps, [
      {
        from_ms: before!.toUnixMilliseconds,
        to_ms: after!.fromUnixMilliseconds,
        reason: 'not-running',
      },
    ]);
  });

  test('Jobs made, recorded, exported as CSV and Parquet, and lived through again: one number', async () => {
    const { createdJobs } = read((reader) => ({
      createdJobs: reader.collections('live').reduce((sum, each) => sum + each.createdJobs, 0),
    }));
    assert.equal(createdJobs, 12);
    const counts = read((reader) => reader.collectedCounts('live'));
    assert.equal(counts.jobs, createdJobs);
    assert.equal(await csvRows('jobs'), createdJobs);
    const jobs = await parquet('jobs');
    assert.equal(jobs.length, createdJobs);
    assert.equal((await parquet('training')).length, createdJobs);
    assert.equal(await csvRows('training'), createdJobs);
    for (const what of ['cluster-states', 'scheduling-events', 'metrics'])
      assert.equal((await parquet(what)).length, await csvRows(what), what);
    assert.equal((await parquet('cluster-states')).length, counts.states);
    for (const algorithm of ['es', 'offline-dqn']) {
      const { trained, model } = await train(algorithm);
      assert.equal(trained.algorithm, algorithm);
      assert.equal(trained.cluster.jobs, createdJobs, trained.cluster.assumptions.join('; '));
      assert.equal(trained.cluster.arrivals, counts.jobPods);
      assert.match(model.sha256, /^[0-9a-f]{64}$/);
    }
  });

  test('what is told of Jobs is what the server told: amounts, ends, and who was killed for memory', async () => {
    const rows = await parquet('jobs');
    for (const row of rows) {
      const isKilled = String(row['name']).startsWith(KILLED);
      assert.equal(row['status'], isKilled ? 'Failed' : 'Succeeded', String(row['name']));
      assert.equal(row['oom_killed'], isKilled);
      assert.equal(row['cpu_limit'], row['cpu_request']);
      assert.ok(Number(row['memory_request']) >= 1);
      assert.equal(row['namespace'], 'kisimd-collect');
      assert.notEqual(row['deletion_time'], null);
      assert.equal(row['user_name'], null);
    }
    const killed = rows.filter(({ oom_killed }) => oom_killed === true).map(({ job_id }) => job_id);
    assert.ok(killed.length > 0);
    const events = await parquet('scheduling-events');
    const told = new Set(
      events.filter(({ event_type }) => event_type === 'oom-killed').map(({ job_id }) => job_id),
    );
    assert.deepEqual(killed.sort(), [...told].sort());
    for (const { job_id } of rows)
      for (const type of ['submitted', 'started', 'scheduled', 'deleted'])
        assert.ok(
          events.some((event) => event['job_id'] === job_id && event['event_type'] === type),
          `${type} of ${String(job_id)}`,
        );
  });

  test('a server that is gone for a while is a gap, not a state; what Prometheus is asked for is kept', async () => {
    const prometheus = await FakePrometheus.start();
    ends.push(() => prometheus.close());
    prometheus.instant.set('sum by (zone) (load)', [
      [{ __name__: 'load', zone: 'a' }, '2.5'],
      [{ zone: 'b' }, 'NaN'],
    ]);
    const stop = new AbortController();
    const states = read((reader) => reader.collectedCounts('live').states);
    const set = ['kubernetes.pod-use=off', `kubernetes.prometheus-url=${prometheus.url}`];
    const metric = ['load=sum by (zone) (load)', 'missing=nothing'];
    const going = collect({ hours: '1', metric, set }, stop.signal);
    const gapsNow = () => {
      const there = new Database(db, { readonly: true });
      try {
        return there
          .prepare("SELECT to_ms - from_ms AS ms FROM collection_gap WHERE reason = 'watch-lost'")
          .all();
      } finally {
        there.close();
      }
    };
    const until = async (holds: () => boolean) => {
      while (!holds()) await sleep(50);
    };
    await until(() => read((reader) => reader.collectedCounts('live').states) > states);
    const { port } = fake;
    await fake.close();
    await until(() => gapsNow().length > 0);
    const during = read((reader) => reader.collectedCounts('live').states);
    await fake.listen(port);
    await until(() => read((reader) => reader.collectedCounts('live').states) > during);
    stop.abort();
    assert.equal((await going).status, 130);
    assert.equal(gapsNow().length, 1);
    const kept = (await parquet('metrics')).filter(({ metric_name }) =>
      ['load', 'missing'].includes(String(metric_name)),
    );
    assert.ok(kept.length > 0);
    assert.ok(kept.every(({ metric_value, tags }) => metric_value === 2.5 && tags === '{"zone":"a"}'));
  });

  test("an account that may not see Jobs is told so, and a namespace that is somebody else's is left alone", async () => {
    fake.forbidden.add('watch jobs');
    await assert.rejects(collect({ hours: '1' }), {
      code: 'KISIM_E_COLLECT_PERMISSION',
      found: /watch jobs.batch/,
    });
    fake.forbidden.clear();
    await assert.rejects(collect({ ...workload, namespace: 'default' }), {
      code: 'KISIM_E_COLLECT_NAMESPACE',
      found: 'namespace default',
    });
  });
});

function lastCollection(reader: HistoryReader) {
  return reader.collections('live').at(-1)!;
}
