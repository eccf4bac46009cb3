import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type FilePort, replaceFile } from '../../../src/util/atomic-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const noSpace = () => {
  throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
};

function withOld(t: TestContext): string {
  const path = join(temporaryFolder(t), 'file');
  replaceFile(path, Buffer.from('old'));
  return path;
}

test('a file is replaced, and nothing is left beside it', (t) => {
  const path = withOld(t);
  replaceFile(path, Buffer.from('new and longer'));
  assert.equal(fs.readFileSync(path, 'utf8'), 'new and longer');
  assert.deepEqual(fs.readdirSync(join(path, '..')), ['file']);
});

test('whatever call fails, the old file is whole and nothing is left beside it', (t) => {
  const path = withOld(t);
  const real: FilePort = fs;
  for (const call of ['openSync', 'writeSync', 'fsyncSync', 'renameSync'] as const) {
    assert.throws(() => replaceFile(path, Buffer.from('new'), { ...real, [call]: noSpace }), {
      code: 'ENOSPC',
    });
    assert.equal(fs.readFileSync(path, 'utf8'), 'old', call);
    assert.deepEqual(fs.readdirSync(join(path, '..')), ['file'], call);
  }
});

test('a disk that takes a part of the bytes first is asked for the rest', (t) => {
  const path = withOld(t);
  const real: FilePort = fs;
  const sips: FilePort = {
    ...real,
    writeSync: (file, bytes, offset, length) => fs.writeSync(file, bytes, offset, Math.min(2, length)),
  };
  replaceFile(path, Buffer.from('seven b'), sips);
  assert.equal(fs.readFileSync(path, 'utf8'), 'seven b');
  let taken = 0;
  const full: FilePort = {
    ...sips,
    writeSync: (...all) => (taken++ < 2 ? sips.writeSync(...all) : noSpace()),
  };
  assert.throws(() => replaceFile(path, Buffer.from('another'), full), { code: 'ENOSPC' });
  assert.equal(fs.readFileSync(path, 'utf8'), 'seven b');
});

test('bytes are on the disk before the name is theirs', (t) => {
  const path = withOld(t);
  const calls: string[] = [];
  const told = new Proxy(fs as unknown as FilePort, {
    get: (port, name: keyof FilePort) => {
      calls.push(name);
      return port[name];
    },
  });
  replaceFile(path, Buffer.from('new'), told);
  assert.deepEqual(calls, [
    'openSync',
    'writeSync',
    'fsyncSync',
    'closeSync',
    'renameSync',
    'openSync',
    'fsyncSync',
    'closeSync',
  ]);
});
