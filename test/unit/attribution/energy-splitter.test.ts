import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EnergySplitter, type SplitResult } from '../../../src/attribution/energy-splitter.ts';
import type { HostCpuInterval } from '../../../src/attribution/host-cpu.ts';
import { SocketPlacer } from '../../../src/attribution/socket-shares.ts';
import { UsageTracker } from '../../../src/attribution/usage.ts';
import type { GpuProcessUse, Zone, ZoneReading } from '../../../src/meter/power-source.ts';
import { FakeInventory, type FakeTick, fakeTick } from '../../support/fake-inventory.ts';

const SECOND = 1e9;
const MS = 1e6;

function zone(id: string, more: Partial<Zone> = {}): Zone {
  return {
    id,
    kind: 'package',
    socket: 0,
    counted: true,
    exclusion: '',
    path: id,
    source: 'rapl-powercap',
    provenance: 'measured',
    maxWatts: 500,
    ...more,
  };
}

function reading(of: Zone, energyMicrojoules: number | undefined): ZoneReading {
  const gap = energyMicrojoules === undefined ? 'unreadable' : undefined;
  return { zone: of, energyMicrojoules, gap, intervalNanoseconds: SECOND, maxWatts: undefined };
}

function host(socketBusy: readonly number[]): HostCpuInterval {
  return {
    busyNanoseconds: socketBusy.reduce((sum, value) => sum + value, 0),
    socketBusyNanoseconds: Float64Array.from(socketBusy),
    socketEffectiveNanoseconds: Float64Array.from(socketBusy),
    cpuWeight: new Float64Array(4).fill(1),
    meanWeight: 1,
  };
}

class Machine {
  readonly inventory = new FakeInventory();
  readonly tracker = new UsageTracker(() => Number.NaN);
  readonly placer: SocketPlacer;
  readonly splitter: EnergySplitter;

  constructor(
    options: { idle?: 'separate' | 'split'; idleWatts?: Record<string, number>; sockets?: number[] } = {},
  ) {
    const sockets = options.sockets ?? [0];
    const perSocket = 4 / sockets.length;
    const socketOf = Int32Array.from({ length: 4 }, (_, cpu) => sockets[Math.floor(cpu / perSocket)]!);
    this.placer = new SocketPlacer({ sockets, socketOf });
    this.splitter = new EnergySplitter({
      idle: options.idle ?? 'separate',
      idleWatts: options.idleWatts ?? {},
      forgettingHours: 24,
      sockets,
      cpusOfSocket: sockets.map(() => perSocket),
    });
  }

  tick(
    tick: FakeTick,
    readings: readonly ZoneReading[],
    socketBusy: readonly number[],
    gpuUse: readonly GpuProcessUse[] = [],
  ): SplitResult {
    const hostCpu = host(socketBusy);
    const usage = this.tracker.advance(fakeTick(tick), this.inventory, hostCpu.busyNanoseconds);
    const shares = this.placer.place(usage, hostCpu);
    return this.splitter.split({
      readings,
      usage,
      shares,
      host: hostCpu,
      gpuUse,
      inventory: this.inventory,
      durationNanoseconds: SECOND,
    });
  }
}

function joules(result: SplitResult): Record<string, number> {
  return Object.fromEntries(
    result.shares.map((share) => [share.entity.key, Math.round(share.energyMicrojoules) / 1e6]),
  );
}

test('idle is a bucket of its own and each pays for what it ran', () => {
  const machine = new Machine({ idleWatts: { 'package-0': 30 } });
  machine.inventory.addProcess(0);
  machine.inventory.addProcess(1);
  const active = { 0: 800 * MS, 1: 200 * MS };
  const result = machine.tick({ active }, [reading(zone('package-0'), 50e6)], [1000 * MS]);
  assert.deepEqual(joules(result), { 'process:p0': 16, 'process:p1': 4 });
  assert.equal(result.idleMicrojoules, 30e6);
  assert.equal(result.unattributedMicrojoules, 0);
});

