import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EstimatedSource } from '../../src/meter/estimated.ts';
import { HwmonSource } from '../../src/meter/hwmon.ts';
import { NvmlSource } from '../../src/meter/nvml.ts';
import { RaplPerfSource } from '../../src/meter/rapl-perf.ts';
import { RaplPowercapSource } from '../../src/meter/rapl-powercap.ts';
import { RecordedSource } from '../../src/meter/recorded.ts';
import { EnergyRecorder } from '../../src/meter/recorder.ts';
import type { NativeNvml } from '../../src/native/nvml.ts';
import { silentLogger } from '../../src/util/log.ts';
import { checkPowerSource, type PowerSourceRig } from '../support/check-power-source.ts';
import { cpuinfo } from '../support/cpuinfo.ts';
import { contextAt, FakeCounters, FakeSampler } from '../support/file-counter-set.ts';
import { HwmonTreeFixture } from '../support/hwmon-tree.ts';
import { INTEL_RANGE, PowercapTreeFixture } from '../support/powercap-tree.ts';
import { scriptedSource, testZone } from '../support/scripted-source.ts';

const SECOND = 1e9;
const START = 100 * SECOND;

/** Time that the test moves, with one of two CPUs busy throughout. */
class Time {
  now = START;
  #first = true;

  advance(seconds: number) {
    this.now += seconds * SECOND;
    const busy = this.#first ? Number.NaN : seconds * SECOND;
    this.#first = false;
    return contextAt(this.now, busy, 2);
  }
}

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'kisimd-conformance-'));
}

function powercapRig(usable: boolean, samplingHz: number): PowerSourceRig {
  const time = new Time();
  const counters = new FakeCounters();
  const sampler = new FakeSampler();
  const zone = (name: string) => ({ name, energyMicrojoules: 1_000_000, rangeMicrojoules: INTEL_RANGE });
  const tree = new PowercapTreeFixture(
    usable
      ? {
          'intel-rapl:0': zone('package-1'),
          'intel-rapl:0:0': zone('core'),
          'intel-rapl:0:1': zone('dram'),
          'intel-rapl:1': zone('package-0'),
          'intel-rapl-mmio:0': zone('package-1'),
          'intel-rapl:2': zone('psys'),
        }
      : {},
  );
  let total = 1_000_000;
  return {
    source: new RaplPowercapSource({
      sys: tree.sys,
      counters: counters.factory,
      samplingHz,
      sampler: sampler.factory,
    }),
    advance(seconds) {
      const context = time.advance(seconds);
      counters.nanoseconds = time.now;
      total += seconds * 40_000_000;
      const zones = ['intel-rapl:0', 'intel-rapl:0:0', 'intel-rapl:0:1', 'intel-rapl:1', 'intel-rapl-mmio:0'];
      for (const directory of [...zones, 'intel-rapl:2']) tree.set(directory, total);
      sampler.peaks.set(tree.path('intel-rapl:0'), 60_000_000);
      return context;
    },
    breakAll: () => void counters.faults.set('energy_uj', 'EIO'),
    held: () => counters.opened - counters.closed + sampler.started.length - sampler.stopped,
    dispose: () => tree.remove(),
  };
}

function hwmonRig(usable: boolean): PowerSourceRig {
  const time = new Time();
  const counters = new FakeCounters();
  const tree = new HwmonTreeFixture(
    usable
      ? [
          { name: 'power_meter', device: 'ACPI000D:00', files: { power1_average: 120_000_000 } },
          { name: 'amd_energy', files: { energy1_input: 1_000_000, energy1_label: 'Esocket0' } },
        ]
      : [],
  );
  let total = 1_000_000;
  return {
    source: new HwmonSource({ sys: tree.sys, counters: counters.factory, role: 'only-source' }),
    advance(seconds) {
      const context = time.advance(seconds);
      counters.nanoseconds = time.now;
      total += seconds * 70_000_000;
      tree.set(1, 'energy1_input', total);
      return context;
    },
    breakAll() {
      counters.faults.set('power1_average', 'EIO');
      counters.faults.set('energy1_input', 'ENODATA');
    },
    held: () => counters.opened - counters.closed,
    dispose: () => tree.remove(),
  };
}

function estimatedRig(usable: boolean): PowerSourceRig {
  const time = new Time();
  const proc = temporaryFolder();
  if (usable) {
    const cpu = { vendor: 'GenuineIntel', family: 6, model: 143, stepping: 8 };
    writeFileSync(join(proc, 'cpuinfo'), cpuinfo(cpu, 2));
  }
  return {
    source: new EstimatedSource({ proc }),
    advance: (seconds) => time.advance(seconds),
    dispose: () => rmSync(proc, { recursive: true }),
  };
}

