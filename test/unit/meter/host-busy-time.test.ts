import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HostBusyTime } from '../../../src/meter/host-busy-time.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function statOf(...cpus: readonly string[]): string {
  return `cpu  999 0 0 0 0 0 0 0 0 0\n${cpus.map((columns, at) => `cpu${at} ${columns}`).join('\n')}\nintr 5 cpu9\n`;
}

test('work is user, nice, system, irq and softirq of all processors; idle, iowait, steal and guest are not', (t) => {
  const proc = temporaryFolder(t);
  const play = (...cpus: readonly string[]) => writeFileSync(join(proc, 'stat'), statOf(...cpus));
  const host = new HostBusyTime(proc);
  play('100 10 20 500 7 1 2 9 50 5', '0 0 0 0 0 0 0 0 0 0');
  assert.deepEqual(host.read(), { busyNanoseconds: Number.NaN, cpuCount: 2 });
  play('101 12 24 900 70 9 18 90 99 9', '32 0 0 68 0 0 0 0 0 0');
  assert.deepEqual(host.read(), { busyNanoseconds: (1 + 2 + 4 + 8 + 16 + 32) * 1e7, cpuCount: 2 });
});

test('a column that steps back is no negative work, and processors that come or go leave the time unknown', (t) => {
  const proc = temporaryFolder(t);
  const play = (...cpus: readonly string[]) => writeFileSync(join(proc, 'stat'), statOf(...cpus));
  const host = new HostBusyTime(proc);
  play('100 0 0 0 0 50 0');
  host.read();
  play('103 0 0 0 0 49 0');
  assert.equal(host.read().busyNanoseconds, 3e7);
  play('104 0 0 0 0 49 0', '7 0 0 0 0 0 0');
  assert.deepEqual(host.read(), { busyNanoseconds: Number.NaN, cpuCount: 2 });
  play('104 0 0 0 0 49 0', '9 0 0 0 0 0 0');
  assert.equal(host.read().busyNanoseconds, 2e7);
});

test('no or damaged /proc/stat is a coded error, never an idle machine', (t) => {
  const proc = temporaryFolder(t);
  const read = () => new HostBusyTime(proc).read();
  assert.throws(read, { code: 'KISIM_E_METER_PROC_STAT' });
  for (const text of ['', 'cpu  1 2 3 4 5 6 7\n', 'cpu0 1 2 3\n', 'cpu0 1 2 3 x 5 6 7\n']) {
    writeFileSync(join(proc, 'stat'), text);
    assert.throws(read, { code: 'KISIM_E_METER_PROC_STAT' }, text);
  }
  rmSync(join(proc, 'stat'));
  mkdirSync(join(proc, 'stat'));
  assert.throws(read, /EISDIR/);
});
