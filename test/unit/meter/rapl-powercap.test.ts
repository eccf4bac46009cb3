import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Zone } from '../../../src/meter/power-source.ts';
import { RaplPowercapSource } from '../../../src/meter/rapl-powercap.ts';
import { KisimError } from '../../../src/util/errors.ts';
import { contextAt, FakeCounters, FakeSampler, HoldingCounterSet } from '../../support/file-counter-set.ts';
import {
  AMD_RANGE,
  INTEL_RANGE,
  oneSocket,
  PowercapTreeFixture,
  type ZoneFixture,
} from '../../support/powercap-tree.ts';

const SECOND = 1e9;
let tree: PowercapTreeFixture | undefined;
let counters: FakeCounters;
let source: RaplPowercapSource | undefined;

function open(fixture: PowercapTreeFixture): RaplPowercapSource {
  tree = fixture;
  source = new RaplPowercapSource({ sys: fixture.sys, counters: counters.factory, samplingHz: 0 });
  source.open();
  return source;
}

function openZones(zones: Readonly<Record<string, ZoneFixture>>): RaplPowercapSource {
  return open(new PowercapTreeFixture(zones));
}

function readAt(seconds: number) {
  counters.nanoseconds = seconds * SECOND;
  return source!.read(contextAt(counters.nanoseconds));
}

function readingOf(readings: ReturnType<typeof readAt>, id: string) {
  const found = readings.find(({ zone }) => zone.id === id);
  assert.ok(found, `no zone ${id} among ${readings.map(({ zone }) => zone.id).join(', ')}`);
  return found;
}

function counted(from: RaplPowercapSource): readonly string[] {
  return from
    .zones()
    .filter((zone) => zone.counted)
    .map((zone) => zone.id);
}

function zoneOf(from: RaplPowercapSource, id: string): Zone {
  const found = from.zones().find((zone) => zone.id === id);
  assert.ok(found, `no zone ${id}`);
  return found;
}

function pack(name: string, energyMicrojoules = 1_000_000, rangeMicrojoules = INTEL_RANGE): ZoneFixture {
  return { name, energyMicrojoules, rangeMicrojoules };
}

beforeEach(() => {
  counters = new FakeCounters();
});
afterEach(() => {
  source?.close();
  tree?.remove();
  source = undefined;
  tree = undefined;
});

