import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFolder, checkMachine, type Machine } from '../../../../src/load/block/limits.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const GIB = 2 ** 30;
const machine: Machine = {
  cores: 2,
  availableMemoryBytes: 8 * GIB,
  ownResidentBytes: 0.1 * GIB,
  memoryReserveBytes: 0.5 * GIB,
};

test('what the machine has may be asked for', () => {
  checkMachine({ cpuCores: 2, memoryBytes: 7 * GIB }, machine);
  checkMachine({ diskReadBytesPerSecond: 1 }, machine);
});

test('nothing, too many cores, too much and too little memory are refused', () => {
  assert.throws(() => checkMachine({}, machine), { code: 'KISIM_E_BLOCK_NOTHING' });
  assert.throws(() => checkMachine({ cpuCores: 2.01 }, machine), {
    code: 'KISIM_E_BLOCK_CPU',
    message: /2.01 cores asked for, 2 here/,
  });
  assert.throws(() => checkMachine({ memoryBytes: 7.7 * GIB }, machine), { code: 'KISIM_E_BLOCK_MEMORY' });
  assert.throws(() => checkMachine({ memoryBytes: 0.1 * GIB }, machine), {
    code: 'KISIM_E_BLOCK_MEMORY_SMALL',
  });
});

test('a folder that is not there, is in memory, or has no room is refused', (t) => {
  const folder = temporaryFolder(t);
  assert.throws(() => checkFolder(`${folder}/absent`, 1), { code: 'KISIM_E_BLOCK_DISK', message: /ENOENT/ });
  assert.throws(() => checkFolder('/dev/shm', 1), { code: 'KISIM_E_BLOCK_DISK', message: /tmpfs/ });
  assert.throws(() => checkFolder('/var/tmp', 2 ** 52), { code: 'KISIM_E_BLOCK_DISK_FULL' });
});
