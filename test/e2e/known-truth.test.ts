import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { SyntheticHost } from '../support/synthetic-host.ts';
import { SyntheticMeter } from '../support/synthetic-meter.ts';

const container = 'f'.repeat(64);
const containerPath = `/system.slice/docker-${container}.scope`;

let host: SyntheticHost;
let meter: SyntheticMeter;

beforeEach(() => {
  host = new SyntheticHost();
  meter = undefined as unknown as SyntheticMeter;
});
afterEach(() => (meter === undefined ? host.remove() : meter.close()));

/** Utilisation between 0 and 100 %, long enough for idle to be learned. */
function varyLoad(pid: number): void {
  for (let second = 0; second < 120; second++) meter.second({ [pid]: (second % 9) / 8 });
}

function sumBy(keys: Map<string, number>, matches: (key: string) => boolean): number {
  return [...keys].filter(([key]) => matches(key)).reduce((sum, [, joules]) => sum + joules, 0);
}

function within(actual: number, expected: number, share: number): void {
  assert.ok(
    Math.abs(actual / expected - 1) <= share,
    `${actual} is not within ${share * 100} % of ${expected}`,
  );
}

test('a steady process, a second one and 200 processes of 50 ms in a container: each gets what it burnt', () => {
  host.addProcess(100, { comm: 'hog80', cgroup: '/user.slice' });
  host.addProcess(101, { comm: 'hog20', cgroup: '/user.slice' });
  host.addProcess(102, { comm: 'sh', cgroup: containerPath });
  meter = new SyntheticMeter(host);
  varyLoad(100);

  const from = meter.intervals.length;
  const before = [host.burntByPid.get(100)!, host.burntByPid.get(101)!] as const;
  for (let second = 0; second < 50; second++)
    meter.second({ 100: 0.8, 101: 0.2 }, { [containerPath]: 4 * 50 });

  const joules = meter.joules(from);
  within(
    sumBy(joules, (key) => key.startsWith('process:100:')),
    host.joulesOf(host.burntByPid.get(100)! - before[0]),
    0.01,
  );
  within(
    sumBy(joules, (key) => key.startsWith('process:101:')),
    host.joulesOf(host.burntByPid.get(101)! - before[1]),
    0.01,
  );
  within(joules.get(`container:${container}`)!, host.joulesOf(200 * 50e6), 0.01);
  const idle = meter.intervals.slice(from).reduce((sum, interval) => sum + interval.idleMicrojoules, 0) / 1e6;
  within(idle, 50 * host.idleWatts, 0.02);
});

test('Kepler and Scaphandre: idle is not charged to whoever runs', () => {
  host.addProcess(100, { comm: 'hog' });
  meter = new SyntheticMeter(host);
  varyLoad(100);
  const from = meter.intervals.length;
  for (let second = 0; second < 20; second++) meter.second({ 100: 1 });
  within(
    sumBy(meter.joules(from), (key) => key.startsWith('process:100:')),
    20 * host.wattsPerCore,
    0.01,
  );
});

test('Kepler #2465: idle does not collapse at full load', () => {
  host.addProcess(100, { comm: 'hog' });
  meter = new SyntheticMeter(host);
  varyLoad(100);
  let interval = meter.second({ 100: 2 });
  for (let second = 0; second < 600; second++) interval = meter.second({ 100: 2 });
  within(interval.idleMicrojoules / 1e6, host.idleWatts, 0.02);
});

test('the first read of the counter is not booked as energy of anybody, nor as idle', () => {
  host.setCounter(200_000e6);
  host.addProcess(100, { comm: 'hog' });
  meter = new SyntheticMeter(host);
  const interval = meter.second({ 100: 0.5 });
  within(interval.energyMicrojoules / 1e6, 40, 1e-6);
});

test('a pid used again between two scans gives two processes and no negative energy', () => {
  host.addProcess(100, { comm: 'first' });
  meter = new SyntheticMeter(host);
  for (let second = 0; second < 30; second++) meter.second({ 100: 1 });
  host.removeProcess(100);
  host.addProcess(100, { comm: 'second' });
  const from = meter.intervals.length;
  for (let second = 0; second < 10; second++) {
    for (const share of meter.second({ 100: 0.1 }).shares) assert.ok(share.energyMicrojoules >= 0);
  }
  const keys = [...meter.joules().keys()].filter((key) => key.startsWith('process:100:'));
  assert.equal(keys.length, 2);
  const late = meter.joules(from);
  assert.ok(sumBy(late, (key) => key === keys[1]) > 0);
  assert.equal(
    sumBy(late, (key) => key === keys[0]),
    0,
  );
});

