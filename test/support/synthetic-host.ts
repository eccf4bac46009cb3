import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock } from '../../src/util/clock.ts';
import type { HostRoots } from '../../src/util/host-roots.ts';
import { FakeCounters } from './file-counter-set.ts';
import { INTEL_RANGE, PowercapTreeFixture } from './powercap-tree.ts';

const TICK_NANOSECONDS = 10_000_000;

interface SyntheticProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly startTicks: number;
  readonly comm: string;
  readonly cmdline: readonly string[];
  readonly cgroup: string;
  /** Where it runs; -1 = on all CPUs alike. */
  cpu: number;
  cpuNanoseconds: number;
}

export interface ProcessOptions {
  readonly comm: string;
  readonly ppid?: number;
  readonly cmdline?: readonly string[];
  /** Path in the unified hierarchy. */
  readonly cgroup?: string;
  /** The CPU that it stays on; without it its work lies on all of them alike. */
  readonly cpu?: number;
}

export interface SyntheticHostOptions {
  /** Logical CPUs, numbered socket by socket, the threads of a core one after the other. */
  readonly cpus?: number;
  readonly sockets?: number;
  readonly threadsPerCore?: number;
  /** Extra power of a second busy thread of a core, as a share of the first's. */
  readonly smtFactor?: number;
  /** Of the whole host; each socket has an equal part. */
  readonly idleWatts?: number;
  readonly wattsPerCore?: number;
}

/**
 * A whole host made of files: /proc, cgroup v2 and powercap, with a clock of its own. Its power is known exactly:
 * idle watts plus so many watts for each core that works (threads of a core work at the same time by chance). Time passes only in `run`, so that a test is exact and
 * takes no time; what each process burnt is known to the nanosecond.
 */
export class SyntheticHost {
  readonly roots: HostRoots;
  readonly counters = new FakeCounters();
  readonly idleWatts: number;
  readonly wattsPerCore: number;
  readonly cpus: number;
  readonly sockets: number;
  readonly threadsPerCore: number;
  readonly smtFactor: number;
  /** True CPU time by pid, and of processes that came and went within `burst`, by cgroup. */
  readonly burntByPid = new Map<number, number>();
  readonly burstByCgroup = new Map<string, number>();
  energyMicrojoules = 0;
  /** The same by socket. */
  readonly socketMicrojoules: Float64Array;
  /** CPUs that an administrator took offline: they do no work and are in no list. */
  readonly #offline = new Set<number>();
  busyNanoseconds = 0;
  readonly #tree: PowercapTreeFixture;
  readonly #folder: string;
  readonly #processes = new Map<number, SyntheticProcess>();
  readonly #cgroups = new Map<string, number>();
  readonly #cpuBusy: Float64Array;
  #nanoseconds = 1_000_000_000_000;
  #unixOffsetMilliseconds = 1_700_000_000_000;