describe('which zones there are', () => {
  test('zone ids are hexadecimal', () => {
    const from = openZones({ 'intel-rapl:9': pack('package-9'), 'intel-rapl:a': pack('package-10') });
    assert.deepEqual(counted(from), ['package-9', 'package-10']);
  });

  test('the index of a zone is not its package: intel-rapl:0 may be package-3', () => {
    const from = openZones({ 'intel-rapl:0': pack('package-3'), 'intel-rapl:3': pack('package-0') });
    assert.equal(zoneOf(from, 'package-3').socket, 3);
    assert.match(zoneOf(from, 'package-3').path, /intel-rapl:0\/energy_uj$/);
  });

  test('package-0-die-1 is a package of its own on socket 0', () => {
    const from = openZones({
      'intel-rapl:0': pack('package-0-die-0', 7_000_000),
      'intel-rapl:1': pack('package-0-die-1', 900_000_000),
      'intel-rapl:1:0': pack('dram', 4_000_000),
    });
    assert.deepEqual(counted(from), ['package-0-die-0', 'package-0-die-1', 'dram-0-die-1']);
    assert.equal(zoneOf(from, 'package-0-die-1').kind, 'package');
    assert.equal(zoneOf(from, 'package-0-die-1').socket, 0);
  });

  test('four zones that are all named dram are four zones, each on the socket of its parent', () => {
    const from = openZones({
      'intel-rapl:0': pack('package-3'),
      'intel-rapl:0:0': pack('dram'),
      'intel-rapl:1': pack('package-2'),
      'intel-rapl:1:0': pack('dram'),
      'intel-rapl:2': pack('package-1'),
      'intel-rapl:2:0': pack('dram'),
      'intel-rapl:3': pack('package-0'),
      'intel-rapl:3:0': pack('dram'),
    });
    const drams = from.zones().filter((zone) => zone.kind === 'dram');
    assert.deepEqual(
      drams.map((zone) => [zone.id, zone.socket]),
      [
        ['dram-3', 3],
        ['dram-2', 2],
        ['dram-1', 1],
        ['dram-0', 0],
      ],
    );
    assert.equal(counted(from).length, 8);
  });

  test('an mmio zone beside the MSR zone is a duplicate and not counted', () => {
    const from = openZones({
      'intel-rapl-mmio:0': pack('package-0'),
      'intel-rapl:0': pack('package-0'),
      'intel-rapl:0:0': pack('dram'),
    });
    assert.deepEqual(counted(from), ['package-0', 'dram-0']);
    assert.equal(zoneOf(from, 'package-0-mmio').exclusion, 'duplicate of intel-rapl:0');
  });

  test('an mmio zone alone is counted', () => {
    assert.deepEqual(counted(openZones({ 'intel-rapl-mmio:0': pack('package-0') })), ['package-0-mmio']);
  });

  test('where the MSR zone cannot be read its mmio duplicate is counted in its place', () => {
    counters.faults.set('intel-rapl:0/energy_uj', 'EIO');
    const from = openZones({ 'intel-rapl:0': pack('package-0'), 'intel-rapl-mmio:0': pack('package-0') });
    assert.deepEqual(counted(from), ['package-0-mmio']);
  });

  test('psys over packages is shown and not counted', () => {
    const from = openZones({ 'intel-rapl:0': pack('package-0'), 'intel-rapl:1': pack('psys') });
    assert.deepEqual(counted(from), ['package-0']);
    assert.equal(zoneOf(from, 'psys').exclusion, 'covers the packages');
  });

  test('psys is counted where it is the only zone', () => {
    assert.deepEqual(counted(openZones({ 'intel-rapl:0': pack('psys') })), ['psys']);
  });

  test('core and uncore lie inside the package, dram outside', () => {
    const from = openZones({
      'intel-rapl:0': pack('package-0'),
      'intel-rapl:0:0': pack('core'),
      'intel-rapl:0:1': pack('uncore'),
      'intel-rapl:0:2': pack('dram'),
    });
    assert.deepEqual(counted(from), ['package-0', 'dram-0']);
    assert.equal(zoneOf(from, 'core-0').exclusion, 'inside package');
    assert.equal(zoneOf(from, 'uncore-0').exclusion, 'inside package');
  });

  test('a zone whose name cannot be read is shown, not counted and told', () => {
    const from = openZones({
      'intel-rapl:0': pack('package-0'),
      'intel-rapl:1': { energyMicrojoules: 1, rangeMicrojoules: INTEL_RANGE },
    });
    assert.deepEqual(counted(from), ['package-0']);
    assert.ok(from.notes().some((note) => note.includes('intel-rapl:1')));
  });

  test('zones listed only below devices/virtual are found', () => {
    const fixture = oneSocket();
    rmSync(`${fixture.sys}/class`, { recursive: true });
    const from = open(fixture);
    assert.deepEqual(counted(from), ['package-0', 'dram-0']);
  });
});

