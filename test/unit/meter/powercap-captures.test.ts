import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RaplPowercapSource } from '../../../src/meter/rapl-powercap.ts';
import { contextAt, FakeCounters } from '../../support/file-counter-set.ts';
import { PowercapTreeFixture, type ZoneFixture } from '../../support/powercap-tree.ts';
import { sharedData } from '../../support/shared-data.ts';

/** Opens a captured folder of zones as `class/powercap` and gives its counted zones and those left out. */
function openCapture(folder: string) {
  const sys = mkdtempSync(join(tmpdir(), 'kisimd-capture-'));
  mkdirSync(join(sys, 'class'), { recursive: true });
  cpSync(folder, join(sys, 'class', 'powercap'), { recursive: true });
  const source = new RaplPowercapSource({ sys, counters: new FakeCounters().factory, samplingHz: 0 });
  try {
    source.open();
    return Object.fromEntries(source.zones().map((zone) => [zone.id, zone.exclusion]));
  } finally {
    source.close();
    rmSync(sys, { recursive: true });
  }
}

/** The zones of one machine in captures.tsv, with 1 for a counter that was not noted. */
function machine(name: string): PowercapTreeFixture {
  const lines = readFileSync(sharedData.path('energy', 'powercap-captures', 'captures.tsv'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split('\t'));
  const zones: Record<string, ZoneFixture> = {};
  for (const [at, directory, zoneName, energy, range] of lines) {
    if (at !== name || directory === undefined) continue;
    zones[directory] = {
      name: zoneName?.replace('?', ''),
      energyMicrojoules: Number(energy) || 1,
      rangeMicrojoules: Number(range) || undefined,
    };
  }
  assert.ok(Object.keys(zones).length > 0, `no machine ${name}`);
  return new PowercapTreeFixture(zones);
}

function countedOf(name: string) {
  const tree = machine(name);
  const source = new RaplPowercapSource({
    sys: tree.sys,
    counters: new FakeCounters().factory,
    samplingHz: 0,
  });
  source.open();
  const first = source.read(contextAt(1e9));
  assert.ok(first.every((reading) => reading.gap === 'first-reading'));
  source.close();
  tree.remove();
  return source.zones().flatMap((zone) => (zone.counted ? [`${zone.id}@${zone.socket}`] : []));
}

const skip = sharedData.skip;

test('the capture of prometheus/procfs: hex ids', { skip }, () => {
  assert.deepEqual(openCapture(sharedData.path('energy', 'prometheus-procfs', 'powercap')), {
    'package-0': '',
    'core-0': 'inside package',
    'package-10': '',
  });
});

test('the capture of node_exporter', { skip }, () => {
  assert.deepEqual(openCapture(sharedData.path('energy', 'node_exporter', 'powercap')), {
    'package-0': '',
    'core-0': 'inside package',
  });
});

test('the capture of Kepler: an mmio duplicate', { skip }, () => {
  assert.deepEqual(openCapture(sharedData.path('energy', 'kepler', 'powercap')), {
    'package-0': '',
    'package-0-mmio': 'duplicate of intel-rapl:0',
    'core-0': 'inside package',
    'package-10': '',
  });
});

test('the 4-socket machine whose zone 0 is package-3', { skip }, () => {
  assert.deepEqual(countedOf('B-4socket-smp01').sort(), [
    'dram-0@0',
    'dram-1@1',
    'dram-2@2',
    'dram-3@3',
    'package-0@0',
    'package-1@1',
    'package-2@2',
    'package-3@3',
  ]);
});

test('the 4-socket machine with core readings above package', { skip }, () => {
  assert.equal(countedOf('A-4socket-SNB-EP').length, 8);
});

test('the AMD machine with package and core', { skip }, () => {
  assert.deepEqual(countedOf('G-Zen4/5'), ['package-0@0']);
});

test('the Threadripper whose two dies read the same is counted once', { skip }, () => {
  assert.deepEqual(countedOf('H-Threadripper-1950X'), ['package-0-die-0@0']);
});

test('the machine of which only psys in whole joules is known', { skip }, () => {
  assert.deepEqual(countedOf('F-TPMI-server'), ['psys@undefined']);
});
