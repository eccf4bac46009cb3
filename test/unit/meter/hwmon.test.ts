import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { HwmonSource } from '../../../src/meter/hwmon.ts';
import type { HwmonRole } from '../../../src/meter/hwmon-zones.ts';
import { contextAt, FakeCounters } from '../../support/file-counter-set.ts';
import { type ChipFixture, HwmonTreeFixture } from '../../support/hwmon-tree.ts';
import { sharedData } from '../../support/shared-data.ts';

const SECOND = 1e9;
const ACPI_UNKNOWN = 4_294_967_295_000;
let tree: HwmonTreeFixture | undefined;
let counters: FakeCounters;
let source: HwmonSource | undefined;

function open(role: HwmonRole, ...chips: readonly ChipFixture[]): HwmonSource {
  tree = new HwmonTreeFixture(chips);
  source = new HwmonSource({ sys: tree.sys, counters: counters.factory, role });
  source.open();
  return source;
}

function readAt(seconds: number) {
  counters.nanoseconds = seconds * SECOND;
  return source!.read(contextAt(counters.nanoseconds));
}

function exclusions(from: HwmonSource) {
  return Object.fromEntries(from.zones().map((zone) => [zone.id, zone.exclusion]));
}

const board: ChipFixture = {
  name: 'power_meter',
  device: 'ACPI000D:00',
  files: { power1_average: 150_000_000 },
};
const amdEnergy: ChipFixture = {
  name: 'amd_energy',
  files: {
    energy1_input: 1_000_000,
    energy1_label: 'Ecore000',
    energy2_input: 5_000_000,
    energy2_label: 'Esocket0',
  },
};

beforeEach(() => {
  counters = new FakeCounters();
});
afterEach(() => {
  source?.close();
  tree?.remove();
  source = undefined;
  tree = undefined;
});

describe('what is measured', () => {
  test('an energy input is a counter: measured, first reading unknown', () => {
    const from = open('only-source', amdEnergy);
    assert.ok(readAt(1).every((reading) => reading.gap === 'first-reading'));
    tree!.set(0, 'energy2_input', 45_000_000);
    assert.equal(readAt(2)[1]?.energyMicrojoules, 40_000_000);
    assert.equal(from.zones()[1]?.provenance, 'measured');
    assert.equal(from.zones()[1]?.socket, 0);
  });

  test('a power input is integrated over the time between two reads', () => {
    const from = open('only-source', board);
    assert.equal(readAt(1)[0]?.gap, 'first-reading');
    tree!.set(0, 'power1_average', 250_000_000);
    const [reading] = readAt(3);
    assert.equal(reading?.energyMicrojoules, 400_000_000);
    assert.equal(reading?.intervalNanoseconds, 2 * SECOND);
    assert.equal(from.zones()[0]?.provenance, 'integrated');
  });

  test('the mean is taken before the instant where a chip has both', () => {
    const from = open('processor-metered', {
      name: 'amdgpu',
      device: '0000:03:00.0',
      files: { power1_average: 118_000_000, power1_input: 120_000_000 },
    });
    assert.match(from.zones()[0]?.path ?? '', /power1_average$/);
    assert.equal(from.zones().length, 1);
  });

  test('what ACPI calls unknown power (4294967295000 uW) is never taken for power', () => {
    open('only-source', board);
    readAt(1);
    tree!.set(0, 'power1_average', ACPI_UNKNOWN);
    assert.equal(readAt(2)[0]?.gap, 'unreadable');
    assert.equal(readAt(3)[0]?.energyMicrojoules, undefined);
    tree!.set(0, 'power1_average', 160_000_000);
    assert.equal(readAt(4)[0]?.gap, 'first-reading');
    assert.equal(readAt(5)[0]?.energyMicrojoules, 160_000_000);
  });

  test('a power above what the chip can meter is a gap', () => {
    open('only-source', { ...board, files: { ...board.files, power1_cap_max: 400_000_000 } });
    readAt(1);
    tree!.set(0, 'power1_average', 9_000_000_000);
    assert.equal(readAt(2)[0]?.gap, 'absurd-jump');
  });

  test('an energy counter that goes back is a gap, not a wrap', () => {
    open('only-source', amdEnergy);
    readAt(1);
    tree!.set(0, 'energy2_input', 100);
    assert.equal(readAt(2)[1]?.gap, 'negative-jump');
  });

  test('a sensor that cannot be read stops none of the others and is told', () => {
    counters.faults.set('energy1_input', 'EACCES');
    const from = open('only-source', amdEnergy);
    readAt(1);
    tree!.set(0, 'energy2_input', 6_000_000);
    const [core, socket] = readAt(2);
    assert.equal(core?.gap, 'unreadable');
    assert.equal(socket?.energyMicrojoules, 1_000_000);
    assert.match(from.notes().join(), /energy1_input: cannot be read \(EACCES\)/);
  });

  test('a sensor switched off by its enable file is left out and told', () => {
    const from = open('only-source', {
      name: 'rails',
      files: { power1_input: 5_000_000, power1_enable: 0, power2_input: 6_000_000, power2_enable: 1 },
    });
    assert.equal(from.zones().length, 1);
    assert.match(from.notes().join(), /rails\/power1: switched off/);
  });

  test('voltage and current are not made into power', () => {
    assert.throws(
      () => open('only-source', { name: 'ina226', files: { in1_input: 12_000, curr1_input: 5000 } }),
      { code: 'KISIM_E_METER_HWMON_ABSENT' },
    );
  });

  test('no readable sensor at all is a coded error, and nothing stays open', () => {
    counters.faults.set('power1_average', 'EACCES');
    assert.throws(() => open('only-source', board), { code: 'KISIM_E_METER_HWMON_UNREADABLE' });
    assert.equal(counters.opened, counters.closed);
  });
});