describe('what a reading gives', () => {
  test('the first reading is never energy', () => {
    open(oneSocket());
    for (const reading of readAt(1)) {
      assert.equal(reading.energyMicrojoules, undefined);
      assert.equal(reading.gap, 'first-reading');
    }
  });

  test('energy is the difference of the counter over the time between its two reads', () => {
    open(oneSocket());
    readAt(1);
    tree!.set('intel-rapl:0', 5_000_000 + 42_000_000);
    const reading = readingOf(readAt(3), 'package-0');
    assert.equal(reading.energyMicrojoules, 42_000_000);
    assert.equal(reading.intervalNanoseconds, 2 * SECOND);
  });

  test('each counter wraps at its own max_energy_range_uj: the unit of dram differs', () => {
    const dramRange = 65_712_999_613;
    openZones({
      'intel-rapl:0': pack('package-0', INTEL_RANGE - 10_000_000),
      'intel-rapl:0:0': pack('dram', dramRange - 3_000_000, dramRange),
    });
    readAt(1);
    tree!.set('intel-rapl:0', 20_000_000);
    tree!.set('intel-rapl:0:0', 1_000_000);
    const readings = readAt(2);
    assert.equal(readingOf(readings, 'package-0').energyMicrojoules, 30_000_000);
    assert.equal(readingOf(readings, 'dram-0').energyMicrojoules, 4_000_000);
  });

  test('where max_energy_range_uj cannot be read a decrease is a gap, never a guess', () => {
    const from = openZones({ 'intel-rapl:0': { name: 'package-0', energyMicrojoules: 9_000_000 } });
    readAt(1);
    tree!.set('intel-rapl:0', 1_000_000);
    assert.equal(readingOf(readAt(2), 'package-0').gap, 'negative-jump');
    tree!.set('intel-rapl:0', 3_000_000);
    assert.equal(readingOf(readAt(3), 'package-0').energyMicrojoules, 2_000_000);
    assert.ok(from.notes().some((note) => note.includes('max_energy_range_uj')));
  });

  test('an interval in which a second wrap could hide is unknown, though the counter grew', () => {
    openZones({ 'intel-rapl:0': pack('package-0', 1_000_000, AMD_RANGE) });
    readAt(1);
    tree!.set('intel-rapl:0', 2_000_000_000);
    const reading = readingOf(readAt(120), 'package-0');
    assert.equal(reading.energyMicrojoules, undefined);
    assert.equal(reading.gap, 'gap-exceeds-wrap');
    tree!.set('intel-rapl:0', 2_005_000_000);
    assert.equal(readingOf(readAt(121), 'package-0').energyMicrojoules, 5_000_000);
  });

  test('one unreadable file stops none of the others', () => {
    for (const code of ['EACCES', 'EIO', 'ENODATA']) {
      counters = new FakeCounters();
      counters.faults.set('intel-rapl:0:0/energy_uj', code);
      open(oneSocket());
      readAt(1);
      tree!.set('intel-rapl:0', 6_000_000);
      const readings = readAt(2);
      assert.equal(readingOf(readings, 'package-0').energyMicrojoules, 1_000_000);
      assert.equal(readingOf(readings, 'core-0').gap, 'unreadable', code);
      assert.equal(readingOf(readings, 'core-0').energyMicrojoules, undefined);
      source!.close();
      tree!.remove();
    }
  });

  test('unreadable constraint files of a zone do not hurt it', () => {
    const from = openZones({
      'intel-rapl:0': {
        ...pack('package-0'),
        files: { constraint_1_max_power_uw: '', constraint_0_max_power_uw: '165000000\n' },
      },
    });
    assert.equal(zoneOf(from, 'package-0').maxWatts, 495);
  });

  test('after failed reads the counter still gives what was burnt meanwhile, over the whole time', () => {
    open(oneSocket());
    readAt(1);
    counters.faults.set('intel-rapl:0/energy_uj', 'EIO');
    assert.equal(readingOf(readAt(2), 'package-0').gap, 'unreadable');
    counters.faults.clear();
    tree!.set('intel-rapl:0', 5_000_000 + 60_000_000);
    const reading = readingOf(readAt(3), 'package-0');
    assert.equal(reading.energyMicrojoules, 60_000_000);
    assert.equal(reading.intervalNanoseconds, 2 * SECOND);
  });

  test('a permission granted at run time is seen', () => {
    counters.faults.set('intel-rapl:0:1/energy_uj', 'EACCES');
    open(oneSocket());
    assert.equal(readingOf(readAt(1), 'dram-0').gap, 'unreadable');
    counters.faults.clear();
    readAt(2);
    assert.equal(readingOf(readAt(3), 'dram-0').gap, 'first-reading');
    tree!.set('intel-rapl:0:1', 1_900_000);
    assert.equal(readingOf(readAt(4), 'dram-0').energyMicrojoules, 1_000_000);
  });

  test('a zone that vanishes is a gap, and counts again from its first reading when it is back', () => {
    const from = open(oneSocket());
    const zone = zoneOf(from, 'dram-0');
    readAt(1);
    tree!.vanish('intel-rapl:0:1');
    tree!.set('intel-rapl:0', 8_000_000);
    const gone = readAt(2);
    assert.equal(readingOf(gone, 'dram-0').gap, 'vanished');
    assert.equal(readingOf(gone, 'package-0').energyMicrojoules, 3_000_000);
    assert.equal(readingOf(readAt(3), 'dram-0').gap, 'vanished');
    tree!.add('intel-rapl:0:1', pack('dram', 77_000_000));
    let back = readingOf(readAt(4), 'dram-0');
    if (back.gap === 'vanished') back = readingOf(readAt(5), 'dram-0');
    assert.equal(back.gap, 'first-reading');
    tree!.set('intel-rapl:0:1', 78_000_000);
    assert.equal(readingOf(readAt(6), 'dram-0').energyMicrojoules, 1_000_000);
    assert.equal(zoneOf(from, 'dram-0'), zone, 'the zone object is the same');
  });

  test('a file removed under a held descriptor is seen as vanished, and taken up again when it is back', () => {
    tree = oneSocket();
    let now = 0;
    source = new RaplPowercapSource({
      sys: tree.sys,
      counters: () => new HoldingCounterSet(() => now),
      samplingHz: 0,
    });
    source.open();
    const read = (seconds: number) => {
      now = seconds * SECOND;
      return readingOf(source!.read(contextAt(now)), 'dram-0');
    };
    read(1);
    tree.vanish('intel-rapl:0:1');
    assert.equal(read(2).gap, 'vanished');
    assert.equal(read(3).gap, 'vanished');
    tree.add('intel-rapl:0:1', pack('dram', 10_000_000));
    const gaps = [read(4).gap, read(5).gap, read(6).gap];
    assert.ok(gaps.includes('first-reading'), gaps.join());
    tree.set('intel-rapl:0:1', 11_000_000);
    assert.equal(read(7).energyMicrojoules, 1_000_000);
  });

  test('a psys counter in whole joules is no fault at 10 Hz', () => {
    openZones({
      'intel-rapl:0': pack('package-0'),
      'intel-rapl:1': {
        ...pack('psys', 60_293_987_000_000, (2 ** 32 - 1) * 1e6),
        files: { constraint_0_power_limit_uw: '30000000' },
      },
    });
    readAt(1);
    tree!.set('intel-rapl:1', 60_293_988_000_000);
    assert.equal(readingOf(readAt(1.001), 'psys').energyMicrojoules, 1_000_000);
  });

  test('more than the package can draw is a marked gap, and the next reading starts from there', () => {
    openZones({ 'intel-rapl:0': { ...pack('package-0'), files: { constraint_0_max_power_uw: '95000000' } } });
    readAt(1);
    tree!.set('intel-rapl:0', 1_000_000 + 9_000_000_000);
    assert.equal(readingOf(readAt(2), 'package-0').gap, 'absurd-jump');
    tree!.set('intel-rapl:0', 1_000_000 + 9_050_000_000);
    assert.equal(readingOf(readAt(3), 'package-0').energyMicrojoules, 50_000_000);
  });

  test('a counter set back is no wrap: what a wrap would mean is more than the package can draw', () => {
    openZones({ 'intel-rapl:0': pack('package-0', 200_000_000_000) });
    readAt(1);
    tree!.set('intel-rapl:0', 1_000_000);
    assert.equal(readingOf(readAt(2), 'package-0').gap, 'negative-jump');
    tree!.set('intel-rapl:0', 3_000_000);
    assert.equal(readingOf(readAt(3), 'package-0').energyMicrojoules, 2_000_000);
  });

  test('core reading above package is no error: the counters wrap each for itself', () => {
    openZones({
      'intel-rapl:0': pack('package-0', 5_597_181_429, AMD_RANGE),
      'intel-rapl:0:0': pack('core', 17_890_384_969, AMD_RANGE),
    });
    readAt(1);
    tree!.set('intel-rapl:0', 5_607_181_429);
    tree!.set('intel-rapl:0:0', 17_897_384_969);
    const readings = readAt(2);
    assert.equal(readingOf(readings, 'package-0').energyMicrojoules, 10_000_000);
    assert.equal(readingOf(readings, 'core-0').energyMicrojoules, 7_000_000);
  });

  test('an unset limit of 4090 W is no limit', () => {
    const from = openZones({
      'intel-rapl:0': { ...pack('package-0'), files: { constraint_0_power_limit_uw: '4090000000' } },
    });
    assert.equal(zoneOf(from, 'package-0').maxWatts, 1000);
  });
});

