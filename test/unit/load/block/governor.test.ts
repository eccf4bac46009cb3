import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource } from '../../../../src/load/block/burden.ts';
import { Governor, LOOK_NANOSECONDS, type Reading } from '../../../../src/load/block/governor.ts';
import { isHeld } from '../../../../src/load/block/tally.ts';

const nothing: Reading = {
  cpuNanoseconds: 5e9,
  residentBytes: 100e6,
  diskReadBytes: 1e9,
  diskWrittenBytes: 2e9,
  diskReadDone: 0,
  diskWriteDone: 0,
  sentBytes: 0,
  confirmedBytes: 0,
};

const asked = new Map<Resource, number>([
  ['cpu', 1.5],
  ['memory', 200e6],
  ['disk-read', 20e6],
  ['disk-write', 50e6],
  ['network', 10e6],
]);

/** A machine that does all that is allowed, some of each (`speed`) until the next look; the network confirms later. */
function play(seconds: number, speed: (resource: Resource, at: number) => number) {
  let reading = { ...nothing, residentBytes: 199e6 };
  let now = 7e9;
  const governor = new Governor(asked, now, reading);
  let windows = 0;
  let allowed = governor.look(now, reading);
  for (let at = 0; at < seconds * 1e9; at += LOOK_NANOSECONDS) {
    const did = (resource: Resource) => (allowed.get(resource) ?? 0) * speed(resource, at / 1e9);
    const confirmed = reading.sentBytes;
    const [read, written] = [did('disk-read'), did('disk-write')];
    reading = {
      cpuNanoseconds: reading.cpuNanoseconds + did('cpu'),
      residentBytes: 201e6,
      diskReadBytes: (reading.diskReadBytes ?? 0) + read,
      diskWrittenBytes: (reading.diskWrittenBytes ?? 0) + written,
      diskReadDone: reading.diskReadDone + read,
      diskWriteDone: reading.diskWriteDone + written,
      sentBytes: reading.sentBytes + did('network'),
      confirmedBytes: confirmed,
    };
    now += LOOK_NANOSECONDS;
    if (governor.window(now, reading)) windows++;
    allowed = governor.look(now, reading);
  }
  return { holdings: governor.holdings(), windows };
}

test('what a machine with time can do is held, each in its unit', () => {
  const { holdings, windows } = play(30, () => 1);
  assert.equal(windows, 30);
  assert.deepEqual(
    holdings.map(({ resource }) => resource),
    ['cpu', 'memory', 'disk-read', 'disk-write', 'network'],
  );
  for (const holding of holdings) {
    assert.equal(holding.asked, asked.get(holding.resource));
    assert.ok(isHeld(holding), JSON.stringify(holding));
    assert.ok(Math.abs(holding.deviation!) < 0.01, JSON.stringify(holding));
    assert.equal(holding.windows, 30);
    assert.equal(holding.windowsWithin, 1);
  }
});

test('a short stall is made up for in the mean, and seen in the windows', () => {
  const { holdings } = play(30, (resource, at) => (resource === 'cpu' && at >= 10 && at < 10.4 ? 0 : 1));
  const cpu = holdings.find(({ resource }) => resource === 'cpu')!;
  assert.ok(Math.abs(cpu.deviation!) < 0.01);
  const [disk] = holdings.filter(({ resource }) => resource === 'disk-write');
  assert.equal(disk!.windowsWithin, 1);
});

test('what the machine cannot do is told as a deviation, and not as held', () => {
  const { holdings } = play(30, (resource) => (resource === 'disk-write' ? 0.01 : 1));
  for (const holding of holdings)
    assert.equal(isHeld(holding), holding.resource !== 'disk-write', holding.resource);
  const disk = holdings.find(({ resource }) => resource === 'disk-write')!;
  assert.ok(disk.deviation! < -0.5);
  assert.equal(disk.windowsWithin, 0);
});

test('transfers that the kernel does not count are an error, not a reason for more of them', () => {
  const governor = new Governor(new Map([['disk-write', 50e6]]), 0, nothing);
  const now = { ...nothing, diskWriteDone: 64e6 };
  assert.throws(() => governor.look(1e9, now), {
    code: 'KISIM_E_BLOCK_ACCOUNT',
    message: /64000000 bytes were written/,
  });
});

test('before the first window nothing is said of what was held', () => {
  const governor = new Governor(asked, 0, nothing);
  assert.equal(governor.window(0.9e9, nothing), false);
  for (const { held, deviation, windows } of governor.holdings()) {
    assert.equal(held, undefined);
    assert.equal(deviation, undefined);
    assert.equal(windows, 0);
  }
});
