import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const module = fileURLToPath(new URL('../../../src/util/heap-growth.ts', import.meta.url));

test('this V8 knows the flag that keeps the heap small', () => {
  const script = `import('${module}').then(({ keepHeapSmall }) => keepHeapSmall())`;
  const { status, stderr, stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  // V8 says what it does not know, and goes on.
  assert.equal(stdout + stderr, '');
  assert.equal(status, 0);
});
