import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type Database from 'better-sqlite3';
import { Collector, type CollectorOptions } from '../../../../src/controller/collect/collector.ts';
import { resumed } from '../../../../src/controller/collect/resumed.ts';
import type { CollectionNote } from '../../../../src/history/collection-record.ts';
import { openDatabase } from '../../../../src/history/open-database.ts';
import { openHistoryReader } from '../../../../src/history/reader.ts';
import type { Clock } from '../../../../src/util/clock.ts';
import { openHistory, writeOnFlush } from '../../../support/open-history.ts';

const START = Date.parse('2026-01-01T00:00:00Z');

/** Time that passes only where somebody sleeps. */
class SleptTime implements Clock {
  now = 0;
  /** Of the wall clock and the other alike, added at the end of the next sleep. */
  late = 0;
  readonly sleep = (milliseconds: number): Promise<void> => {
    this.now += milliseconds + this.late;
    this.late = 0;
    this.slept();
    return Promise.resolve();
  };
  slept: () => void = () => undefined;

  monotonicNanoseconds(): number {
    return this.now * 1e6;
  }

  unixMilliseconds(): number {
    return START + this.now;
  }
}

function collecting(changes: Partial<CollectorOptions> = {}) {
  const time = new SleptTime();
  const notes: CollectionNote[] = [];
  const disk = { takes: true };
  const server: { trouble: string | undefined } = { trouble: undefined };
  const collector = new Collector({
    cluster: {
      nodes: () => [],
      pods: () => [],
      jobs: () => ({ running: 1, pending: 2, suspended: 3 }),
      use: () => ({ cpuMilli: undefined, memoryBytes: undefined }),
      watts: () => undefined,
    },
    store: {
      collected: (note) => void notes.push(note),
      flush: () => disk.takes,
      status: { lastError: 'SQLITE_FULL: database or disk is full' },
    },
    trouble: () => server.trouble,
    beforeSample: () => undefined,
    createdJobs: () => 4,
    intervalMilliseconds: 10_000,
    forMilliseconds: 60_000,
    record: { namespace: undefined, strategy: undefined, seed: undefined, workload: undefined },
    onProgress: () => undefined,
    clock: time,
    sleep: time.sleep,
    lastUnixMilliseconds: undefined,
    ...changes,
  });
  const of = <K extends CollectionNote['kind']>(kind: K) =>
    notes.flatMap((note) =>
      note.kind === kind ? [note.record as Extract<CollectionNote, { kind: K }>['record']] : [],
    );
  return { time, notes, disk, server, collector, of };
}

test('what was written before the disk was full stays, and is gone on with when there is room', async (t) => {
  let db: Database.Database | undefined;
  const { history, value, path } = openHistory(
    t,
    {},
    {
      ...writeOnFlush,
      openDatabase: (options) => {
        db = openDatabase(options);
        return db;
      },
    },
  );
  const { collector, time } = collecting({ store: history });
  time.slept = () => {
    // No page more than there are.
    if (time.now === 30_000)
      db!.pragma(`max_page_count = ${String(db!.pragma('page_count', { simple: true }))}`);
    for (let i = 0; i < 400; i++)
      history.collected({
        kind: 'metric',
        record: { unixMilliseconds: START + time.now, name: `metric-${i}`, amount: i, type: 'gauge' },
      });
  };
  await assert.rejects(collector.run(new AbortController().signal), {
    code: 'KISIM_E_COLLECT_NOT_WRITTEN',
    found: /^SQLITE_FULL/,
  });
  collector.end('failed');
  const kept = Number(value('select count(*) from cluster_state'));
  assert.ok(kept >= 3, `${kept} states`);
  db!.pragma('max_page_count = 1000000');
  history.close();
  const reader = openHistoryReader(path);
  const [before] = reader.collections('live');
  reader.close();
  assert.notEqual(
    resumed([before!], undefined, (workload) => workload === undefined),
    undefined,
  );
});

describe('the collector', () => {
  test('takes a state at the beginning, after every interval and at the end', async () => {
    const { collector, of } = collecting();
    assert.equal(await collector.run(new AbortController().signal), 'finished');
    collector.end('finished');
    assert.deepEqual(
      of('cluster-state').map(({ unixMilliseconds }) => (unixMilliseconds - START) / 1000),
      [0, 10, 20, 30, 40, 50, 60],
    );
    assert.deepEqual(of('collection-gap'), []);
    const last = of('collection').at(-1)!;
    assert.equal(last.ended, 'finished');
    assert.equal(last.samples, 7);
    assert.equal(last.createdJobs, 4);
    assert.equal(last.toUnixMilliseconds, START + 60_000);
  });

  test('what a sample took does not add up', async () => {
    const { collector, time, of } = collecting();
    time.slept = () => {
      time.now += 300;
    };
    await collector.run(new AbortController().signal);
    assert.deepEqual(
      of('cluster-state')
        .slice(0, 3)
        .map(({ unixMilliseconds }) => unixMilliseconds - START),
      [0, 10_300, 20_300],
    );
  });

  test('ends with a last state when it is stopped', async () => {
    const { collector, time } = collecting({ forMilliseconds: undefined });
    const stop = new AbortController();
    time.slept = () => {
      if (time.now >= 30_000) stop.abort();
    };
    assert.equal(await collector.run(stop.signal), 'stopped');
    assert.equal(collector.samples, 4);
  });

  test('the time before it went on is a gap', () => {
    const { of } = collecting({ lastUnixMilliseconds: START - 5000 });
    assert.deepEqual(of('collection-gap'), [
      { fromUnixMilliseconds: START - 5000, toUnixMilliseconds: START, reason: 'not-running' },
    ]);
  });

  test('while the server is not heard there is no state, and a gap that grows from the last one on', async () => {
    const { collector, time, server, of } = collecting();
    time.slept = () => {
      server.trouble = time.now === 20_000 || time.now === 30_000 ? 'connection refused' : undefined;
    };
    await collector.run(new AbortController().signal);
    assert.deepEqual(
      of('cluster-state').map(({ unixMilliseconds }) => (unixMilliseconds - START) / 1000),
      [0, 10, 40, 50, 60],
    );
    const gaps = of('collection-gap');
    assert.ok(
      gaps.every(
        ({ reason, fromUnixMilliseconds }) =>
          reason === 'watch-lost' && fromUnixMilliseconds === START + 10_000,
      ),
    );
    assert.deepEqual(
      gaps.map(({ toUnixMilliseconds }) => (toUnixMilliseconds - START) / 1000),
      [20, 30, 40],
    );
  });

  test('samples that a sleeping machine missed are a gap', async () => {
    const { collector, time, of } = collecting();
    time.slept = () => {
      if (time.now === 20_000) time.late = 25_000;
    };
    await collector.run(new AbortController().signal);
    assert.deepEqual(of('collection-gap'), [
      { fromUnixMilliseconds: START + 30_000, toUnixMilliseconds: START + 55_000, reason: 'sample-missed' },
    ]);
  });

  test('a disk that takes no more ends it with the code', async () => {
    const { collector, time, disk } = collecting();
    time.slept = () => {
      disk.takes = time.now < 30_000;
    };
    await assert.rejects(collector.run(new AbortController().signal), {
      code: 'KISIM_E_COLLECT_NOT_WRITTEN',
      found: 'SQLITE_FULL: database or disk is full',
    });
    assert.equal(collector.end('failed'), false);
  });
});
