import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { SyntheticHost, type SyntheticHostOptions } from '../support/synthetic-host.ts';
import { SyntheticMeter, type SyntheticMeterOptions } from '../support/synthetic-meter.ts';

let host: SyntheticHost;
let meter: SyntheticMeter | undefined;

afterEach(() => {
  if (meter === undefined) host.remove();
  else meter.close();
  meter = undefined;
});

function meterOn(options: SyntheticHostOptions, processes: () => void, more: SyntheticMeterOptions = {}) {
  host = new SyntheticHost(options);
  processes();
  const made = new SyntheticMeter(host, more);
  meter = made;
  return made;
}

function joulesOf(sums: Map<string, number>, pid: number): number {
  let sum = 0;
  for (const [key, joules] of sums) if (key.startsWith(`process:${pid}:`)) sum += joules;
  return sum;
}

function within(actual: number, expected: number, share: number): void {
  const text = `${actual} is not within ${share * 100} % of ${expected}`;
  assert.ok(Math.abs(actual / expected - 1) <= share, text);
}

/** Every zone and the node: idle + processes + unattributed = energy; accounts never more than their processes. */
function assertConserved(made: SyntheticMeter): void {
  for (const interval of made.intervals) {
    const processes = interval.shares.filter(({ entity }) => entity.kind === 'process');
    const sum = processes.reduce((total, { energyMicrojoules }) => total + energyMicrojoules, 0);
    within(
      interval.idleMicrojoules + sum + interval.unattributedMicrojoules,
      interval.energyMicrojoules,
      1e-9,
    );
    for (const [at, zone] of interval.zones.entries()) {
      if (zone.energyMicrojoules === undefined) continue;
      const inZone = processes.reduce((total, share) => total + share.zoneMicrojoules[at]!, 0);
      within(zone.idleMicrojoules + inZone + zone.unattributedMicrojoules, zone.energyMicrojoules, 1e-9);
    }
  }
}

const twoSockets = { cpus: 4, sockets: 2 } as const;
const packages = { 'package-0': 15, 'package-1': 15 } as const;

test('two sockets: each process pays for the socket that it runs on, and all adds up', () => {
  const made = meterOn(
    twoSockets,
    () => {
      host.addProcess(100, { comm: 'left', cpu: 0, cgroup: '/user.slice' });
      host.addProcess(101, { comm: 'right', cpu: 3, cgroup: '/system.slice' });
    },
    { attribution: { idleWatts: packages } },
  );
  for (let second = 0; second < 20; second++) made.second({ 100: 0.9, 101: 0.3 });
  const sums = made.joules();
  within(joulesOf(sums, 100), host.joulesOf(host.burntByPid.get(100)!), 0.01);
  within(joulesOf(sums, 101), host.joulesOf(host.burntByPid.get(101)!), 0.01);
  const left = made.intervals.at(-1)!.shares.find(({ entity }) => entity.pid === 100)!;
  assert.ok(left.zoneMicrojoules[1]! < 0.02 * left.zoneMicrojoules[0]!, 'it never ran on the other socket');
  assertConserved(made);
});

test('two sockets: a process that was moved is found on its new socket within seconds', () => {
  const made = meterOn(
    twoSockets,
    () => {
      host.addProcess(100, { comm: 'mover', cpu: 0 });
      host.addProcess(101, { comm: 'stayer', cpu: 1 });
    },
    { attribution: { idleWatts: packages } },
  );
  for (let second = 0; second < 5; second++) made.second({ 100: 0.8, 101: 0.5 });
  host.moveTo(100, 2);
  for (let second = 0; second < 15; second++) made.second({ 100: 0.8, 101: 0.5 });
  const from = made.intervals.length;
  for (let second = 0; second < 10; second++) made.second({ 100: 0.8, 101: 0.5 });
  within(joulesOf(made.joules(from), 100), host.joulesOf(8e9), 0.02);
  within(joulesOf(made.joules(from), 101), host.joulesOf(5e9), 0.02);
  assertConserved(made);
});

