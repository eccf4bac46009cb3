import assert from 'node:assert/strict';
import { test } from 'node:test';
import { energyFindings } from '../../../../src/cli/doctor/energy.ts';
import { meterErrors } from '../../../../src/meter/errors.ts';
import type { PowerSource, SourceName, Zone } from '../../../../src/meter/power-source.ts';
import type { SourceCandidate } from '../../../../src/meter/select.ts';

function zone(over: Partial<Zone>): Zone {
  return {
    id: 'package-0',
    kind: 'package',
    socket: 0,
    counted: true,
    exclusion: '',
    path: '/sys/x',
    source: 'rapl-powercap',
    provenance: 'measured',
    maxWatts: 300,
    ...over,
  };
}

interface Played {
  readonly zones?: readonly Zone[];
  readonly error?: () => unknown;
  readonly notes?: readonly string[];
}

function candidates(played: Partial<Record<SourceName, Played>>) {
  let open = 0;
  const list: SourceCandidate[] = Object.entries(played).map(([name, { zones = [], error, notes = [] }]) => ({
    name: name as SourceName,
    create: (): PowerSource & { notes(): readonly string[] } => ({
      name: name as SourceName,
      open() {
        if (error !== undefined) throw error();
        open++;
      },
      zones: () => zones,
      read: () => [],
      notes: () => notes,
      close() {
        open--;
      },
    }),
  }));
  return { list, stillOpen: () => open };
}

const estimated = zone({
  id: 'node-estimated',
  kind: 'other',
  source: 'estimated',
  provenance: 'estimated',
  path: 'models/cpu-watts.json#zen3',
  description: 'Zen 3, error up to 20 %',
});

test('a source that opens tells its zones, those that are not counted with the reason', () => {
  const zones = [
    zone({}),
    zone({ id: 'core-0', kind: 'core', counted: false, exclusion: 'inside package-0' }),
  ];
  const { list, stillOpen } = candidates({ 'rapl-powercap': { zones }, estimated: { zones: [estimated] } });
  const { findings, canMeter } = energyFindings(list);
  const finding = findings.find(({ subject }) => subject === 'rapl-powercap');
  assert.equal(finding?.mark, 'ok');
  assert.equal(finding?.says, 'measured; counted: package-0; shown only: core-0 (inside package-0)');
  const chosen = findings.find(({ subject }) => subject === 'chosen');
  assert.equal(chosen?.mark, 'ok');
  assert.match(chosen?.says ?? '', /^rapl-powercap meters the processors/);
  assert.equal(canMeter, true);
  assert.equal(stillOpen(), 0);
});

test('the estimate is told by its description, not by the row of its table', () => {
  const { list } = candidates({ estimated: { zones: [estimated] } });
  const [finding] = energyFindings(list).findings;
  assert.equal(finding?.says, 'possible: Zen 3, error up to 20 %');
});

test('a refusal carries the code and the action of the error', () => {
  const { list } = candidates({
    'rapl-powercap': {
      error: () => meterErrors.KISIM_E_METER_POWERCAP_FORBIDDEN('energy_uj: EACCES', { action: 'sudo it' }),
    },
    estimated: { zones: [estimated] },
  });
  const { findings, canMeter } = energyFindings(list);
  const finding = findings.find(({ subject }) => subject === 'rapl-powercap');
  assert.deepEqual(
    { mark: finding?.mark, code: finding?.code, action: finding?.action },
    { mark: 'refused', code: 'KISIM_E_METER_POWERCAP_FORBIDDEN', action: 'sudo it' },
  );
  assert.equal(canMeter, true);
  assert.equal(findings.find(({ subject }) => subject === 'chosen')?.mark, 'warn');
});

test('what the machine does not have is absent, not refused', () => {
  const { list } = candidates({ hwmon: { error: () => meterErrors.KISIM_E_METER_HWMON_ABSENT('none') } });
  assert.equal(energyFindings(list).findings[0]?.mark, 'absent');
});

test('nothing at all: the doctor says so, with the reason of each', () => {
  const { list } = candidates({
    'rapl-perf': { error: () => meterErrors.KISIM_E_METER_PERF_ABSENT('no events') },
    nvml: { error: () => meterErrors.KISIM_E_METER_NVML_ABSENT('no library') },
  });
  const { findings, canMeter } = energyFindings(list);
  assert.equal(canMeter, false);
  const chosen = findings.find(({ subject }) => subject === 'chosen');
  assert.equal(chosen?.code, 'KISIM_E_METER_NO_SOURCE');
  assert.match(chosen?.says ?? '', /no events.*no library/);
});

test('an error without a code stops neither the doctor nor the other sources', () => {
  const { list } = candidates({
    'rapl-perf': { error: () => new TypeError('oops') },
    'rapl-powercap': { zones: [zone({})] },
  });
  const { findings } = energyFindings(list);
  assert.match(findings.find(({ subject }) => subject === 'rapl-perf')?.says ?? '', /unexpected: oops/);
  assert.equal(findings.find(({ subject }) => subject === 'rapl-powercap')?.mark, 'ok');
});

test('what a source notes is told as a warning', () => {
  const { list } = candidates({ 'rapl-powercap': { zones: [zone({})], notes: ['dram-0: EIO'] } });
  assert.ok(
    energyFindings(list).findings.some(({ mark, says }) => mark === 'warn' && says === 'dram-0: EIO'),
  );
});
