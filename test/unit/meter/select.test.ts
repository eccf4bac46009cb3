import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { defaultConfig } from '../../../src/config/defaults.ts';
import { configuredCandidates } from '../../../src/meter/configured-sources.ts';
import { HwmonSource } from '../../../src/meter/hwmon.ts';
import type { SourceName, Zone } from '../../../src/meter/power-source.ts';
import { openSources, type SourceCandidate } from '../../../src/meter/select.ts';
import { systemClock } from '../../../src/util/clock.ts';
import { KisimError } from '../../../src/util/errors.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { cpuinfo } from '../../support/cpuinfo.ts';
import { contextAt, FakeCounters } from '../../support/file-counter-set.ts';
import { HwmonTreeFixture } from '../../support/hwmon-tree.ts';
import { refusal, type ScriptedSource, scriptedSource, testZone } from '../../support/scripted-source.ts';

interface Scripted extends SourceCandidate {
  readonly source: ScriptedSource;
}

function works(name: SourceName, zone: Zone = testZone(`${name}-zone`)): Scripted {
  const source = scriptedSource([zone], [[1000]], { name });
  return { name, source, create: () => source };
}

function fails(
  name: SourceName,
  error: Error = refusal(`KISIM_E_TEST_${name.length}`, `fix ${name}`),
): Scripted {
  const source = scriptedSource([], [], { name, refusal: error });
  return { name, source, create: () => source };
}

const gpu = () => works('nvml', testZone('gpu-1', 'gpu'));
const estimate = () => works('estimated', testZone('node-estimated', 'other'));

function taken(...candidates: readonly SourceCandidate[]) {
  return openSources(candidates).sources.map((source) => source.name);
}

function failure(run: () => unknown): KisimError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof KisimError);
    return error;
  }
  throw new assert.AssertionError({ message: 'nothing was thrown' });
}

describe('which sources are taken', () => {
  test('the first of the processor sources that opens, and the GPUs beside it', () => {
    const second = works('rapl-powercap');
    const selected = openSources([works('rapl-perf'), second, gpu(), estimate()]);
    assert.deepEqual(
      selected.sources.map((source) => source.name),
      ['rapl-perf', 'nvml'],
    );
    assert.equal(selected.processorSource, 'rapl-perf');
    assert.equal(second.source.opened, 0);
  });

  test('the order is that of the candidates', () => {
    assert.deepEqual(taken(works('rapl-powercap'), works('rapl-perf')), ['rapl-powercap']);
  });

  test('one that is refused makes room for the next', () => {
    assert.deepEqual(taken(fails('rapl-perf'), works('rapl-powercap')), ['rapl-powercap']);
  });

  test('every candidate has an outcome that says why', () => {
    const { outcomes } = openSources([fails('rapl-perf'), works('rapl-powercap'), fails('nvml'), estimate()]);
    assert.deepEqual(
      outcomes.map(({ name, taken: isTaken }) => [name, isTaken]),
      [
        ['rapl-perf', false],
        ['rapl-powercap', true],
        ['nvml', false],
        ['estimated', false],
      ],
    );
    assert.equal(outcomes[0]?.error?.action, 'fix rapl-perf');
    assert.match(outcomes[3]?.reason ?? '', /rapl-powercap meters the processors/);
    assert.ok(outcomes.every(({ reason }) => reason !== ''));
  });

  test('the estimate is taken only where nothing measures, wherever it stands in the order', () => {
    assert.deepEqual(taken(estimate(), works('rapl-perf')), ['rapl-perf']);
    assert.deepEqual(taken(estimate(), fails('rapl-perf'), gpu()), ['estimated', 'nvml']);
  });

  test('the estimate is never taken where it is not configured', () => {
    assert.equal(failure(() => taken(fails('rapl-perf'))).code, 'KISIM_E_METER_NO_SOURCE');
  });

  test('a recording stands alone', () => {
    const selected = openSources([works('recorded'), works('rapl-perf'), gpu(), estimate()]);
    assert.deepEqual(
      selected.sources.map((source) => source.name),
      ['recorded'],
    );
    assert.match(selected.outcomes[2]?.reason ?? '', /recording/);
  });

  test('a source none of whose zones can be counted is closed and the next one tried', () => {
    const odd = works('rapl-perf', testZone('odd', 'other', 'not known what it covers'));
    const selected = openSources([odd, works('rapl-powercap')]);
    assert.equal(selected.processorSource, 'rapl-powercap');
    assert.equal(odd.source.closed, 1);
    assert.match(selected.outcomes[0]?.reason ?? '', /none of its zones/);
  });

  test('GPUs alone will do where nothing else is configured, and no processor source is claimed', () => {
    const selected = openSources([gpu()]);
    assert.equal(selected.processorSource, undefined);
    assert.equal(selected.sources.length, 1);
  });
});

