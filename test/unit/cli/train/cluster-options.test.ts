import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOnCluster, readClusterOptions, readJobFate } from '../../../../src/cli/train/cluster-options.ts';
import { SeedsFolder } from '../../../../src/learning/remote/seeds-folder.ts';
import { order } from '../../../support/played-workers.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const image = 'kisimd:1';

test('seeds are read as ranges and lists, and one is the usual', () => {
  const seeds = (text: string) => readClusterOptions({ image, seeds: text }, 0).seeds;
  assert.deepEqual(seeds('1..5'), [1, 2, 3, 4, 5]);
  assert.deepEqual(seeds('7, 3,10..11'), [7, 3, 10, 11]);
  assert.deepEqual(readClusterOptions({ image }, 9).seeds, [9]);
  for (const wrong of ['', 'x', '5..1', '1,1', '1..3,2', '-1', '4294967296', '0..1000', '1.5'])
    assert.throws(
      () => readClusterOptions({ image, seeds: `${wrong} ` }, 0),
      { code: 'KISIM_E_USAGE' },
      wrong,
    );
  assert.throws(() => readClusterOptions({ image, seeds: '1..2' }, 3), { code: 'KISIM_E_USAGE' });
});

test('what a worker is given has usual values', () => {
  assert.deepEqual(readClusterOptions({ image, seeds: '1..3' }, 0), {
    image,
    seeds: [1, 2, 3],
    parallelism: 3,
    threads: 1,
    memory: '1Gi',
  });
  const given = { image, seeds: '1..3', parallel: '2', workers: '4', podMemory: '512Mi' };
  const { parallelism, threads, memory } = readClusterOptions(given, 0);
  assert.deepEqual([parallelism, threads, memory], [2, 4, '512Mi']);
  for (const wrong of [{ podMemory: 'much' }, { parallel: '0' }, { workers: '1.5' }, { image: '' }])
    assert.throws(() => readClusterOptions({ image, ...wrong }, 0), { code: 'KISIM_E_USAGE' });
});

test('options of a cluster are refused for a training on this host, and the other way round', (t) => {
  assert.equal(isOnCluster({}), false);
  assert.equal(isOnCluster({ on: 'host' }), false);
  assert.equal(isOnCluster({ on: 'kubernetes', image, keep: true }), true);
  const refused = (given: Record<string, unknown>) =>
    assert.throws(() => isOnCluster(given), { code: 'KISIM_E_USAGE' });
  for (const given of [
    { image },
    { seeds: '1..2' },
    { parallel: '2' },
    { podMemory: '1Gi' },
    { keep: true },
    { cancel: true },
  ])
    refused(given);
  refused({ on: 'the-moon' });
  const there = temporaryFolder(t);
  new SeedsFolder(there).create(order, {
    id: 'ab',
    server: 's',
    namespace: 'n',
    image,
    parallelism: 1,
    memory: '1Gi',
    jobs: [],
  });
  const here = temporaryFolder(t);
  assert.equal(isOnCluster({ resume: there, cancel: true }), true);
  assert.equal(isOnCluster({ resume: here }), false);
  refused({ resume: here, cancel: true });
  refused({ resume: there, image });
  refused({ resume: there, on: 'kubernetes' });
  assert.throws(() => readJobFate({ keep: true, cancel: true }), { code: 'KISIM_E_USAGE' });
});
