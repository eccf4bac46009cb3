import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EntityLedger, totalEnergy } from '../../../src/export/entity-ledger.ts';
import type { Entity } from '../../../src/inventory/entity.ts';
import { anEntity, anInterval, aZone, share, zoneGap, zoneInterval } from '../../support/intervals.ts';

const pkg = aZone();
const alive = { isAlive: () => true, zeroEnergyProcesses: false };
const found = (ledger: EntityLedger, key: string) => [...ledger.entities()].find((t) => t.entity.key === key);

test('energy adds up over intervals and power is that of the last one', () => {
  const ledger = new EntityLedger(alive);
  const nginx = anEntity('process', 'nginx', { pid: 7 });
  ledger.accept(anInterval(1, [zoneInterval(pkg, { active: 3 })], [share(nginx, [3], { cpuSeconds: 0.5 })]));
  ledger.accept(anInterval(2, [zoneInterval(pkg, { active: 4 })], [share(nginx, [4], { cpuSeconds: 1 })]));
  const totals = found(ledger, nginx.key)!;
  assert.equal(totalEnergy(totals), 7e6);
  assert.equal(ledger.watts(totals, 0), 4);
  assert.equal(ledger.cpus(totals), 1);
  assert.equal(totals.cpuNanoseconds, 1.5e9);
});

test('without a share in the last interval the power is zero and the energy stays', () => {
  const ledger = new EntityLedger(alive);
  const nginx = anEntity('process', 'nginx', { pid: 7 });
  ledger.accept(anInterval(1, [zoneInterval(pkg, { active: 3 })], [share(nginx, [3])]));
  ledger.accept(anInterval(2, [zoneInterval(pkg, {})]));
  const totals = found(ledger, nginx.key)!;
  assert.equal(ledger.watts(totals, 0), 0);
  assert.equal(ledger.cpus(totals), 0);
  assert.equal(totalEnergy(totals), 3e6);
});

test('zones of one kind are one channel, GPUs and zones of no known kind are each their own, uncounted ones are none', () => {
  const zones = [
    pkg,
    aZone({ id: 'package-1', socket: 1 }),
    aZone({ id: 'core-0', kind: 'core', counted: false, exclusion: 'inside package-0' }),
    aZone({ id: 'gpu-a', kind: 'gpu' }),
    aZone({ id: 'gpu-b', kind: 'gpu' }),
    aZone({ id: 'node-estimated', kind: 'other' }),
  ];
  const ledger = new EntityLedger(alive);
  const job = anEntity('process', 'job', { pid: 7 });
  ledger.accept(
    anInterval(
      1,
      zones.map((zone) => zoneInterval(zone, { active: 1 })),
      [share(job, [1, 2, 50, 4, 8, 16])],
    ),
  );
  assert.deepEqual(
    ledger.channels.map(({ id }) => id),
    ['package', 'gpu-a', 'gpu-b', 'node-estimated'],
  );
  assert.deepEqual([...found(ledger, job.key)!.totalMicrojoules], [3e6, 4e6, 8e6, 16e6]);
});

test('a passing gap of a zone makes power unknown, not smaller', () => {
  const second = aZone({ id: 'package-1', socket: 1 });
  const ledger = new EntityLedger(alive);
  const job = anEntity('process', 'job', { pid: 7 });
  ledger.accept(
    anInterval(1, [zoneInterval(pkg, { active: 1 }), zoneGap(second, 'absurd-jump')], [share(job, [1, 0])]),
  );
  assert.equal(ledger.watts(found(ledger, job.key)!, 0), undefined);
});

test('a zone that has vanished leaves the sum of the others', () => {
  const second = aZone({ id: 'package-1', socket: 1 });
  const ledger = new EntityLedger(alive);
  const job = anEntity('process', 'job', { pid: 7 });
  ledger.accept(
    anInterval(1, [zoneInterval(pkg, { active: 1 }), zoneGap(second, 'vanished')], [share(job, [1, 0])]),
  );
  assert.equal(ledger.watts(found(ledger, job.key)!, 0), 1);
  ledger.accept(anInterval(2, [zoneGap(pkg, 'vanished'), zoneGap(second, 'vanished')], [share(job, [0, 0])]));
  assert.equal(ledger.watts(found(ledger, job.key)!, 0), undefined, 'nothing is left to be known');
});

