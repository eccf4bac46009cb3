import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { RaplPerfSource } from '../../../src/meter/rapl-perf.ts';
import { parseCpuList } from '../../../src/meter/rapl-perf-events.ts';
import { KisimError } from '../../../src/util/errors.ts';
import { PerfHost, type PerfMachine } from '../../support/perf-host.ts';

function hostFor(t: TestContext, machine: PerfMachine): PerfHost {
  const host = new PerfHost(machine);
  t.after(() => host.remove());
  return host;
}

const twoSockets: PerfMachine = {
  events: ['energy-pkg', 'energy-ram', 'energy-cores', 'energy-psys'],
  cpumask: '0,18',
  cpus: { 0: [0, 0], 18: [1, 0] },
};

function thrownBy(source: RaplPerfSource): KisimError {
  try {
    source.open();
  } catch (error) {
    assert.ok(error instanceof KisimError);
    return error;
  }
  assert.fail('the source opened');
}

test('lists of CPUs are read in the kernel’s form', () => {
  assert.deepEqual(parseCpuList('0'), [0]);
  assert.deepEqual(parseCpuList('0,18-19'), [0, 18, 19]);
  assert.deepEqual(parseCpuList('3-1'), undefined);
  assert.deepEqual(parseCpuList('0-4294967295'), undefined);
  assert.deepEqual(parseCpuList('a'), undefined);
});

test('every socket has its zones, with the ids that powercap gives them', (t) => {
  const host = hostFor(t, twoSockets);
  const source = host.source();
  source.open();
  assert.deepEqual(
    source.zones().map(({ id, kind, socket, counted, exclusion }) => [id, kind, socket, counted, exclusion]),
    [
      ['core-0', 'core', 0, false, 'inside package'],
      ['core-1', 'core', 1, false, 'inside package'],
      ['package-0', 'package', 0, true, ''],
      ['package-1', 'package', 1, true, ''],
      ['psys', 'psys', undefined, false, 'covers the packages'],
      ['dram-0', 'dram', 0, true, ''],
      ['dram-1', 'dram', 1, true, ''],
    ],
  );
  assert.ok(
    source.zones().every(({ source: name, provenance }) => name === 'rapl-perf' && provenance === 'measured'),
  );
  assert.deepEqual(source.notes(), []);
});

test('the first reading is no energy; later ones are what the counter moved in the time measured', (t) => {
  const host = hostFor(t, { ...twoSockets, events: ['energy-pkg'] });
  host.joules.set('18/2@0', 5000);
  const source = host.source();
  source.open();
  for (const reading of source.read()) {
    assert.equal(reading.energyMicrojoules, undefined);
    assert.equal(reading.gap, 'first-reading');
  }
  assert.deepEqual(host.second(source, { '18/2@0': 40, '18/2@18': 25.5 }), {
    'package-0': 40e6,
    'package-1': 25.5e6,
  });
  host.pass(10, { '18/2@0': 100 });
  assert.equal(source.read()[0]?.intervalNanoseconds, 10e9);
});

test('the package number comes from the topology, not from the order of the CPUs', (t) => {
  const host = hostFor(t, { events: ['energy-pkg'], cpumask: '0,1', cpus: { 0: [3, 0], 1: [1, 0] } });
  const source = host.source();
  source.open();
  assert.deepEqual(
    source.zones().map(({ id, socket }) => [id, socket]),
    [
      ['package-3', 3],
      ['package-1', 1],
    ],
  );
});

test('dies of one package have counters of their own on Intel and are all counted', (t) => {
  const host = hostFor(t, {
    events: ['energy-pkg', 'energy-ram'],
    cpumask: '0,28',
    cpus: { 0: [0, 0], 28: [0, 1] },
  });
  const source = host.source();
  source.open();
  assert.deepEqual(
    source.zones().map(({ id, counted }) => [id, counted]),
    [
      ['package-0-die-0', true],
      ['package-0-die-1', true],
      ['dram-0-die-0', true],
      ['dram-0-die-1', true],
    ],
  );
});

test('AMD dies mirror one counter: shown, counted once (137 W for 68 W in another meter)', (t) => {
  const host = hostFor(t, {
    events: ['energy-pkg'],
    cpumask: '0,8,16',
    cpus: { 0: [0, 0], 8: [0, 1], 16: [1, 0] },
    vendor: 'AuthenticAMD',
  });
  const source = host.source();
  source.open();
  assert.deepEqual(
    source.zones().map(({ id, counted, exclusion }) => [id, counted, exclusion]),
    [
      ['package-0-die-0', true, ''],
      ['package-0-die-1', false, 'mirror of package-0-die-0'],
      ['package-1', true, ''],
    ],
  );
});