test('a container, its pod and their processes say the same energy at each level', () => {
  const machine = new Machine({ idleWatts: { 'package-0': 10 } });
  const pod = machine.inventory.addAccount('pod', 'web');
  const container = machine.inventory.addAccount('container', 'nginx', { parent: pod, group: 0 });
  machine.inventory.addProcess(0, container);
  machine.tick({ groups: [0] }, [reading(zone('package-0'), 10e6)], [0]);
  const result = machine.tick(
    { active: { 0: 300 * MS }, groups: [400 * MS] },
    [reading(zone('package-0'), 30e6)],
    [500 * MS],
  );
  assert.deepEqual(joules(result), {
    'process:p0': 12,
    'process:exited:container:nginx': 4,
    'container:nginx': 16,
    'pod:web': 16,
  });
  assert.equal(result.unattributedMicrojoules / 1e6, 4);
});

test('only counted zones add up to the node; core inside package is split but not added', () => {
  const machine = new Machine({ idleWatts: { 'package-0': 0, 'core-0': 0, 'dram-0': 0 } });
  machine.inventory.addProcess(0);
  const readings = [
    reading(zone('package-0'), 20e6),
    reading(zone('core-0', { kind: 'core', counted: false, exclusion: 'inside package-0' }), 15e6),
    reading(zone('dram-0', { kind: 'dram' }), 3e6),
  ];
  const result = machine.tick({ active: { 0: 100 * MS } }, readings, [100 * MS]);
  assert.equal(result.energyMicrojoules, 23e6);
  assert.deepEqual([...result.shares[0]!.zoneMicrojoules], [20e6, 15e6, 3e6]);
  assert.equal(result.shares[0]!.energyMicrojoules, 23e6);
});

test('each socket is split among those who ran on it', () => {
  const machine = new Machine({ sockets: [0, 1], idleWatts: { 'package-0': 0, 'package-1': 0 } });
  machine.inventory.addProcess(0);
  machine.inventory.addProcess(1);
  const readings = [reading(zone('package-0'), 40e6), reading(zone('package-1', { socket: 1 }), 10e6)];
  const tick = { active: { 0: 1000 * MS, 1: 1000 * MS }, lastCpu: { 0: 0, 1: 3 } };
  const result = machine.tick(tick, readings, [1000 * MS, 1000 * MS]);
  const { 'process:p0': first, 'process:p1': second } = joules(result);
  assert.ok(Math.abs(first! - 40) < 1 && Math.abs(second! - 10) < 1, `${first} ${second}`);
  assert.ok(Math.abs(first! + second! - 50) < 1e-6);
});

test('a zone that could not be read stays unknown and takes nothing from the others', () => {
  const machine = new Machine({ idleWatts: { 'package-0': 10 } });
  machine.inventory.addProcess(0);
  const readings = [reading(zone('package-0'), 30e6), reading(zone('dram-0', { kind: 'dram' }), undefined)];
  const result = machine.tick({ active: { 0: 100 * MS } }, readings, [100 * MS]);
  assert.equal(result.energyMicrojoules, 30e6);
  assert.equal(result.zones[1]!.energyMicrojoules, undefined);
  assert.equal(result.zones[1]!.gap, 'unreadable');
  assert.deepEqual(joules(result), { 'process:p0': 20 });
});

test('an interval in which nothing ran leaves energy above idle unattributed', () => {
  const machine = new Machine({ idleWatts: { 'package-0': 10 } });
  const result = machine.tick({}, [reading(zone('package-0'), 12e6)], [0]);
  assert.equal(result.unattributedMicrojoules, 2e6);
  assert.equal(result.shares.length, 0);
});

test('with --idle split the idle goes to whoever runs, and still adds up', () => {
  const machine = new Machine({ idle: 'split', idleWatts: { 'package-0': 30 } });
  machine.inventory.addProcess(0);
  machine.inventory.addProcess(1);
  const active = { 0: 750 * MS, 1: 250 * MS };
  const result = machine.tick({ active }, [reading(zone('package-0'), 50e6)], [1000 * MS]);
  assert.deepEqual(joules(result), { 'process:p0': 37.5, 'process:p1': 12.5 });
  assert.equal(result.idleMicrojoules, 0);
});

