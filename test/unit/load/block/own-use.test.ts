import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownUse } from '../../../../src/load/block/own-use.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

test('bytes that reached the block layer, less those that were taken back', (t) => {
  const proc = temporaryFolder(t);
  mkdirSync(join(proc, 'self'));
  const io =
    'rchar: 9\nwchar: 9\nsyscr: 1\nsyscw: 1\nread_bytes: 4096\nwrite_bytes: 12288\ncancelled_write_bytes: 8192\n';
  writeFileSync(join(proc, 'self/io'), io);
  assert.deepEqual(ownUse(proc).disk(), { readBytes: 4096, writtenBytes: 4096 });
});

test('an account that is not there or lacks a count is an error, never zero', (t) => {
  const proc = temporaryFolder(t);
  assert.throws(() => ownUse(proc).disk(), { code: 'KISIM_E_BLOCK_ACCOUNT', message: /ENOENT/ });
  mkdirSync(join(proc, 'self'));
  writeFileSync(join(proc, 'self/io'), 'read_bytes: 1\n');
  assert.throws(() => ownUse(proc).disk(), { code: 'KISIM_E_BLOCK_ACCOUNT', message: /no write_bytes/ });
});

test('CPU time and resident memory are those of this process', () => {
  const use = ownUse('/proc');
  const before = use.cpuNanoseconds();
  let x = 0;
  while (use.cpuNanoseconds() - before < 2e6) x += Math.sqrt(x + 1);
  assert.ok(x > 0);
  assert.ok(use.residentBytes() > 10e6);
});