describe('dies that mirror one counter', () => {
  const dies = (first: number, second: number) => ({
    'intel-rapl:0': pack('package-0-die-0', first, AMD_RANGE),
    'intel-rapl:1': pack('package-0-die-1', second, AMD_RANGE),
  });
  const advance = (microjoules: number, from: number) => {
    tree!.set('intel-rapl:0', from + microjoules);
    tree!.set('intel-rapl:1', from + microjoules);
  };

  test('equal readings again and again: one is counted', () => {
    const from = openZones(dies(5_000_000, 5_000_000));
    assert.deepEqual(counted(from), ['package-0-die-0']);
    for (let step = 1; step <= 5; step += 1) {
      advance(68_000_000, step * 68_000_000);
      readAt(step);
    }
    assert.deepEqual(counted(from), ['package-0-die-0']);
    assert.equal(zoneOf(from, 'package-0-die-1').exclusion, 'mirror of package-0-die-0');
  });

  test('idle real dies that burn exactly alike from different readings are both counted', () => {
    const from = openZones(dies(5_000_000, 5_000_500));
    for (let step = 1; step <= 5; step += 1) {
      tree!.set('intel-rapl:0', 5_000_000 + step * 1000);
      tree!.set('intel-rapl:1', 5_000_500 + step * 1000);
      readAt(step);
    }
    assert.deepEqual(counted(from), ['package-0-die-0', 'package-0-die-1']);
  });

  test('real dies that read the same by chance are both counted from their first energy on', () => {
    const from = openZones(dies(5_000_000, 5_000_000));
    readAt(1);
    tree!.set('intel-rapl:0', 15_000_000);
    tree!.set('intel-rapl:1', 12_000_000);
    const readings = readAt(2);
    assert.deepEqual(counted(from), ['package-0-die-0', 'package-0-die-1']);
    assert.equal(readingOf(readings, 'package-0-die-1').energyMicrojoules, 7_000_000);
  });

  test('a refresh that falls between the two reads does not make two counters of one', () => {
    let value = 5_000_000;
    let beat = 0;
    counters.beforeRead = (path) => {
      // Every fifth read of a file is one refresh (0.1 J) later than the one before it.
      beat += 1;
      if (beat % 5 === 0) value += 100_000;
      const directory = path.includes('intel-rapl:0') ? 'intel-rapl:0' : 'intel-rapl:1';
      tree!.set(directory, value);
    };
    const from = openZones(dies(5_000_000, 5_000_000));
    for (let step = 1; step <= 20; step += 1) readAt(step);
    assert.deepEqual(counted(from), ['package-0-die-0']);
  });

  test('counters that stand still are only suspected, and cleared when they part', () => {
    const from = openZones(dies(0, 0));
    for (let step = 1; step <= 5; step += 1) readAt(step);
    assert.match(zoneOf(from, 'package-0-die-1').exclusion, /so far/);
    tree!.set('intel-rapl:1', 40_000_000);
    readAt(6);
    assert.equal(zoneOf(from, 'package-0-die-1').counted, true);
  });

  test('packages of different sockets are never taken for mirrors', () => {
    const from = openZones({ 'intel-rapl:0': pack('package-0'), 'intel-rapl:1': pack('package-1') });
    for (let step = 1; step <= 5; step += 1) readAt(step);
    assert.deepEqual(counted(from), ['package-0', 'package-1']);
  });
});