  constructor(options: SyntheticHostOptions = {}) {
    this.cpus = options.cpus ?? 2;
    this.sockets = options.sockets ?? 1;
    this.threadsPerCore = options.threadsPerCore ?? 1;
    this.smtFactor = options.smtFactor ?? 0.3;
    this.socketMicrojoules = new Float64Array(this.sockets);
    this.idleWatts = options.idleWatts ?? 30;
    this.wattsPerCore = options.wattsPerCore ?? 20;
    this.#cpuBusy = new Float64Array(this.cpus);
    this.#folder = mkdtempSync(join(tmpdir(), 'kisimd-host-'));
    const zones = Array.from({ length: this.sockets }, (_, socket) => [
      `intel-rapl:${socket}`,
      { name: `package-${socket}`, energyMicrojoules: 0, rangeMicrojoules: INTEL_RANGE },
    ]);
    this.#tree = new PowercapTreeFixture(Object.fromEntries(zones));
    this.roots = { proc: join(this.#folder, 'proc'), sys: this.#tree.sys, root: join(this.#folder, 'root') };
    const cgroupRoot = join(this.roots.sys, 'fs/cgroup');
    for (let cpu = 0; cpu < this.cpus; cpu++) this.#writeTopology(cpu);
    this.#write(
      join(this.roots.proc, 'self/mountinfo'),
      `30 1 0:26 / ${cgroupRoot} rw - cgroup2 cgroup2 rw\n`,
    );
    mkdirSync(cgroupRoot, { recursive: true });
    this.counters.nanoseconds = this.#nanoseconds;
    this.addProcess(1, { comm: 'init' });
  }

  readonly clock: Clock = {
    monotonicNanoseconds: () => this.#nanoseconds,
    unixMilliseconds: () => this.#unixOffsetMilliseconds + this.#nanoseconds / 1e6,
  };

  /** An operator sets the clock of the day. */
  setClock(byMilliseconds: number): void {
    this.#unixOffsetMilliseconds += byMilliseconds;
  }

  /** Puts the counter of the first package to a value, as after a wrap or a reset. */
  setCounter(energyMicrojoules: number): void {
    this.energyMicrojoules += energyMicrojoules - this.socketMicrojoules[0]!;
    this.socketMicrojoules[0] = energyMicrojoules;
    this.flush();
  }

  /** Takes a CPU offline, or online again; the last one stays. */
  setOnline(cpu: number, online: boolean): void {
    if (online) this.#offline.delete(cpu);
    else this.#offline.add(cpu);
    rmSync(join(this.#cpuFolder(cpu), 'topology'), { recursive: true, force: true });
    if (online) this.#writeTopology(cpu);
    const list = this.#onlineCpus().join(',');
    this.#write(join(this.roots.sys, 'devices/system/cpu/online'), `${list}\n`);
    this.flush();
  }

  /** The scheduler puts a process elsewhere. */
  moveTo(pid: number, cpu: number): void {
    this.#processes.get(pid)!.cpu = cpu;
  }

  addProcess(pid: number, options: ProcessOptions): void {
    const { comm, ppid = 1, cmdline = [comm], cgroup = '/', cpu = -1 } = options;
    const startTicks = Math.floor(this.#nanoseconds / TICK_NANOSECONDS);
    this.#processes.set(pid, { pid, ppid, startTicks, comm, cmdline, cgroup, cpu, cpuNanoseconds: 0 });
    this.burntByPid.set(pid, 0);
    this.#addCgroup(cgroup);
    this.flush();
  }

  /** The process is gone; its cgroup and the host keep its CPU time. */
  removeProcess(pid: number): void {
    this.#processes.delete(pid);
    rmSync(join(this.roots.proc, String(pid)), { recursive: true });
  }

  /** The cgroup is removed and made again under the same name: its counter starts from zero. */
  resetCgroup(path: string): void {
    this.#cgroups.set(path, 0);
    this.flush();
  }

  /**
   * Lets time pass.
   * @param loads share of one core by pid
   * @param bursts CPU milliseconds burnt in a cgroup by processes that came and went in this time
   */
  run(
    milliseconds: number,
    loads: Readonly<Record<number, number>> = {},
    bursts: Readonly<Record<string, number>> = {},
  ): void {
    const duration = milliseconds * 1e6;
    const busy = new Float64Array(this.cpus);
    for (const [pid, share] of Object.entries(loads)) {
      const process = this.#processes.get(Number(pid))!;
      process.cpuNanoseconds += duration * share;
      this.burntByPid.set(process.pid, this.burntByPid.get(process.pid)! + duration * share);
      this.#burn(process.cgroup, duration * share);
      this.#work(busy, process.cpu, duration * share);
    }
    for (const [cgroup, cpuMilliseconds] of Object.entries(bursts)) {
      this.#addCgroup(cgroup);
      this.burstByCgroup.set(cgroup, (this.burstByCgroup.get(cgroup) ?? 0) + cpuMilliseconds * 1e6);
      this.#burn(cgroup, cpuMilliseconds * 1e6);
      this.#work(busy, -1, cpuMilliseconds * 1e6);
    }
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      this.#cpuBusy[cpu]! += busy[cpu]!;
      this.busyNanoseconds += busy[cpu]!;
    }
    this.#nanoseconds += duration;
    for (let socket = 0; socket < this.sockets; socket++) {
      const coreTime = this.#coreTime(socket, busy, duration);
      const energy = ((this.idleWatts / this.sockets) * duration + this.wattsPerCore * coreTime) / 1000;
      this.socketMicrojoules[socket]! += energy;
      this.energyMicrojoules += energy;
    }
    this.counters.nanoseconds = this.#nanoseconds;
    this.flush();
  }

  /** Energy in joules that so much CPU time costs, beyond idle. */
  joulesOf(cpuNanoseconds: number): number {
    return (this.wattsPerCore * cpuNanoseconds) / 1e9;
  }

  flush(): void {
    for (const [socket, energy] of this.socketMicrojoules.entries())
      this.#tree.set(`intel-rapl:${socket}`, Math.floor(energy % INTEL_RANGE));
    const rows = this.#onlineCpus().map((cpu) => this.#statRow(`cpu${cpu}`, this.#cpuBusy[cpu]!, 1));
    const total = this.#statRow('cpu ', this.busyNanoseconds, this.cpus);
    this.#write(join(this.roots.proc, 'stat'), `${[total, ...rows].join('\n')}\nbtime 1700000000\n`);
    for (const process of this.#processes.values()) this.#writeProcess(process);
    for (const [path, nanoseconds] of this.#cgroups) {
      const text = `usage_usec ${Math.floor(nanoseconds / 1000)}\nuser_usec 0\nsystem_usec 0\n`;
      this.#write(join(this.roots.sys, 'fs/cgroup', path, 'cpu.stat'), text);
    }
  }

  remove(): void {
    this.#tree.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #onlineCpus(): number[] {
    return Array.from({ length: this.cpus }, (_, cpu) => cpu).filter((cpu) => !this.#offline.has(cpu));
  }

  #cpuFolder(cpu: number): string {
    return join(this.roots.sys, `devices/system/cpu/cpu${cpu}`);
  }

  #writeTopology(cpu: number): void {
    const perSocket = this.cpus / this.sockets;
    const folder = join(this.#cpuFolder(cpu), 'topology');
    this.#write(join(folder, 'physical_package_id'), `${Math.floor(cpu / perSocket)}\n`);
    this.#write(join(folder, 'core_id'), `${Math.floor((cpu % perSocket) / this.threadsPerCore)}\n`);
  }

  #work(busy: Float64Array, cpu: number, nanoseconds: number): void {
    const cpus = cpu >= 0 ? [cpu] : this.#onlineCpus();
    for (const one of cpus) busy[one]! += nanoseconds / cpus.length;
  }

  /** Nanoseconds of whole cores that a socket's power follows. */
  #coreTime(socket: number, busy: Float64Array, duration: number): number {
    const perSocket = this.cpus / this.sockets;
    let time = 0;
    for (let first = socket * perSocket; first < (socket + 1) * perSocket; first += this.threadsPerCore) {
      const threads = [...busy.subarray(first, first + this.threadsPerCore)];
      const total = threads.reduce((sum, one) => sum + one, 0);
      const any = duration * (1 - threads.reduce((idle, one) => idle * (1 - one / duration), 1));
      time += this.threadsPerCore === 1 ? total : any + this.smtFactor * (total - any);
    }
    return time;
  }

  #addCgroup(path: string): void {
    for (let at = path; at !== '/' && at !== '.'; at = dirname(at))
      if (!this.#cgroups.has(at)) this.#cgroups.set(at, 0);
  }

  #burn(cgroup: string, nanoseconds: number): void {
    for (let at = cgroup; at !== '/' && at !== '.'; at = dirname(at)) {
      this.#cgroups.set(at, this.#cgroups.get(at)! + nanoseconds);
    }
  }

  #statRow(name: string, busyNanoseconds: number, cpus: number): string {
    const busy = Math.round(busyNanoseconds / TICK_NANOSECONDS);
    const all = Math.round((this.#nanoseconds * cpus) / TICK_NANOSECONDS);
    return `${name} ${busy} 0 0 ${Math.max(0, all - busy)} 0 0 0 0 0 0`;
  }

  #writeProcess(process: SyntheticProcess): void {
    const { pid, ppid, comm, startTicks, cmdline, cgroup, cpu, cpuNanoseconds } = process;
    const folder = join(this.roots.proc, String(pid));
    const utime = Math.round(cpuNanoseconds / TICK_NANOSECONDS);
    // PF_KTHREAD marks kernel threads; they have no arguments.
    const flags = cmdline.length === 0 ? 0x00200040 : 0x00400000;
    const fields = `${ppid} ${pid} ${pid} 0 -1 ${flags} 0 0 0 0 ${utime} 0 0 0 20 0 1 0 ${startTicks} 0 0`;
    const rest = Array.from({ length: 14 }, () => '0').join(' ');
    this.#write(
      join(folder, 'stat'),
      `${pid} (${comm}) S ${fields} ${rest} ${Math.max(0, cpu)} 0 0 0 0 0 0 0 0 0 0 0 0\n`,
    );
    if (existsSync(join(folder, 'cgroup'))) return;
    this.#write(join(folder, 'cgroup'), `0::${cgroup}\n`);
    this.#write(join(folder, 'comm'), `${comm}\n`);
    this.#write(join(folder, 'cmdline'), cmdline.map((word) => `${word}\0`).join(''));
  }

  #write(path: string, text: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
