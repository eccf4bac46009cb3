import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PerfEnergyOpener, RaplPerfSource } from '../../src/meter/rapl-perf.ts';
import type { NativePerfEnergy } from '../../src/native/perf-energy.ts';

const SCALE = '2.3283064365386962890625e-10';
const CONFIG: Readonly<Record<string, number>> = {
  'energy-cores': 1,
  'energy-pkg': 2,
  'energy-ram': 3,
  'energy-gpu': 4,
  'energy-psys': 5,
};

export interface PerfMachine {
  /** Events of the PMU `power`. */
  readonly events: readonly string[];
  readonly cpumask: string;
  /** Package and die of each CPU; die undefined: no die_id file, as on old kernels. */
  readonly cpus: Readonly<Record<number, readonly [number, number?]>>;
  readonly vendor?: string;
  /** cpumask of the PMU `power_core` with its one event. */
  readonly coreMask?: string;
}

/** A tree with an energy PMU in the form of the kernel, and counters that the test moves. */
export class PerfHost {
  readonly root = mkdtempSync(join(tmpdir(), 'kisimd-perf-'));
  readonly sys = join(this.root, 'sys');
  readonly proc = join(this.root, 'proc');
  nanoseconds = 1e9;
  /** Joules by `type/config@cpu`. */
  readonly joules = new Map<string, number>();
  /** System error name by `type/config@cpu` or `type/config`: opens, then reads, fail so. */
  readonly openFaults = new Map<string, string>();
  readonly readFaults = new Map<string, string>();
  opened: string[] = [];
  closed: string[] = [];

  constructor(machine: PerfMachine) {
    this.write('proc/cpuinfo', `processor\t: 0\nvendor_id\t: ${machine.vendor ?? 'GenuineIntel'}\n`);
    this.write('proc/sys/kernel/perf_event_paranoid', '2\n');
    this.#pmu('power', 18, machine.cpumask);
    for (const event of machine.events) this.event('power', event, CONFIG[event] ?? 9);
    if (machine.coreMask !== undefined) {
      this.#pmu('power_core', 19, machine.coreMask);
      this.event('power_core', 'energy-core', 1);
    }
    for (const [cpu, [socket, die]] of Object.entries(machine.cpus)) {
      const topology = `sys/devices/system/cpu/cpu${cpu}/topology`;
      this.write(`${topology}/physical_package_id`, `${socket}\n`);
      if (die !== undefined) this.write(`${topology}/die_id`, `${die}\n`);
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }

  write(path: string, text: string): void {
    const file = join(this.root, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }

  event(pmu: string, name: string, config: number): void {
    const path = `sys/bus/event_source/devices/${pmu}/events/${name}`;
    this.write(path, `event=0x0${config}\n`);
    this.write(`${path}.unit`, 'Joules\n');
    this.write(`${path}.scale`, `${SCALE}\n`);
  }

  source(): RaplPerfSource {
    const clock = { monotonicNanoseconds: () => this.nanoseconds };
    return new RaplPerfSource({ sys: this.sys, proc: this.proc, open: this.#open, clock });
  }

  /** Opens, takes the first reading, lets `watts` flow for a second into the counters named, and reads again. */
  second(source: RaplPerfSource, watts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
    this.pass(1, watts);
    return Object.fromEntries(
      source.read().map(({ zone, energyMicrojoules }) => [zone.id, energyMicrojoules ?? Number.NaN]),
    );
  }

  pass(seconds: number, watts: Readonly<Record<string, number>>): void {
    this.nanoseconds += seconds * 1e9;
    for (const [key, joules] of Object.entries(watts)) {
      this.joules.set(key, (this.joules.get(key) ?? 0) + joules * seconds);
    }
  }

  #pmu(name: string, type: number, cpumask: string): void {
    const folder = `sys/bus/event_source/devices/${name}`;
    this.write(`${folder}/type`, `${type}\n`);
    this.write(`${folder}/cpumask`, `${cpumask}\n`);
    this.write(`${folder}/format/event`, 'config:0-7\n');
  }

  readonly #open: PerfEnergyOpener = ({ type, config, cpu, joulesPerCount }): NativePerfEnergy => {
    assert.equal(joulesPerCount, 2 ** -32);
    const key = `${type}/${config}@${cpu}`;
    const fault = this.openFaults.get(key) ?? this.openFaults.get(`${type}/${config}`);
    if (fault !== undefined) throw Object.assign(new Error(fault), { code: fault });
    this.opened.push(key);
    return {
      readJoules: () => {
        const broken = this.readFaults.get(key);
        if (broken !== undefined) throw Object.assign(new Error(broken), { code: broken });
        return this.joules.get(key) ?? 0;
      },
      close: () => {
        this.closed.push(key);
      },
    };
  };
}
