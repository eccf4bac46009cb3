import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import type { EnergyInterval } from '../../src/attribution/interval.ts';
import { SyntheticHost } from '../support/synthetic-host.ts';
import { SyntheticMeter } from '../support/synthetic-meter.ts';

let host: SyntheticHost;
let meter: SyntheticMeter;

beforeEach(() => {
  host = new SyntheticHost();
  host.addProcess(100, { comm: 'hog', cgroup: '/user.slice' });
  meter = new SyntheticMeter(host, { attribution: { idleWatts: { 'package-0': 30 } } });
});
afterEach(() => meter.close());

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 0.01 * expected, `${actual} is not ${expected} within 1 %`);
}

function joulesOfHog(interval: EnergyInterval): number {
  const share = interval.shares.find(({ entity }) => entity.pid === 100);
  return (share?.energyMicrojoules ?? 0) / 1e6;
}

test('a /proc that is away for some seconds: all energy measured, nobody charged, and back to the truth', () => {
  meter.second({ 100: 0.5 });
  const [proc, away] = [host.roots.proc, `${host.roots.proc}-away`];
  for (let second = 0; second < 3; second++) {
    host.run(1000, { 100: 0.5 });
    renameSync(proc, away);
    const interval = meter.metering.tick()!;
    renameSync(away, proc);
    assert.deepEqual(interval.remarks, ['scan-failed']);
    assert.equal(interval.shares.length, 0);
    near(interval.energyMicrojoules / 1e6, 40);
    near(interval.unattributedMicrojoules / 1e6, 10);
    assert.ok(Number.isNaN(interval.busyNanoseconds));
    assert.equal(interval.processCount, 2);
  }
  near(joulesOfHog(meter.second({ 100: 0.5 })), 10);
  const after = meter.second({ 100: 0.5 });
  near(joulesOfHog(after), 10);
  near(after.busyNanoseconds, 0.5e9);
  near(meter.intervals.reduce((sum, { energyMicrojoules }) => sum + energyMicrojoules, 0) / 1e6, 6 * 40);
});

test('a zone that cannot be read for some seconds: no energy lost, and who comes later does not pay for it', () => {
  meter.second({ 100: 1 });
  host.counters.faults.set('energy_uj', 'EIO');
  for (let second = 0; second < 4; second++) {
    const interval = meter.second({ 100: 1 });
    assert.equal(interval.zones[0]!.energyMicrojoules, undefined);
    assert.equal(interval.zones[0]!.gap, 'unreadable');
  }
  host.counters.faults.clear();
  host.addProcess(101, { comm: 'late', cgroup: '/user.slice' });
  const late = meter.second({ 101: 0.5 });
  // Five seconds of 30 W idle, four of 20 W of the hog, one of 10 W of the late one.
  near(late.energyMicrojoules / 1e6, 5 * 30 + 4 * 20 + 10);
  near(late.idleMicrojoules / 1e6, 5 * 30);
  const charged = late.shares.find(({ entity }) => entity.pid === 101)!.energyMicrojoules / 1e6;
  assert.ok(charged <= 90 / 5 + 1e-6, `${charged} J`);
  near(late.unattributedMicrojoules / 1e6 + charged, 90);
  near(joulesOfHog(meter.second({ 100: 1 })), 20);
});

test('a cgroup that was removed and made anew at once is counted from its new beginning', () => {
  const container = `/system.slice/docker-${'a'.repeat(64)}.scope`;
  host.addProcess(200, { comm: 'job', cgroup: container });
  for (let second = 0; second < 3; second++) meter.second({ 200: 0.5 });
  host.removeProcess(200);
  host.resetCgroup(container);
  host.addProcess(201, { comm: 'job', cgroup: container });
  const from = meter.intervals.length;
  for (let second = 0; second < 4; second++) {
    const interval = meter.second({ 201: 0.5 });
    for (const share of interval.shares) assert.ok(share.energyMicrojoules >= 0);
  }
  const joules = meter.joules(from).get(`container:${'a'.repeat(64)}`)!;
  near(joules, 4 * 10);
});