test('a channel that appears later takes its place beside what is there', () => {
  const ledger = new EntityLedger(alive);
  const job = anEntity('process', 'job', { pid: 7 });
  ledger.accept(anInterval(1, [zoneInterval(pkg, { active: 1 })], [share(job, [1])]));
  const dram = aZone({ id: 'dram-0', kind: 'dram' });
  ledger.accept(
    anInterval(
      2,
      [zoneInterval(dram, { active: 2 }), zoneInterval(pkg, { active: 1 })],
      [share(job, [2, 1])],
    ),
  );
  assert.deepEqual([...found(ledger, job.key)!.totalMicrojoules], [2e6, 2e6]);
});

test('a process without energy is not kept, unless asked for', () => {
  const idle = anEntity('process', 'idle', { pid: 8 });
  const interval = anInterval(1, [zoneInterval(pkg, {})], [share(idle, [0], { cpuSeconds: 0.001 })]);
  const ledger = new EntityLedger(alive);
  ledger.accept(interval);
  assert.equal(found(ledger, idle.key), undefined);
  const all = new EntityLedger({ ...alive, zeroEnergyProcesses: true });
  all.accept(interval);
  assert.notEqual(found(all, idle.key), undefined);
});

test('what ended stays until a minute after its first scrape', () => {
  const ledger = new EntityLedger(alive);
  const job = anEntity('process', 'job', { pid: 7 });
  const zones = [zoneInterval(pkg, { active: 1 })];
  ledger.accept(anInterval(1, zones, [share(job, [1], { terminated: true })]));
  ledger.accept(anInterval(100, zones));
  const totals = found(ledger, job.key)!;
  assert.notEqual(totals.endedAtNanoseconds, undefined);
  ledger.markExported(totals, 100e9);
  ledger.accept(anInterval(150, zones));
  assert.notEqual(found(ledger, job.key), undefined, 'a second Prometheus gets it too');
  ledger.accept(anInterval(161, zones));
  assert.equal(found(ledger, job.key), undefined);
});

test('what ended and is never scraped goes after ten minutes', () => {
  const ledger = new EntityLedger(alive);
  const job = anEntity('process', 'job', { pid: 7 });
  ledger.accept(anInterval(1, [zoneInterval(pkg, { active: 1 })], [share(job, [1], { terminated: true })]));
  ledger.accept(anInterval(600, [zoneInterval(pkg, {})]));
  assert.notEqual(found(ledger, job.key), undefined);
  ledger.accept(anInterval(602, [zoneInterval(pkg, {})]));
  assert.equal(found(ledger, job.key), undefined);
});

test('a storm of short processes keeps the 500 greatest and every container', () => {
  const ledger = new EntityLedger(alive);
  let pid = 10;
  for (let second = 1; second <= 100; second++) {
    const shares = Array.from({ length: 100 }, () => {
      pid++;
      return share(anEntity('process', 'sh', { pid }), [pid / 1e6], { terminated: true });
    });
    const container = anEntity('container', `c${second}`);
    shares.push(share(container, [1e-9], { terminated: true }));
    ledger.accept(anInterval(second, [zoneInterval(pkg, { active: 1 })], shares));
  }
  ledger.accept(anInterval(102, [zoneInterval(pkg, {})]));
  const kept = [...ledger.entities()];
  assert.equal(kept.length, 500);
  assert.equal(kept.filter(({ entity }) => entity.kind === 'container').length, 100);
  assert.ok(kept.some(({ entity }) => entity.pid === pid));
});