test('per-core counters of power_core are summed by socket and never counted', (t) => {
  const host = hostFor(t, {
    events: ['energy-pkg'],
    cpumask: '0',
    cpus: { 0: [0, 0], 1: [0, 0], 2: [0, 0] },
    vendor: 'AuthenticAMD',
    coreMask: '0-2',
  });
  const source = host.source();
  source.open();
  source.read();
  assert.deepEqual(host.second(source, { '18/2@0': 60, '19/1@0': 5, '19/1@1': 6, '19/1@2': 7 }), {
    'package-0': 60e6,
    'core-0': 18e6,
  });
  const core = source.zones().find(({ id }) => id === 'core-0');
  assert.equal(core?.counted, false);
  // One core that fails makes the sum unknown, not smaller; nothing is lost once it can be read again.
  host.readFaults.set('19/1@1', 'EIO');
  host.pass(1, { '19/1@0': 5, '19/1@1': 6, '19/1@2': 7 });
  assert.equal(source.read()[1]?.gap, 'unreadable');
  host.readFaults.clear();
  assert.equal(host.second(source, { '19/1@0': 5, '19/1@1': 6, '19/1@2': 7 })['core-0'], 36e6);
});

test('a sum over cores that lacks a core is no zone, and its counters are given back', (t) => {
  const host = hostFor(t, {
    events: ['energy-pkg'],
    cpumask: '0',
    cpus: { 0: [0, 0], 1: [0, 0] },
    vendor: 'AuthenticAMD',
    coreMask: '0-1',
  });
  host.openFaults.set('19/1@1', 'EMFILE');
  const source = host.source();
  source.open();
  assert.deepEqual(
    source.zones().map(({ id }) => id),
    ['package-0'],
  );
  assert.deepEqual(host.closed, ['19/1@0']);
  assert.match(source.notes().join('\n'), /energy-core cannot be opened on CPU 1 \(EMFILE\)/);
});

test('the kernel’s own figure for all cores is taken before the sum over cores', (t) => {
  const host = hostFor(t, { ...twoSockets, coreMask: '0-3' });
  const source = host.source();
  source.open();
  const ids = source.zones().map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(ids.filter((id) => id === 'core-0').length, 1);
});

test('psys alone is counted; beside DRAM it holds the DRAM', (t) => {
  const host = hostFor(t, {
    events: ['energy-psys', 'energy-ram'],
    cpumask: '0,1',
    cpus: { 0: [0], 1: [1] },
  });
  const source = host.source();
  source.open();
  assert.deepEqual(
    source.zones().map(({ id, counted, exclusion }) => [id, counted, exclusion]),
    [
      ['psys', true, ''],
      ['dram-0', false, 'inside psys'],
      ['dram-1', false, 'inside psys'],
    ],
  );
});

test('an event that some kernels list and the processor lacks is a note and decides nothing', (t) => {
  const host = hostFor(t, { ...twoSockets, events: ['energy-pkg', 'energy-psys'] });
  host.openFaults.set('18/2', 'EINVAL');
  const source = host.source();
  source.open();
  assert.deepEqual(
    source.zones().map(({ id, counted }) => [id, counted]),
    [['psys', true]],
  );
  assert.match(source.notes().join('\n'), /energy-pkg cannot be opened on CPU 0 \(EINVAL\)/);
  // psys is one counter for the board: the second socket's is given back.
  assert.deepEqual(host.closed, ['18/5@18']);
});

test('events in an unknown form are notes', (t) => {
  const host = hostFor(t, { ...twoSockets, events: ['energy-pkg', 'energy-ram'] });
  host.write('sys/bus/event_source/devices/power/events/energy-ram.unit', 'Erg\n');
  host.write('sys/bus/event_source/devices/power/events/energy-new', 'event=0x1,umask=0x2\n');
  const source = host.source();
  source.open();
  assert.deepEqual(
    source.zones().map(({ id }) => id),
    ['package-0', 'package-1'],
  );
  assert.equal(source.notes().length, 2);
  assert.match(source.notes().join('\n'), /energy-new: not understood/);
  assert.match(source.notes().join('\n'), /energy-ram: its unit is Erg/);
});