describe('when nothing is left', () => {
  test('all failures are told together, each with what to do, and nothing stays open', () => {
    const useless = works('hwmon', testZone('rail', 'other', 'not known what it covers'));
    const error = failure(() => openSources([fails('rapl-perf'), fails('rapl-powercap'), useless]));
    assert.equal(error.code, 'KISIM_E_METER_NO_SOURCE');
    assert.match(error.found, /rapl-perf: .*; rapl-powercap: /);
    assert.match(error.action, /fix rapl-perf; .*fix rapl-powercap/);
    assert.match(error.action, /add `estimated`/);
    assert.equal(useless.source.closed, useless.source.opened);
  });

  test('no candidate at all is told as such', () => {
    assert.match(failure(() => openSources([])).found, /none is configured/);
  });

  test('a fault of the program is thrown as it is, and what was open is closed', () => {
    const first = works('rapl-perf');
    const bug = fails('nvml', new TypeError('a bug'));
    assert.throws(() => openSources([first, bug]), TypeError);
    assert.equal(first.source.closed, 1);
  });
});

describe('no energy is counted twice', () => {
  const counters = new FakeCounters();
  const withBoard = (run: (hwmon: SourceCandidate) => void) => {
    const tree = new HwmonTreeFixture([{ name: 'power_meter', files: { power1_average: 100_000_000 } }]);
    const create: SourceCandidate['create'] = (role) =>
      new HwmonSource({ sys: tree.sys, counters: counters.factory, role });
    try {
      run({ name: 'hwmon', create });
    } finally {
      tree.remove();
    }
  };
  const counted = (sources: readonly { zones(): readonly Zone[] }[]) =>
    sources.flatMap((source) => source.zones()).flatMap((zone) => (zone.counted ? [zone.id] : []));

  test('a board beside RAPL is shown only', () => {
    withBoard((hwmon) => {
      const { sources, processorSource } = openSources([works('rapl-perf'), hwmon]);
      assert.equal(processorSource, 'rapl-perf');
      assert.deepEqual(counted(sources), ['rapl-perf-zone']);
    });
  });

  test('a board where nothing else meters is the source, its GPUs are inside it, and nothing is estimated', () => {
    withBoard((hwmon) => {
      const { sources, processorSource } = openSources([fails('rapl-perf'), hwmon, gpu(), estimate()]);
      assert.equal(processorSource, 'hwmon');
      assert.deepEqual(counted(sources), ['hwmon-power_meter-power1']);
      const nvml = sources.find((source) => source.name === 'nvml');
      assert.equal(nvml?.zones()[0]?.exclusion, 'inside hwmon-power_meter-power1');
      const readings = nvml?.read(contextAt(1)) ?? [];
      assert.equal(readings[0]?.zone, nvml?.zones()[0], 'readings carry the zones that are shown');
    });
  });

  test('psys as the only zone holds the GPUs too', () => {
    const { sources } = openSources([works('rapl-powercap', testZone('psys', 'psys')), gpu()]);
    assert.deepEqual(counted(sources), ['psys']);
  });

  test('what the sources of processes know of a GPU inside a board is passed on', () => {
    withBoard((hwmon) => {
      const use = [{ zoneId: 'gpu-1', pid: 7, smShare: 0.5 }];
      const withUse = { ...gpu() };
      const source = Object.assign(scriptedSource([testZone('gpu-1', 'gpu')], [], { name: 'nvml' }), {
        processUse: () => use,
      });
      const { sources } = openSources([hwmon, { ...withUse, create: () => source }]);
      assert.deepEqual(sources.at(-1)?.processUse?.(), use);
    });
  });
});

test('the configured sources of a host without any sensor end in the estimate, all refusals told', () => {
  const root = mkdtempSync(join(tmpdir(), 'kisimd-host-'));
  writeFileSync(
    join(root, 'cpuinfo'),
    cpuinfo({ vendor: 'AuthenticAMD', family: 25, model: 1, stepping: 1 }, 2),
  );
  const defaults = defaultConfig({}, { hostname: 'test', uid: 1000, homeDirectory: undefined });
  const candidates = configuredCandidates(
    {
      roots: { proc: root, sys: root, root },
      meter: {
        ...defaults.meter,
        sources: ['recorded', 'rapl-powercap', 'rapl-perf', 'hwmon', 'estimated'],
      },
    },
    { clock: systemClock, log: silentLogger },
  );
  try {
    const { processorSource, outcomes, sources } = openSources(candidates);
    assert.equal(processorSource, 'estimated');
    assert.deepEqual(
      outcomes.map(({ error }) => error?.code),
      [
        'KISIM_E_METER_RECORDING_UNSET',
        'KISIM_E_METER_POWERCAP_ABSENT',
        'KISIM_E_METER_PERF_ABSENT',
        'KISIM_E_METER_HWMON_ABSENT',
        undefined,
      ],
    );
    for (const source of sources) source.close();
  } finally {
    rmSync(root, { recursive: true });
  }
});
