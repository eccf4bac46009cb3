import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCollectOptions } from '../../../../src/cli/collect/options.ts';
import { CollectProgress, collectLine, sizeText } from '../../../../src/cli/collect/progress.ts';
import { runCollect } from '../../../../src/cli/commands/collect.ts';
import { collectCommand } from '../../../../src/cli/specs/collect.ts';
import { strategyNames } from '../../../../src/queueing/workload/strategies.ts';

test('without a strategy nothing is made and there is no end; with one it is an hour', () => {
  const plain = readCollectOptions({ interval: '10s' });
  assert.equal(plain.workload, undefined);
  assert.equal(plain.hours, undefined);
  assert.equal(plain.intervalMilliseconds, 10_000);
  assert.equal(readCollectOptions({ interval: '10s', workload: false }).workload, undefined);
  const made = readCollectOptions({ interval: '1s', strategy: 'burst', seed: '4' });
  assert.deepEqual(made.workload, {
    strategy: 'burst',
    seed: 4,
    load: 0.3,
    speed: 1,
    hours: 1,
    mostJobs: 1000,
  });
  assert.equal(made.hours, 1);
  assert.equal(made.namespace, undefined);
  assert.equal(made.workloadNamespace, 'kisimd-collect');
  assert.equal(readCollectOptions({ strategy: 'burst', namespace: 'team' }).workloadNamespace, 'team');
});

test('values that cannot be are refused with the option', () => {
  for (const [options, found] of [
    [{ interval: '100ms' }, '--interval 100ms'],
    [{ hours: '0' }, '--hours 0'],
    [{ strategy: 'burst', workload: false }, '--strategy and --no-workload'],
    [{ strategy: 'burst', seed: '1.5' }, '--seed 1.5'],
    [{ strategy: 'burst', load: '0' }, '--load 0'],
    [{ metric: ['no query'] }, '--metric no query'],
    [{ strategy: 'burst', jobs: '0' }, '--jobs 0'],
    [{ strategy: 'burst', speed: 'fast' }, '--speed fast'],
  ] as const)
    assert.throws(() => readCollectOptions({ interval: '10s', ...options }), {
      code: 'KISIM_E_USAGE',
      found,
    });
});

test('the strategies that can be asked for are those that there are', () => {
  const { choices } = collectCommand.options.find(({ flags }) => flags.startsWith('--strategy'))!;
  assert.deepEqual([...choices!].sort(), [...strategyNames].sort());
});

const progress = {
  samples: 360,
  elapsedMilliseconds: 3_600_000,
  trouble: undefined,
  jobs: 42,
  createdJobs: 12,
};
const figures = { records: 51_120, fileBytes: 3_100_000, leftMilliseconds: 3_720_000, plannedJobs: 40 };

test('the line of progress says how much, how fast, how large and how long', () => {
  assert.equal(
    collectLine(progress, figures),
    '360 samples, 42 Jobs, 12 of 40 made, 14.2 records/s, 3.1 MB, 1 h 2 min left',
  );
  assert.equal(
    collectLine(
      { ...progress, samples: 1, trouble: 'pods: connection refused' },
      { ...figures, leftMilliseconds: undefined, plannedJobs: undefined },
    ),
    '1 sample, 42 Jobs, 14.2 records/s, 3.1 MB, Ctrl-C ends it, NOT HEARD: pods: connection refused',
  );
  assert.equal(sizeText(4096), '4 kB');
});

test('on a terminal the line is written over and taken away; elsewhere there is one twice a minute', () => {
  const written: string[] = [];
  const stderr = (isTTY: boolean) => ({ isTTY, write: (text: string) => written.push(text) > 0 }) as never;
  const live = new CollectProgress(stderr(true));
  live.tell(progress, figures);
  live.end();
  assert.ok(written[0]!.startsWith('\r\x1b[K360 samples') && written[1] === '\r\x1b[K');
  written.length = 0;
  const plain = new CollectProgress(stderr(false));
  for (const elapsedMilliseconds of [0, 10_000, 29_000, 30_000, 59_000])
    plain.tell({ ...progress, elapsedMilliseconds }, figures);
  plain.end();
  assert.equal(written.length, 2);
});

test('a history that a daemon writes is told so before anything is asked of a cluster', async (t) => {
  const { History } = await import('../../../../src/history/history.ts');
  const { historyConfig } = await import('../../../support/history-intervals.ts');
  const { silentLogger } = await import('../../../../src/util/log.ts');
  const { temporaryFolder } = await import('../../../support/temporary-folder.ts');
  const path = `${temporaryFolder(t)}/energy.db`;
  const daemon = new History({ config: historyConfig(path), log: silentLogger });
  daemon.open();
  t.after(() => void daemon.close());
  const context = {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: { KISIMD_CONFIG: '/dev/null' },
    signal: new AbortController().signal,
    options: { db: path, interval: '10s' },
    args: [],
  };
  await assert.rejects(runCollect(context), { code: 'KISIM_E_HISTORY_LOCKED' });
});