test('no energy PMU is a coded error that tells what to load', (t) => {
  const host = hostFor(t, { ...twoSockets, events: [] });
  const error = thrownBy(host.source());
  assert.equal(error.code, 'KISIM_E_METER_PERF_ABSENT');
  assert.match(error.action, /modprobe rapl/);
});

test('missing permission is a coded error with the commands that grant it', (t) => {
  const host = hostFor(t, twoSockets);
  for (const config of [1, 2, 3, 5]) host.openFaults.set(`18/${config}`, config === 5 ? 'EINVAL' : 'EACCES');
  const error = thrownBy(host.source());
  assert.equal(error.code, 'KISIM_E_METER_PERF_FORBIDDEN');
  assert.match(error.found, /perf_event_paranoid is 2/);
  assert.match(error.action, /AmbientCapabilities=CAP_PERFMON/);
  assert.ok(error.action.includes(`sudo setcap cap_perfmon+ep ${process.execPath}`));
  assert.match(error.action, /sudo sysctl kernel.perf_event_paranoid=0/);
});

test('where no event opens at all that is said, with every reason', (t) => {
  const host = hostFor(t, { ...twoSockets, events: ['energy-pkg', 'energy-ram'] });
  for (const config of [2, 3]) host.openFaults.set(`18/${config}`, 'ENOENT');
  const error = thrownBy(host.source());
  assert.equal(error.code, 'KISIM_E_METER_PERF_UNREADABLE');
  assert.equal(error.found.match(/ENOENT/g)?.length, 4);
});

test('a failing open leaves nothing open', (t) => {
  const host = hostFor(t, twoSockets);
  const broken = new RaplPerfSource({
    sys: host.sys,
    proc: host.proc,
    clock: { monotonicNanoseconds: () => 0 },
    open: (event) => {
      if (event.config === 3) throw new Error('a bug, not a refusal');
      return { readJoules: () => 0, close: () => host.closed.push(`${event.config}@${event.cpu}`) };
    },
  });
  assert.throws(() => broken.open(), /a bug/);
  assert.deepEqual(host.closed.sort(), ['1@0', '1@18', '2@0', '2@18', '5@0', '5@18']);
});

test('one unreadable counter stops none of the others and loses nothing', (t) => {
  const host = hostFor(t, { ...twoSockets, events: ['energy-pkg'] });
  const source = host.source();
  source.open();
  source.read();
  host.readFaults.set('18/2@18', 'EIO');
  host.pass(1, { '18/2@0': 30, '18/2@18': 20 });
  const [good, bad] = source.read();
  assert.equal(good?.energyMicrojoules, 30e6);
  assert.equal(bad?.energyMicrojoules, undefined);
  assert.equal(bad?.gap, 'unreadable');
  host.readFaults.clear();
  host.pass(1, { '18/2@0': 30, '18/2@18': 20 });
  const again = source.read()[1];
  assert.equal(again?.energyMicrojoules, 40e6);
  assert.equal(again?.intervalNanoseconds, 2e9);
});

test('a PMU that goes away is a gap, and a new base when it returns', (t) => {
  const host = hostFor(t, { ...twoSockets, events: ['energy-pkg'] });
  const source = host.source();
  source.open();
  source.read();
  host.readFaults.set('18/2@0', 'ENODEV');
  assert.equal(source.read()[0]?.gap, 'vanished');
  host.readFaults.clear();
  assert.equal(source.read()[0]?.gap, 'first-reading');
});

test('backward and absurd jumps are gaps and the next reading is good', (t) => {
  const host = hostFor(t, { ...twoSockets, events: ['energy-pkg'] });
  const source = host.source();
  source.open();
  host.joules.set('18/2@0', 100);
  source.read();
  host.pass(1, { '18/2@0': -50 });
  assert.equal(source.read()[0]?.gap, 'negative-jump');
  host.pass(1, { '18/2@0': 160_000 });
  assert.equal(source.read()[0]?.gap, 'absurd-jump');
  assert.equal(host.second(source, { '18/2@0': 90 })['package-0'], 90e6);
});

test('close closes every event once', (t) => {
  const host = hostFor(t, twoSockets);
  const source = host.source();
  source.open();
  source.close();
  source.close();
  assert.deepEqual(host.closed.sort(), [...host.opened].sort());
});