test('GPU energy goes to the processes that used the GPU, also without CPU time', () => {
  const machine = new Machine({ idleWatts: { 'gpu-1': 50, 'package-0': 0 } });
  machine.inventory.addProcess(0);
  machine.inventory.addProcess(1);
  const gpu = zone('gpu-1', { kind: 'gpu', socket: undefined, source: 'nvml' });
  const result = machine.tick(
    { active: { 0: 100 * MS } },
    [reading(gpu, 250e6)],
    [100 * MS],
    [
      { zoneId: 'gpu-1', pid: 1000, smShare: 0.15 },
      { zoneId: 'gpu-1', pid: 1001, smShare: 0.45 },
      { zoneId: 'gpu-1', pid: 4_000_000, smShare: 0.2 },
    ],
  );
  assert.deepEqual(joules(result), { 'process:p0': 37.5, 'process:p1': 112.5 });
  assert.ok(Math.abs(result.unattributedMicrojoules - 50e6) < 1);
});

test('idle + what each burnt + unattributed = energy, for any tree, use and reading', () => {
  const cpu = fc.integer({ min: 0, max: 4000 });
  const property = fc.property(
    fc.array(fc.record({ parent: fc.nat(5), slack: cpu, processes: fc.array(cpu, { maxLength: 4 }) }), {
      maxLength: 6,
    }),
    fc.array(
      fc.record({ energy: fc.integer({ min: 0, max: 500e6 }), idle: fc.integer({ min: 0, max: 200 }) }),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
    fc.integer({ min: -2000, max: 9000 }),
    fc.constantFrom('separate' as const, 'split' as const),
    fc.boolean(),
    (accounts, zones, extraBusy, idle, twoSockets) => {
      const idleWatts = Object.fromEntries(zones.map((z, index) => [`zone-${index}`, z.idle]));
      const machine = new Machine({ idle, idleWatts, sockets: twoSockets ? [0, 1] : [0] });
      const active: Record<number, number> = {};
      const groups: number[] = [];
      let slot = 0;
      let busy = 0;
      for (const [index, account] of accounts.entries()) {
        const parent = Math.min(account.parent, index);
        const id = machine.inventory.addAccount('unit', `u${index}`, { parent, group: index });
        for (const used of account.processes) {
          machine.inventory.addProcess(slot, id);
          active[slot++] = used * MS;
          busy += used;
        }
        groups.push(account.slack * MS);
      }
      const readings = zones.map((z, index) =>
        reading(zone(`zone-${index}`, { socket: index % 2 }), z.energy),
      );
      const busyNanoseconds = Math.max(0, busy + extraBusy) * MS;
      const hostBusy = twoSockets ? [busyNanoseconds / 2, busyNanoseconds / 2] : [busyNanoseconds];
      machine.tick({ groups: groups.map(() => 0) }, readings, hostBusy);
      const result = machine.tick({ active, groups }, readings, hostBusy);
      const processes = result.shares
        .filter((share) => share.entity.kind === 'process')
        .reduce((sum, share) => sum + share.energyMicrojoules, 0);
      const total = zones.reduce((sum, z) => sum + z.energy, 0);
      assert.ok(Math.abs(result.energyMicrojoules - total) < 1e-3);
      const parts = result.idleMicrojoules + processes + result.unattributedMicrojoules;
      assert.ok(Math.abs(parts - total) <= 1e-9 * total + 1e-3, `${parts} of ${total}`);
      for (const share of result.shares) assert.ok(share.energyMicrojoules >= 0);
      const roots = result.shares.filter((share) =>
        machine.inventory.accounts.some(
          (account) => account?.entity?.key === share.entity.key && account.parent === 0,
        ),
      );
      const inRoots = roots.reduce((sum, share) => sum + share.energyMicrojoules, 0);
      assert.ok(inRoots <= processes * (1 + 1e-9) + 1e-3);
    },
  );
  fc.assert(property, { seed: 20, numRuns: 300 });
});

test('with --idle split an interval that stays below idle is still charged to who ran', () => {
  const machine = new Machine({ idle: 'split', idleWatts: { 'package-0': 30 } });
  machine.inventory.addProcess(0);
  machine.inventory.addProcess(1);
  const active = { 0: 30 * MS, 1: 10 * MS };
  const result = machine.tick({ active }, [reading(zone('package-0'), 20e6)], [40 * MS]);
  assert.deepEqual(joules(result), { 'process:p0': 15, 'process:p1': 5 });
  assert.equal(result.idleMicrojoules, 0);
  assert.equal(result.unattributedMicrojoules, 0);
});

test('the energy of seconds in which a zone could not be read is not charged to who runs after them', () => {
  for (const idle of ['separate', 'split'] as const) {
    const machine = new Machine({ idle, idleWatts: { 'package-0': 10 } });
    machine.inventory.addProcess(0);
    const tick = { active: { 0: 500 * MS } };
    machine.tick(tick, [reading(zone('package-0'), 20e6)], [500 * MS]);
    for (let second = 0; second < 9; second++)
      machine.tick(tick, [reading(zone('package-0'), undefined)], [500 * MS]);
    const late = { ...reading(zone('package-0'), 200e6), intervalNanoseconds: 10 * SECOND };
    const result = machine.tick(tick, [late], [500 * MS]);
    const { 'process:p0': charged } = joules(result);
    assert.ok(Math.abs(charged! - (idle === 'split' ? 20 : 10)) < 1e-6, `${charged}`);
    const parts = result.idleMicrojoules + charged! * 1e6 + result.unattributedMicrojoules;
    assert.ok(Math.abs(parts - 200e6) < 1);
    const next = machine.tick(tick, [reading(zone('package-0'), 20e6)], [500 * MS]);
    assert.equal(joules(next)['process:p0'], idle === 'split' ? 20 : 10);
  }
});

test('a GPU whose users cannot be told has no known load: nothing is learned, all is unattributed', () => {
  const machine = new Machine();
  const gpu = zone('gpu-1', { kind: 'gpu', socket: undefined, source: 'nvml' });
  for (let second = 0; second < 2; second++) {
    const result = machine.splitter.split({
      readings: [reading(gpu, 250e6)],
      usage: machine.tracker.advance(fakeTick({}), machine.inventory, 0),
      shares: { sockets: 1, bySocket: new Float64Array(1), overall: new Float64Array(1) },
      host: host([0]),
      gpuUse: [],
      gpuUseUnknown: ['gpu-1'],
      inventory: machine.inventory,
      durationNanoseconds: SECOND,
    });
    assert.equal(result.idleMicrojoules, 0);
    assert.equal(result.unattributedMicrojoules, 250e6);
  }
});

test('what was learned of a zone that is not there this time is kept for when it comes back', () => {
  const learned = new Machine();
  for (let second = 0; second < 20; second++) learned.tick({}, [reading(zone('package-0'), 25e6)], [0]);
  const hour = 3_600_000;
  const states = JSON.parse(JSON.stringify(learned.splitter.idleStates(1000 * hour)));
  const other = new Machine();
  other.splitter.restoreIdle(states, 1001 * hour);
  other.tick({}, [reading(zone('dram-0'), 1e6)], [0]);
  const kept = other.splitter.idleStates(1002 * hour);
  assert.deepEqual(Object.keys(kept).sort(), ['dram-0', 'package-0']);
  assert.deepEqual(kept['package-0'], states['package-0']);
  assert.deepEqual(Object.keys(other.splitter.idleStates(1000 * hour + 241 * hour)), ['dram-0']);
});

test('a saved model that is no model is refused by name, and the interval goes on', () => {
  for (const broken of [null, 7, 'x', [], {}, { version: 1 }]) {
    const refused: string[] = [];
    const splitter = new EnergySplitter({
      idle: 'separate',
      idleWatts: {},
      forgettingHours: 24,
      sockets: [0],
      cpusOfSocket: [4],
      onRefusedState: (id) => refused.push(id),
    });
    splitter.restoreIdle({ 'package-0': broken }, 0);
    const machine = new Machine();
    const result = splitter.split({
      readings: [reading(zone('package-0'), 30e6)],
      usage: machine.tracker.advance(fakeTick({}), machine.inventory, 0),
      shares: { sockets: 1, bySocket: new Float64Array(1), overall: new Float64Array(1) },
      host: host([0]),
      gpuUse: [],
      inventory: machine.inventory,
      durationNanoseconds: SECOND,
    });
    assert.equal(result.energyMicrojoules, 30e6);
    assert.deepEqual(refused, ['package-0']);
  }
});

test('a recording of a zone of the same name does not touch what was learned of the real one', () => {
  const machine = new Machine();
  for (let second = 0; second < 5; second++)
    machine.tick({}, [reading(zone('package-0', { source: 'recorded', provenance: 'recorded' }), 90e6)], [0]);
  assert.deepEqual(Object.keys(machine.splitter.idleStates(0)), ['recorded:package-0']);
});
