import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { test } from 'node:test';
import { loadAddon } from '../../../src/native/addon.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const { HeldMemory, DirectFile } = loadAddon();
const MIB = 1024 * 1024;
/** statfs(2), TMPFS_MAGIC. */
const memoryFileSystem = 0x01021994;

test('held memory is resident, and gone once it is given back', () => {
  const memory = new HeldMemory({ capacityBytes: 200 * MIB });
  const before = process.memoryUsage.rss();
  memory.resize(150 * MIB);
  assert.equal(memory.heldBytes(), 150 * MIB);
  assert.ok(process.memoryUsage.rss() - before > 140 * MIB);
  memory.touch(0, 150 * MIB);
  memory.resize(4096);
  assert.ok(process.memoryUsage.rss() - before < 20 * MIB);
  memory.close();
  assert.throws(() => memory.resize(1), /has been closed/);
});

test('sizes and offsets are checked', () => {
  assert.throws(() => new HeldMemory({ capacityBytes: -1 }), TypeError);
  assert.throws(() => new HeldMemory({ capacityBytes: 0 }), { code: 'EINVAL' });
  const memory = new HeldMemory({ capacityBytes: MIB });
  assert.throws(() => memory.resize(2 * MIB), /within the capacity/);
  assert.throws(() => memory.touch(-1, 1), TypeError);
  memory.close();
  assert.throws(() => new DirectFile({ folder: '/tmp', bytes: 100 }), /multiple of 4096/);
  assert.throws(() => new DirectFile({ folder: '/nowhere', bytes: 4096 }), {
    code: 'ENOENT',
    path: '/nowhere',
  });
});

test('a direct file has no name, and its transfers are counted as those of a disk', (t) => {
  const folder = temporaryFolder(t);
  const written = () => Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))![1]);
  let file: InstanceType<typeof DirectFile>;
  try {
    file = new DirectFile({ folder, bytes: 4 * MIB });
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EINVAL');
    t.skip(`no direct transfers in ${folder}`);
    return;
  }
  assert.deepEqual(readdirSync(folder), []);
  const before = written();
  file.write(0, MIB);
  file.write(3 * MIB, MIB);
  file.read(3 * MIB, 4096);
  // A file system in memory has nothing to count.
  if (memoryFileSystem !== statfsSync(folder).type) assert.ok(written() - before >= 2 * MIB);
  assert.throws(() => file.read(4 * MIB, 4096), /within the file/);
  assert.throws(() => file.write(1, 4096), /multiples of 4096/);
  file.close();
  assert.throws(() => file.read(0, 4096), /has been closed/);
});