test('two sockets: idle of each is learned from its own load', () => {
  const made = meterOn(twoSockets, () => {
    host.addProcess(100, { comm: 'left', cpu: 0 });
    host.addProcess(101, { comm: 'right', cpu: 2 });
  });
  for (let second = 0; second < 150; second++) made.second({ 100: (second % 9) / 8, 101: (second % 7) / 6 });
  for (const zone of made.intervals.at(-1)!.zones) {
    assert.equal(zone.idleState, 'learned');
    within(zone.idleWatts, host.idleWatts / 2, 0.02);
  }
  assertConserved(made);
});

test('sibling threads: two that share a core pay less each than one that has a core alone', () => {
  const made = meterOn(
    { cpus: 4, threadsPerCore: 2 },
    () => {
      host.addProcess(100, { comm: 'first', cpu: 0 });
      host.addProcess(101, { comm: 'sibling', cpu: 1 });
      host.addProcess(102, { comm: 'alone', cpu: 2 });
    },
    { attribution: { idleWatts: { 'package-0': 30 } } },
  );
  for (let second = 0; second < 10; second++) made.second({ 100: 1, 101: 1, 102: 1 });
  const sums = made.joules();
  within(joulesOf(sums, 102), 10 * host.wattsPerCore, 0.01);
  for (const pid of [100, 101]) within(joulesOf(sums, pid), 10 * host.wattsPerCore * 0.65, 0.01);
  assertConserved(made);
});

test('sibling threads: idle is learned although power is not linear in busy time', () => {
  const made = meterOn({ cpus: 4, threadsPerCore: 2 }, () => {
    for (let cpu = 0; cpu < 4; cpu++) host.addProcess(100 + cpu, { comm: 'hog', cpu });
  });
  for (let second = 0; second < 150; second++) {
    const load = (second % 9) / 8;
    made.second({ 100: load, 101: load, 102: load, 103: load });
  }
  const [zone] = made.intervals.at(-1)!.zones;
  assert.equal(zone!.idleState, 'learned');
  within(zone!.idleWatts, host.idleWatts, 0.02);
});

test('CPUs taken offline and online again: no jump, no work of theirs, and capacity follows', () => {
  const made = meterOn(
    { cpus: 4 },
    () => host.addProcess(100, { comm: 'hog', cpu: 0, cgroup: '/user.slice' }),
    { attribution: { idleWatts: { 'package-0': 30 } } },
  );
  for (let second = 0; second < 3; second++) made.second({ 100: 0.5 });
  assert.equal(made.intervals.at(-1)!.cpuCount, 4);
  host.setOnline(3, false);
  made.second({ 100: 0.5 });
  assert.equal(made.intervals.at(-1)!.cpuCount, 3);
  within(made.second({ 100: 0.5 }).busyNanoseconds, 0.5e9, 0.03);
  host.setOnline(3, true);
  made.second({ 100: 0.5 });
  within(made.second({ 100: 0.5 }).busyNanoseconds, 0.5e9, 0.03);
  assert.equal(made.intervals.at(-1)!.cpuCount, 4);
  for (const { energyMicrojoules } of made.intervals) within(energyMicrojoules / 1e6, 40, 1e-6);
  within(joulesOf(made.joules(), 100), 10 * made.intervals.length, 0.01);
  assertConserved(made);
});

test('a host whose second socket went offline splits what is left', () => {
  const made = meterOn(twoSockets, () => host.addProcess(100, { comm: 'hog', cpu: 0 }), {
    attribution: { idleWatts: packages },
  });
  made.second({ 100: 0.5 });
  host.setOnline(2, false);
  host.setOnline(3, false);
  for (let second = 0; second < 4; second++) {
    const { shares } = made.second({ 100: 0.5 });
    within(shares.find(({ entity }) => entity.pid === 100)!.energyMicrojoules / 1e6, 10, 0.02);
  }
  assertConserved(made);
});

test('idle is learned also while CPUs go offline and come back', () => {
  const made = meterOn({ cpus: 4 }, () => {
    for (let cpu = 0; cpu < 3; cpu++) host.addProcess(100 + cpu, { comm: 'hog', cpu, cgroup: '/user.slice' });
  });
  for (let second = 0; second < 150; second++) {
    if (second % 20 === 19) host.setOnline(3, second % 40 === 39);
    const load = (second % 9) / 8;
    made.second({ 100: load, 101: load, 102: load });
  }
  const [zone] = made.intervals.at(-1)!.zones;
  assert.equal(zone!.idleState, 'learned');
  within(zone!.idleWatts, host.idleWatts, 0.02);
});