function recordedRig(usable: boolean): PowerSourceRig {
  const time = new Time();
  const folder = temporaryFolder();
  if (usable) {
    const zones = [testZone('package-0'), testZone('core-0', 'core', 'inside package')];
    const rows = Array.from({ length: 10 }, () => [50_000_000, 20_000_000]);
    const recorder = new EnergyRecorder({
      folder,
      sources: [scriptedSource(zones, rows)],
      onFailure: (error) => {
        throw error;
      },
    });
    recorder.open();
    for (let step = 0; step <= rows.length; step += 1) recorder.read(contextAt(step * SECOND));
    recorder.close();
  }
  return {
    source: new RecordedSource({ folder, loop: false }),
    advance: (seconds) => time.advance(seconds),
    dispose: () => rmSync(folder, { recursive: true }),
  };
}

function perfRig(usable: boolean): PowerSourceRig {
  const time = new Time();
  const root = temporaryFolder();
  const write = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  };
  write('proc/cpuinfo', 'vendor_id\t: GenuineIntel');
  if (usable) {
    const pmu = 'sys/bus/event_source/devices/power';
    write(`${pmu}/type`, '23');
    write(`${pmu}/cpumask`, '0');
    write(`${pmu}/format/event`, 'config:0-7');
    for (const [name, config] of [
      ['energy-pkg', 2],
      ['energy-cores', 1],
      ['energy-psys', 5],
    ] as const) {
      write(`${pmu}/events/${name}`, `event=0x0${config}`);
      write(`${pmu}/events/${name}.scale`, '2.3283064365386962890625e-10');
      write(`${pmu}/events/${name}.unit`, 'Joules');
    }
    write('sys/devices/system/cpu/cpu0/topology/physical_package_id', '0');
  }
  let held = 0;
  let broken = false;
  return {
    source: new RaplPerfSource({
      sys: join(root, 'sys'),
      proc: join(root, 'proc'),
      clock: { monotonicNanoseconds: () => time.now },
      open() {
        held += 1;
        let closed = false;
        const zero = time.now;
        return {
          readJoules() {
            if (broken) throw Object.assign(new Error('read failed'), { code: 'EIO' });
            return ((time.now - zero) / SECOND) * 55;
          },
          close() {
            if (!closed) held -= 1;
            closed = true;
          },
        };
      },
    }),
    advance: (seconds) => time.advance(seconds),
    breakAll: () => {
      broken = true;
    },
    held: () => held,
    dispose: () => rmSync(root, { recursive: true }),
  };
}

function nvmlRig(usable: boolean): PowerSourceRig {
  const time = new Time();
  let held = 0;
  let broken = false;
  const ask = <T>(value: T): T => {
    if (broken) throw Object.assign(new Error('unknown error'), { code: 'NVML_ERROR_UNKNOWN' });
    return value;
  };
  const board = {
    uuid: 'GPU-00000000-0000',
    name: 'Board',
    pciBusId: '0000:01:00.0',
    migEnabled: false,
    migInstances: [],
    powerLimitMilliwatts: 300_000,
  };
  const library = (): NativeNvml => {
    held += 1;
    let closed = false;
    return {
      driverVersion: '550',
      deviceCount: () => (usable ? 1 : 0),
      device: () => board,
      totalEnergyMillijoules: () => ask(((time.now - START) / SECOND) * 90_000),
      powerMilliwatts: () => ask(90_000),
      utilisationPercent: () => ask(40),
      processUtilisation: () => ask([]),
      runningProcesses: () => ask([]),
      close() {
        if (!closed) held -= 1;
        closed = true;
      },
    };
  };
  return {
    source: new NvmlSource({
      open: library,
      clock: { monotonicNanoseconds: () => time.now },
      log: silentLogger,
    }),
    advance: (seconds) => time.advance(seconds),
    breakAll: () => {
      broken = true;
    },
    held: () => held,
    dispose: () => undefined,
  };
}

for (const [name, rig] of [
  ['rapl-powercap', (usable: boolean) => powercapRig(usable, 0)],
  ['rapl-powercap with the fast sampler', (usable: boolean) => powercapRig(usable, 1000)],
  ['rapl-perf', perfRig],
  ['hwmon', hwmonRig],
  ['nvml', nvmlRig],
  ['estimated', estimatedRig],
  ['recorded', recordedRig],
] as const) {
  checkPowerSource({ name, rig: () => rig(true), unusable: () => rig(false) });
}