describe('what is counted', () => {
  test('energy is counted before power of the same label', () => {
    const from = open('only-source', {
      name: 'xyz',
      files: {
        energy1_input: 1,
        energy1_label: 'Package',
        power1_input: 40_000_000,
        power1_label: 'Package',
      },
    });
    assert.deepEqual(exclusions(from), {
      'hwmon-xyz-package': '',
      'hwmon-xyz-package-power1': 'same as xyz energy1',
    });
  });

  test('a power meter of the board covers the metered processor and is only shown', () => {
    const from = open('processor-metered', board);
    assert.equal(from.zones()[0]?.kind, 'board');
    assert.deepEqual(exclusions(from), { 'hwmon-power_meter-acpi000d:00-power1': 'covers the processor' });
  });

  test('a power meter of the board is counted where it is the only source, and all else is inside it', () => {
    const gpu = { name: 'amdgpu', device: '0000:03:00.0', files: { power1_average: 30_000_000 } };
    const from = open('only-source', amdEnergy, board, gpu);
    const counted = from.zones().filter((zone) => zone.counted);
    assert.deepEqual(
      counted.map((zone) => zone.kind),
      ['board'],
    );
    assert.ok(from.zones().every((zone) => zone.counted || zone.exclusion === 'inside power_meter'));
  });

  test('a board meter that says "unknown" when opened is no base: the processor sensors are taken', () => {
    const from = open('only-source', amdEnergy, { ...board, files: { power1_average: ACPI_UNKNOWN } });
    assert.deepEqual(
      from
        .zones()
        .filter((zone) => zone.counted)
        .map((zone) => zone.kind),
      ['package'],
    );
  });

  test('chips that show the RAPL counters are not added to RAPL', () => {
    const from = open('processor-metered', amdEnergy, {
      name: 'zenpower',
      files: { power1_input: 40_000_000, power1_label: 'RAPL_P_Package' },
    });
    assert.ok(from.zones().every((zone) => !zone.counted));
  });

  test('where several chips show one processor, one of them is counted', () => {
    const k10temp = { name: 'k10temp', files: { power1_input: 45_000_000, power1_label: 'Package' } };
    const from = open('only-source', k10temp, amdEnergy);
    assert.deepEqual(exclusions(from), {
      'hwmon-k10temp-package': 'same as amd_energy',
      'hwmon-amd_energy-ecore000': 'inside package',
      'hwmon-amd_energy-esocket0': '',
    });
  });

  test('a graphics card is beside the processor, graphics inside a processor are not', () => {
    const from = open(
      'processor-metered',
      { name: 'amdgpu', device: '0000:03:00.0', files: { power1_average: 30_000_000 } },
      {
        name: 'amdgpu',
        device: '0000:0b:00.0',
        files: { power1_average: 20_000_000, in1_input: 900, in1_label: 'vddnb' },
      },
    );
    assert.deepEqual(exclusions(from), {
      'hwmon-amdgpu-0000:03:00.0-power1': '',
      'hwmon-amdgpu-0000:0b:00.0-power1': 'inside the processor package',
    });
  });

  test('of a card and the chip on it (xe) the card is counted', () => {
    const from = open('processor-metered', {
      name: 'xe',
      files: { energy1_input: 1, energy1_label: 'card', energy2_input: 1, energy2_label: 'pkg' },
    });
    assert.deepEqual(exclusions(from), { 'hwmon-xe-card': '', 'hwmon-xe-pkg': 'inside the card' });
  });

  test('rails of unknown extent are never added up', () => {
    const rails = {
      name: 'ina3221',
      files: {
        power1_input: 5_000_000,
        power1_label: 'RAIL_A',
        power2_input: 9_000_000,
        power2_label: 'RAIL_B',
      },
    };
    assert.ok(
      open('only-source', rails)
        .zones()
        .every((zone) => !zone.counted),
    );
  });

  test('zone ids do not depend on the number of the hwmon folder', () => {
    const before = open('processor-metered', board, amdEnergy)
      .zones()
      .map((zone) => zone.id);
    source!.close();
    tree!.remove();
    const after = open('processor-metered', amdEnergy, board)
      .zones()
      .map((zone) => zone.id);
    assert.deepEqual([...after].sort(), [...before].sort());
  });
});

test('every chip of a captured tree opens with ids of its own', { skip: sharedData.skip }, () => {
  const sys = mkdtempSync(join(tmpdir(), 'kisimd-capture-'));
  mkdirSync(join(sys, 'class'), { recursive: true });
  cpSync(sharedData.path('energy', 'kepler', 'hwmon'), join(sys, 'class', 'hwmon'), { recursive: true });
  const captured = new HwmonSource({ sys, counters: counters.factory, role: 'processor-metered' });
  captured.open();
  const ids = captured.zones().map((zone) => zone.id);
  captured.close();
  rmSync(sys, { recursive: true });
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.includes('hwmon-k10temp-package'), ids.join());
  assert.equal(captured.zones().filter((zone) => zone.kind === 'gpu').length, 1);
  assert.match(captured.notes().join(), /test_power_chip\/power3: switched off/);
});
