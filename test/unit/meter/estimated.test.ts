import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { curveAt, readWattsTable } from '../../../src/meter/estimated/watts-table.ts';
import { EstimatedSource } from '../../../src/meter/estimated.ts';
import { cpuinfo, cpuinfoArm } from '../../support/cpuinfo.ts';
import { contextAt } from '../../support/file-counter-set.ts';

const SECOND = 1e9;
let proc: string;

beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'kisimd-proc-'));
});
afterEach(() => rmSync(proc, { recursive: true }));

function open(text: string): EstimatedSource {
  writeFileSync(join(proc, 'cpuinfo'), text);
  const source = new EstimatedSource({ proc });
  source.open();
  return source;
}

const milan = { vendor: 'AuthenticAMD', family: 25, model: 1, stepping: 1 };

describe('the look-up', () => {
  const step = (text: string) => {
    const choice = open(text).estimate()?.choice;
    return [choice?.step, choice?.watts.name];
  };

  test('vendor, family and model give the microarchitecture', () => {
    assert.deepEqual(step(cpuinfo(milan, 4)), ['microarchitecture', 'amd-epyc-gen3']);
  });

  test('of one Intel model the stepping tells three microarchitectures', () => {
    const at = (stepping: number) =>
      step(cpuinfo({ vendor: 'GenuineIntel', family: 6, model: 85, stepping }, 2));
    assert.deepEqual(at(4), ['microarchitecture', 'intel-skylake']);
    assert.deepEqual(at(7), ['microarchitecture', 'intel-cascadelake']);
    assert.deepEqual(at(11), ['microarchitecture', 'intel-cooperlake']);
  });

  test('an unknown model falls to its vendor, an unknown vendor to the median of all', () => {
    assert.deepEqual(step(cpuinfo({ vendor: 'GenuineIntel', family: 6, model: 250, stepping: 0 }, 2)), [
      'vendor',
      'GenuineIntel',
    ]);
    assert.deepEqual(step(cpuinfo({ vendor: 'HygonGenuine', family: 24, model: 0, stepping: 1 }, 2)), [
      'any',
      'any',
    ]);
  });

  test('ARM is known by implementer and part', () => {
    assert.deepEqual(step(cpuinfoArm('0x41', '0xd0c', 80)), ['microarchitecture', 'ampere-altra']);
    assert.deepEqual(step(cpuinfoArm('0x41', '0xd40', 2)), ['any', 'any']);
  });

  test('the zone says processor, step and class of error, and is always marked estimated', () => {
    const [zone] = open(cpuinfo({ ...milan, flags: 'fpu hypervisor sse' }, 2)).zones();
    assert.equal(zone?.id, 'node-estimated');
    assert.equal(zone?.provenance, 'estimated');
    assert.equal(zone?.path, 'models/cpu-watts.json#amd-epyc-gen3');
    assert.match(
      zone?.description ?? '',
      /microarchitecture amd-epyc-gen3.*2 threads of this guest.*error up to \d+ %/,
    );
  });

  test('no processor to be told is a coded error, never a guess', () => {
    assert.throws(() => open(''), { code: 'KISIM_E_METER_CPUINFO_UNREADABLE' });
    assert.throws(() => new EstimatedSource({ proc: join(proc, 'none') }).open(), {
      code: 'KISIM_E_METER_CPUINFO_UNREADABLE',
    });
  });
});

describe('the estimate', () => {
  /** 4 threads: 4 * 0.422 = 1.688 W idle and 4 * 1.828 = 7.312 W at full load. */
  const microjoules = (busySeconds: number) => {
    const source = open(cpuinfo(milan, 4));
    source.read(contextAt(SECOND, Number.NaN, 4));
    return source.read(contextAt(3 * SECOND, busySeconds * SECOND, 4))[0];
  };
  const close = (actual: number | undefined, expected: number) =>
    assert.ok(actual !== undefined && Math.abs(actual - expected) < 1, `${actual} is not ${expected}`);

  test('no CPU time is idle watts, all of it full watts, half of it half way', () => {
    close(microjoules(0)?.energyMicrojoules, 2 * 1_688_000);
    close(microjoules(8)?.energyMicrojoules, 2 * 7_312_000);
    close(microjoules(4)?.energyMicrojoules, 2 * 4_500_000);
    assert.equal(microjoules(4)?.intervalNanoseconds, 2 * SECOND);
  });

  test('busy time a little above what the CPUs have is full load, not more', () => {
    assert.equal(microjoules(8.3)?.energyMicrojoules, microjoules(8)?.energyMicrojoules);
  });

  test('the first reading is no energy, and unknown busy time stays unknown', () => {
    const source = open(cpuinfo(milan, 4));
    assert.equal(source.read(contextAt(SECOND, Number.NaN, 4))[0]?.gap, 'first-reading');
    const [unknown] = source.read(contextAt(2 * SECOND, Number.NaN, 4));
    assert.equal(unknown?.gap, 'unreadable');
    assert.equal(unknown?.energyMicrojoules, undefined);
    close(source.read(contextAt(3 * SECOND, 0, 4))[0]?.energyMicrojoules, 1_688_000);
  });

  test('CPUs taken offline draw nothing in the estimate', () => {
    const source = open(cpuinfo(milan, 4));
    source.read(contextAt(0, Number.NaN, 4));
    close(source.read(contextAt(SECOND, 0, 2))[0]?.energyMicrojoules, 844_000);
  });
});

describe('the table', () => {
  test('every processor names a microarchitecture of the table, idle is below full, errors are stated', () => {
    const table = readWattsTable();
    const names = new Set(table.microarchitectures.map(({ name }) => name));
    for (const row of table.processors) assert.ok(names.has(row.microarchitecture), row.microarchitecture);
    for (const row of [...table.microarchitectures, ...table.vendors, table.any]) {
      assert.ok(row.idleWattsPerThread > 0 && row.idleWattsPerThread < row.maxWattsPerThread, row.name);
      assert.ok(row.idleErrorP90 > 0 && row.maxErrorP90 > 0 && row.servers >= 5, row.name);
    }
  });

  test('the curve runs from 0 to 1 and never falls', () => {
    const { curve } = readWattsTable();
    assert.deepEqual(
      [curveAt(curve, 0), curveAt(curve, 1), curveAt(curve, 7), curveAt(curve, -1)],
      [0, 1, 1, 0],
    );
    for (let at = 1; at <= 100; at += 1)
      assert.ok(curveAt(curve, at / 100) >= curveAt(curve, (at - 1) / 100));
    assert.equal(curveAt([0, 0.6, 1], 0.25), 0.3);
  });

  test('a damaged table is a coded error', () => {
    const path = join(proc, 'table.json');
    assert.throws(() => readWattsTable(path), { code: 'KISIM_E_METER_WATTS_TABLE' });
    writeFileSync(path, '{"any": {}}');
    assert.throws(() => readWattsTable(path), { code: 'KISIM_E_METER_WATTS_TABLE' });
  });
});