describe('when the source cannot be used', () => {
  const failure = (run: () => void): KisimError => {
    try {
      run();
    } catch (error) {
      assert.ok(error instanceof KisimError, String(error));
      return error;
    }
    throw new assert.AssertionError({ message: 'nothing was thrown' });
  };

  test('counters that only root may read are refused with the command that grants it', () => {
    counters.faults.set('energy_uj', 'EACCES');
    const error = failure(() => open(oneSocket()));
    assert.equal(error.code, 'KISIM_E_METER_POWERCAP_FORBIDDEN');
    assert.match(error.action, /kisimd install-service/);
    assert.match(error.action, /sudo chgrp "\$\(id -gn\)" \S+intel-rapl:0\/energy_uj/);
    assert.equal(counters.opened, counters.closed, 'nothing stays open');
  });

  test('counters that all fail otherwise are told with the error of each', () => {
    counters.faults.set('energy_uj', 'EIO');
    const error = failure(() => open(oneSocket()));
    assert.equal(error.code, 'KISIM_E_METER_POWERCAP_UNREADABLE');
    assert.match(error.found, /EIO/);
    assert.equal(counters.opened, counters.closed);
  });

  test('a core that can be read is no source where its package cannot', () => {
    counters.faults.set('intel-rapl:0/energy_uj', 'EACCES');
    counters.faults.set('intel-rapl:0:1/energy_uj', 'EACCES');
    const error = failure(() => open(oneSocket()));
    assert.equal(error.code, 'KISIM_E_METER_POWERCAP_FORBIDDEN');
    assert.doesNotMatch(error.found, /intel-rapl:0:0/);
  });

  test('a host without powercap is told as such', () => {
    assert.equal(failure(() => openZones({})).code, 'KISIM_E_METER_POWERCAP_ABSENT');
  });
});

