import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readHostIdentity } from '../../../../src/daemon/placement/host-identity.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

test("the host's ids are read below its roots, and its names are small letters", (t) => {
  const folder = temporaryFolder(t);
  const roots = { proc: join(folder, 'proc'), sys: join(folder, 'sys'), root: `${folder}/` };
  mkdirSync(join(folder, 'etc'));
  mkdirSync(join(roots.proc, 'sys/kernel/random'), { recursive: true });
  writeFileSync(join(folder, 'etc/machine-id'), '0123456789abcdef0123456789abcdef\n');
  writeFileSync(join(roots.proc, 'sys/kernel/random/boot_id'), 'B0\n');
  const { names, machineId, bootId, addresses } = readHostIdentity({ node: { name: 'Worker-7' }, roots });
  assert.deepEqual(names, ['worker-7', hostname().toLowerCase()]);
  assert.equal(machineId, '0123456789abcdef0123456789abcdef');
  assert.equal(bootId, 'b0');
  assert(!addresses.includes('127.0.0.1'));
});

test('what cannot be read is not known', (t) => {
  const folder = temporaryFolder(t);
  const roots = { proc: join(folder, 'proc'), sys: '', root: folder };
  const { machineId, bootId } = readHostIdentity({ node: { name: 'a' }, roots });
  assert.deepEqual([machineId, bootId], ['', '']);
});
