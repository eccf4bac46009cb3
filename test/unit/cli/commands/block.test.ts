import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../../../../src/cli/program.ts';
import { fakeHost } from '../fake-host.ts';

const refused: readonly (readonly [what: string, args: readonly string[], code: string, status: number])[] = [
  ['nothing', [], 'KISIM_E_BLOCK_NOTHING', 1],
  ['more CPU than there is', ['--cpu', '100000'], 'KISIM_E_BLOCK_CPU', 1],
  ['more memory than there is', ['--memory', '1000TiB'], 'KISIM_E_BLOCK_MEMORY', 1],
  ['less memory than the program has', ['--memory', '1MiB'], 'KISIM_E_BLOCK_MEMORY_SMALL', 1],
  ['a disk that is none', ['--disk-write', '1MB/s', '--folder', '/dev/shm'], 'KISIM_E_BLOCK_DISK', 1],
  [
    'a file that is larger than the disk',
    ['--disk-read', '1MB/s', '--file-size', '1TiB'],
    'KISIM_E_BLOCK_DISK_FULL',
    1,
  ],
  ['no peer', ['--network', '1MB/s', '--peer', '127.0.0.1:1'], 'KISIM_E_BLOCK_PEER', 1],
  ['network without a peer', ['--network', '1MB/s'], 'KISIM_E_USAGE', 2],
  ['no time', ['--cpu', '0.1', '--for', '0s'], 'KISIM_E_USAGE', 2],
  ['no unit', ['--memory', '2'], 'KISIM_E_BYTES', 2],
  ['a pod without an image', ['--pod', '--cpu', '1'], 'KISIM_E_USAGE', 2],
  ['an unknown role', ['server'], 'KISIM_E_USAGE', 2],
];
for (const [what, args, code, status] of refused) {
  test(`${what} is refused with ${code}`, async () => {
    const host = fakeHost();
    assert.equal(await runCli(['block', ...args], host), status, host.err());
    assert.ok(host.err().startsWith(`${code}: `), host.err());
    assert.equal(host.out(), '');
  });
}