describe('the fast sampler', () => {
  test('fills the greatest power in between; the energy stays that of the counter', () => {
    tree = oneSocket();
    const sampler = new FakeSampler();
    source = new RaplPowercapSource({
      sys: tree.sys,
      counters: counters.factory,
      samplingHz: 1000,
      sampler: sampler.factory,
    });
    source.open();
    readAt(1);
    tree.set('intel-rapl:0', 15_000_000);
    sampler.peaks.set(tree.path('intel-rapl:0'), 87_000_000);
    const reading = readingOf(readAt(2), 'package-0');
    assert.equal(reading.energyMicrojoules, 10_000_000);
    assert.equal(reading.maxWatts, 87);
    assert.equal(readingOf(readAt(3), 'dram-0').maxWatts, undefined, 'no full window, no figure');
    assert.deepEqual(sampler.started[0]?.wrapRanges, [INTEL_RANGE, INTEL_RANGE, 65_712_999_613]);
    source.close();
    assert.equal(sampler.stopped, 1);
  });

  test('starts again when a zone has come back, so that its peaks are seen again', () => {
    tree = oneSocket();
    const sampler = new FakeSampler();
    source = new RaplPowercapSource({
      sys: tree.sys,
      counters: counters.factory,
      samplingHz: 100,
      sampler: sampler.factory,
    });
    source.open();
    readAt(1);
    tree.vanish('intel-rapl:0:1');
    readAt(2);
    tree.add('intel-rapl:0:1', pack('dram', 1_000_000));
    for (let step = 3; step <= 6; step += 1) readAt(step);
    assert.ok(sampler.started.at(-1)?.paths.includes(tree.path('intel-rapl:0:1')));
    assert.equal(sampler.stopped, sampler.started.length - 1);
  });
});