test('what exited between two scans is never spread over the survivors', () => {
  host.addProcess(100, { comm: 'steady', cgroup: '/user.slice' });
  host.addProcess(102, { comm: 'sh', cgroup: containerPath });
  meter = new SyntheticMeter(host, { attribution: { idleWatts: { 'package-0': 30 } } });
  for (let second = 0; second < 10; second++) meter.second({ 100: 0.2 });
  const from = meter.intervals.length;
  for (let second = 0; second < 10; second++) meter.second({ 100: 0.2 }, { [containerPath]: 900 });
  within(
    sumBy(meter.joules(from), (key) => key.startsWith('process:100:')),
    host.joulesOf(2e9),
    0.01,
  );
});

test('a container born and gone within seconds keeps its energy, and its slice what it did unseen', () => {
  host.addProcess(100, { comm: 'steady', cgroup: '/user.slice' });
  host.addProcess(101, { comm: 'init', cgroup: '/system.slice' });
  meter = new SyntheticMeter(host, { attribution: { idleWatts: { 'package-0': 30 } } });
  for (let second = 0; second < 5; second++) meter.second({ 100: 0.2 });
  host.addProcess(200, { comm: 'job', cgroup: containerPath });
  for (let second = 0; second < 3; second++) meter.second({ 100: 0.2, 200: 0.5 }, { [containerPath]: 100 });
  const joules = meter.joules();
  within(joules.get(`container:${container}`)!, host.joulesOf(3 * (500e6 + 100e6)), 0.02);
});

test('the parts of every interval add up to its energy, also while processes come and go', () => {
  host.addProcess(100, { comm: 'hog', cgroup: containerPath });
  meter = new SyntheticMeter(host);
  for (let second = 0; second < 60; second++) {
    host.addProcess(1000 + second, {
      comm: 'short',
      cgroup: second % 2 === 0 ? containerPath : '/user.slice',
    });
    meter.second({ 100: 0.3, [1000 + second]: 0.2 }, { '/user.slice': 30 });
    host.removeProcess(1000 + second);
  }
  for (const interval of meter.intervals) {
    const processes = interval.shares
      .filter((share) => share.entity.kind === 'process')
      .reduce((sum, share) => sum + share.energyMicrojoules, 0);
    const parts = interval.idleMicrojoules + processes + interval.unattributedMicrojoules;
    within(parts, interval.energyMicrojoules, 1e-9);
  }
});

test('a guest is metered with its vhost threads, by the name that its command line gives', () => {
  host.addProcess(300, {
    comm: 'qemu-system-x86',
    cmdline: [
      '/usr/bin/qemu-system-x86_64',
      '-name',
      'guest=web,,1,debug-threads=on',
      '-uuid',
      '0b3c9a6e-1111-4222-8333-944445555666',
    ],
  });
  host.addProcess(301, { comm: 'vhost-300', ppid: 2, cmdline: [] });
  meter = new SyntheticMeter(host, { attribution: { idleWatts: { 'package-0': 30 } } });
  for (let second = 0; second < 10; second++) meter.second({ 300: 0.5, 301: 0.1 });
  const guest = meter.intervals.at(-1)!.shares.find((share) => share.entity.kind === 'vm');
  assert.equal(guest?.entity.name, 'web,1');
  within(guest!.energyMicrojoules / 1e6, 0.6 * host.wattsPerCore, 0.01);
});

test('a counter that wraps, jumps back or jumps too far never gives energy that was not there', () => {
  host.addProcess(100, { comm: 'hog' });
  host.setCounter(262_143_328_850 - 60e6);
  meter = new SyntheticMeter(host);
  for (let second = 0; second < 4; second++)
    within(meter.second({ 100: 0.5 }).energyMicrojoules / 1e6, 40, 1e-3);
  host.setCounter(host.energyMicrojoules + 9e9);
  const absurd = meter.second({ 100: 0.5 });
  assert.equal(absurd.zones[0]!.energyMicrojoules, undefined);
  assert.equal(absurd.zones[0]!.gap, 'absurd-jump');
  within(meter.second({ 100: 0.5 }).energyMicrojoules / 1e6, 40, 1e-3);
});

test('idle that was learned is there again after a restart', () => {
  const kept = new Map<string, unknown>();
  const state = {
    loadState: (key: string) => kept.get(key),
    saveState: (key: string, value: unknown) => void kept.set(key, value),
  };
  host.addProcess(100, { comm: 'hog' });
  meter = new SyntheticMeter(host, { state });
  meter.metering.start();
  varyLoad(100);
  meter.metering.stop();
  const next = new SyntheticMeter(host, { state });
  next.metering.start();
  const interval = next.second({ 100: 1 });
  next.metering.stop();
  assert.equal(interval.zones[0]!.idleState, 'learned');
  within(interval.zones[0]!.idleWatts, host.idleWatts, 0.02);
});

test('a clock set back is remarked, and no energy is lost by it', () => {
  host.addProcess(100, { comm: 'hog' });
  meter = new SyntheticMeter(host);
  meter.second({ 100: 0.5 });
  host.setClock(-3_600_000);
  const interval = meter.second({ 100: 0.5 });
  assert.deepEqual(interval.remarks, ['clock-set-back']);
  within(interval.energyMicrojoules / 1e6, 40, 1e-6);
});
