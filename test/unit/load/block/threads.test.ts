import assert from 'node:assert/strict';
import { statfsSync } from 'node:fs';
import { test } from 'node:test';
import { runCpuThread } from '../../../../src/load/block/cpu-thread.ts';
import { runDiskThread } from '../../../../src/load/block/disk-thread.ts';
import { BlockError } from '../../../../src/load/block/failure.ts';
import { runMemoryThread } from '../../../../src/load/block/memory-thread.ts';
import { ThreadWords } from '../../../../src/load/block/thread-words.ts';
import { threadCpuNanoseconds } from '../../../../src/load/thread-cpu-time.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const MIB = 1024 * 1024;

function failureOf(act: () => void): BlockError['failure'] {
  try {
    act();
  } catch (error) {
    if (error instanceof BlockError) return error.failure;
    throw error;
  }
  return assert.fail('it did not fail');
}

/** The thread is told to let go once a condition holds. */
function until(words: ThreadWords, condition: () => boolean): () => boolean {
  return () => {
    if (condition()) words.end();
    return words.isOver(0);
  };
}

test('a thread burns the CPU time that it was granted', () => {
  const words = new ThreadWords();
  words.granted = 20e6;
  const before = threadCpuNanoseconds();
  runCpuThread(
    words,
    until(words, () => words.done >= 20e6),
  );
  const used = threadCpuNanoseconds() - before;
  assert.ok(words.done >= 20e6 && words.done <= used, `${words.done} of ${used}`);
});

test('memory comes to what was asked for, is ready then, and is given back', () => {
  const words = new ThreadWords();
  const before = process.memoryUsage.rss();
  const askedBytes = before + 100 * MIB;
  let isReady = false;
  let most = 0;
  const over = until(words, () => {
    most = Math.max(most, words.done);
    return isReady;
  });
  runMemoryThread({ askedBytes, reserveBytes: 0 }, words, over, () => {
    isReady = true;
    assert.ok(Math.abs(process.memoryUsage.rss() - askedBytes) < 10 * MIB);
  });
  assert.ok(most > 80 * MIB);
  assert.ok(process.memoryUsage.rss() < before + 20 * MIB);
});

test('memory that others need is not taken', () => {
  const task = { askedBytes: process.memoryUsage.rss() + 64 * MIB, reserveBytes: 2 ** 50 };
  const words = new ThreadWords();
  const failure = failureOf(() => runMemoryThread(task, words, () => false, assert.fail));
  assert.equal(failure.code, 'KISIM_E_BLOCK_MEMORY');
  assert.match(failure.found, /0 held/);
});

for (const kind of ['disk-read', 'disk-write'] as const) {
  test(`${kind} transfers what was granted, over the end of its file`, (t) => {
    const folder = temporaryFolder(t);
    const words = new ThreadWords();
    words.granted = 5 * MIB;
    const task = { kind, folder, fileBytes: 2 * MIB, transferBytes: MIB };
    let ready = 0;
    runDiskThread(
      task,
      words,
      until(words, () => words.done >= 5 * MIB),
      () => ready++,
    );
    assert.equal(words.done, 5 * MIB);
    assert.equal(ready, 1);
  });
}

test('a disk without room, and one that is not there, are told apart', (t) => {
  const folder = temporaryFolder(t);
  const { blocks, bsize } = statfsSync(folder);
  const attempt = (where: string, fileBytes: number) => {
    const task = { kind: 'disk-write', folder: where, fileBytes, transferBytes: MIB } as const;
    return failureOf(() => runDiskThread(task, new ThreadWords(), () => false, assert.fail));
  };
  assert.equal(attempt(folder, Math.ceil((blocks * bsize * 2) / MIB) * MIB).code, 'KISIM_E_BLOCK_DISK_FULL');
  const absent = attempt(`${folder}/absent`, MIB);
  assert.equal(absent.code, 'KISIM_E_BLOCK_DISK');
  assert.match(absent.found, /ENOENT/);
});

test('a thread lets go at its last moment, though nobody says so', () => {
  const words = new ThreadWords();
  assert.equal(words.isOver(1e18), false);
  words.lastNanoseconds = 1000;
  assert.equal(words.isOver(999), false);
  assert.equal(words.isOver(1000), true);
});