test('a process that ends without a last share is found out and not kept for ever', () => {
  let gone = false;
  const ledger = new EntityLedger({ isAlive: () => !gone, zeroEnergyProcesses: false });
  const job = anEntity('process', 'job', { pid: 7 });
  ledger.accept(anInterval(1, [zoneInterval(pkg, { active: 1 })], [share(job, [1])]));
  ledger.accept(anInterval(100, [zoneInterval(pkg, {})]));
  assert.equal(found(ledger, job.key)!.endedAtNanoseconds, undefined);
  gone = true;
  for (const second of [200, 201, 202]) ledger.accept(anInterval(second, [zoneInterval(pkg, {})]));
  assert.notEqual(found(ledger, job.key)!.endedAtNanoseconds, undefined);
});

test('thousands that end without a last share are all found out within half a minute', () => {
  const ledger = new EntityLedger({ isAlive: () => false, zeroEnergyProcesses: false });
  const shares = Array.from({ length: 3000 }, (_, i) =>
    share(anEntity('process', 'tool', { pid: i + 1 }), [1]),
  );
  ledger.accept(anInterval(1, [zoneInterval(pkg, { active: 3000 })], shares));
  for (let second = 2; second <= 31; second++) ledger.accept(anInterval(second, [zoneInterval(pkg, {})]));
  const living = [...ledger.entities()].filter((t) => t.endedAtNanoseconds === undefined);
  assert.equal(living.length, 0);
});

test('a pid given to another process ends the first one (Kepler kept both under one pid)', () => {
  const ledger = new EntityLedger(alive);
  const first = anEntity('process', 'first', { pid: 7, key: 'process:7:100' });
  const second = anEntity('process', 'second', { pid: 7, key: 'process:7:900' });
  ledger.accept(anInterval(1, [zoneInterval(pkg, { active: 5 })], [share(first, [5])]));
  ledger.accept(anInterval(2, [zoneInterval(pkg, { active: 1 })], [share(second, [1])]));
  assert.notEqual(found(ledger, first.key)!.endedAtNanoseconds, undefined);
  assert.equal(totalEnergy(found(ledger, second.key)!), 1e6);
});

test('a unit that is started again goes on from its old sum', () => {
  const ledger = new EntityLedger(alive);
  const unit = anEntity('unit', 'nginx.service');
  const zones = [zoneInterval(pkg, { active: 1 })];
  ledger.accept(anInterval(1, zones, [share(unit, [1], { terminated: true })]));
  ledger.accept(anInterval(2, zones, [share(unit, [1])]));
  const totals = found(ledger, unit.key)!;
  assert.equal(totals.endedAtNanoseconds, undefined);
  assert.equal(totalEnergy(totals), 2e6);
});

test('beyond its limit the ledger takes no more processes and counts them', () => {
  const ledger = new EntityLedger({ ...alive, maxEntities: 2 });
  const shares = [1, 2, 3].map((pid) => share(anEntity('process', 'p', { pid }), [1]));
  ledger.accept(anInterval(1, [zoneInterval(pkg, { active: 3 })], shares));
  assert.equal([...ledger.entities()].length, 2);
  assert.equal(ledger.notKept, 1);
});

test('the processes of any history of intervals sum to the active energy, and no sum ever falls', () => {
  const processes: Entity[] = [1, 2, 3].map((pid) => anEntity('process', `p${pid}`, { pid }));
  const step = fc.array(
    fc.record({ who: fc.nat({ max: 2 }), joules: fc.double({ min: 0, max: 500, noNaN: true }) }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const ledger = new EntityLedger({ ...alive, zeroEnergyProcesses: true });
      let active = 0;
      let before = new Map<string, number>();
      for (const [second, given] of steps.entries()) {
        const shares = given.map(({ who, joules }) => share(processes[who]!, [joules]));
        const sum = given.reduce((total, { joules }) => total + joules, 0);
        active += sum;
        ledger.accept(anInterval(second + 1, [zoneInterval(pkg, { active: sum })], shares));
        const now = new Map([...ledger.entities()].map((t) => [t.entity.key, totalEnergy(t)]));
        for (const [key, energy] of before) assert.ok((now.get(key) ?? -1) >= energy);
        before = now;
      }
      const charged = [...before.values()].reduce((total, energy) => total + energy, 0);
      assert.ok(Math.abs(charged - active * 1e6) <= 1e-6 * Math.max(1, active * 1e6));
    }),
  );
});
