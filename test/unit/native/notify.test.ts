import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAddon } from '../../../src/native/addon.ts';

const { notify } = loadAddon();

test('without NOTIFY_SOCKET nothing is sent and that is no error', (t) => {
  const before = process.env['NOTIFY_SOCKET'];
  delete process.env['NOTIFY_SOCKET'];
  t.after(() => {
    if (before !== undefined) process.env['NOTIFY_SOCKET'] = before;
  });
  assert.equal(notify('READY=1'), false);
});

// That datagrams arrive is tested in native/test/test_notify.cc: Node has no unix datagram sockets.
test('a send that fails throws with its system error code', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-notify-'));
  const before = process.env['NOTIFY_SOCKET'];
  t.after(() => {
    rmSync(folder, { recursive: true });
    if (before === undefined) delete process.env['NOTIFY_SOCKET'];
    else process.env['NOTIFY_SOCKET'] = before;
  });
  process.env['NOTIFY_SOCKET'] = join(folder, 'absent');
  assert.throws(
    () => notify('READY=1'),
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT' && error.syscall === 'sendmsg',
  );
  process.env['NOTIFY_SOCKET'] = 'vsock:2:1';
  assert.throws(() => notify('READY=1'), { code: 'EOPNOTSUPP' });
  assert.throws(() => notify(1 as unknown as string), TypeError);
});
