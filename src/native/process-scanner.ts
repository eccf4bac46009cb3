export interface ProcessScannerOptions {
  readonly procRoot: string;
  /**
   * `cpu-clock`: the process's CPU clock (exact, nanoseconds; the real /proc only).
   * `stat`: utime + stime of `<procRoot>/PID/stat` in USER_HZ ticks (trees played or captured).
   */
  readonly clock: 'cpu-clock' | 'stat';
  /** How births are seen. `auto` takes the proc connector when its self-test passes, else readdir. */
  readonly births: 'auto' | 'connector' | 'readdir';
  /** How exits are seen. `auto` takes taskstats when its self-test passes, else none. */
  readonly exits: 'auto' | 'taskstats' | 'none';
  /** Above this rate of exits the event tiers are left for readdir until the storm is over. */
  readonly stormExitsPerSecond: number;
  /** A full readdir this often repairs whatever the events missed. */
  readonly reconcileSeconds: number;
  /**
   * Fill `activeLastCpu` for processes that used at least this many nanoseconds in the tick (0 = never). Needed
   * on machines with several sockets, and for SMT weights; costs one read of /proc/PID/stat for each of those.
   */
  readonly lastCpuAboveNanoseconds: number;
}

/** Read once, when a process is first seen. Later renames (exec) come as a birth with the same slot. */
export interface ProcessRecord {
  /** Index of the process in the native table; valid until its exit has been reported, then used again. */
  readonly slot: number;
  readonly pid: number;
  /** -1 where stat could not be read. */
  readonly ppid: number;
  /** Field 22 of /proc/PID/stat: with the pid, the identity of a process. -1 where it could not be read. */
  readonly startTicks: number;
  readonly comm: string;
  /** Arguments, still separated by NUL, up to 64 KiB of them; empty for kernel threads. */
  readonly cmdline: string;
  /** The whole of /proc/PID/cgroup; empty where it could not be read. */
  readonly cgroup: string;
  readonly kernelThread: boolean;
  /** System error name of the first file that could not be read, '' if all could. A process is never dropped for it. */
  readonly unreadable: string;
}

export interface ProcessExit {
  readonly slot: number;
  /**
   * CPU time since the process's last tick; from taskstats, else 0 (its cgroup still has the truth). All of it: a
   * slot that exits is never among the active ones of the same tick.
   */
  readonly cpuNanoseconds: number;
  /**
   * The kernel's record was there. It is made before the address space is taken down (0.05 to 0.2 ms are missing),
   * and may lack up to a scheduler tick where the process gave up the CPU of its own accord before.
   */
  readonly exact: boolean;
}

/** A process that was born and gone between two ticks, known from its exit record alone. */
export interface ShortLivedProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly comm: string;
  readonly cpuNanoseconds: number;
  /** Slot of the nearest ancestor that is in the table, from the fork events; -1 if unknown. */
  readonly ancestorSlot: number;
}

export interface ProcessTick {
  /** CLOCK_MONOTONIC at the end of the process pass, just before the cgroup counters are read. */
  readonly monotonicNanoseconds: number;
  readonly born: readonly ProcessRecord[];
  readonly exited: readonly ProcessExit[];
  readonly shortLived: readonly ShortLivedProcess[];
  /** Number of processes alive. */
  readonly alive: number;
  /** How many entries of the `active*` arrays below are valid: processes whose clock moved in this tick. */
  readonly activeCount: number;
  /** These arrays are owned by the scanner and overwritten by the next tick. */
  readonly activeSlots: Int32Array;
  readonly activeCpuNanoseconds: Float64Array;
  /** CPU number it last ran on, -1 where not read. */
  readonly activeLastCpu: Int32Array;
  /** Cumulative CPU time of each group by its id; NaN where it is gone or unreadable in this tick. */
  readonly groupCpuNanoseconds: Float64Array;
  /**
   * /proc/stat in nanoseconds, 10 columns a CPU in the kernel's order (user nice system idle iowait irq softirq
   * steal guest guest_nice), row 0 = the line of all CPUs, row 1.. = each online CPU in file order.
   */
  readonly hostCpuNanoseconds: Float64Array;
  /** CPU number of each row of `hostCpuNanoseconds` after row 0. */
  readonly hostCpuIds: Int32Array;
  readonly status: ScannerStatus;
}

export interface ScannerStatus {
  readonly births: 'connector' | 'readdir';
  readonly exits: 'taskstats' | 'none';
  /** True while a fork storm holds the scanner in the cheaper tier. */
  readonly storm: boolean;
  /** Times that the kernel dropped events (ENOBUFS) since start; each one is followed by a full readdir. */
  readonly overruns: number;
  /** Processes with an unreadable file, alive now. */
  readonly unreadable: number;
}

export interface NativeProcessScanner {
  /** Why a better tier was not taken, one sentence each ("taskstats: EPERM, needs CAP_NET_ADMIN"). */
  readonly refusals: readonly string[];
  /**
   * Watches a cgroup's CPU counter through a held descriptor (with `clock: 'stat'` it is opened anew at each tick,
   * for trees that are played by replacing files); returns a group id (small, dense, used again after
   * removal). `format`: `usage-ns` = cpuacct.usage, `cpu-stat` = the usage_usec line of cpu.stat.
   * Throws an Error with `code` where the file cannot be opened.
   */
  addGroup(path: string, format: 'usage-ns' | 'cpu-stat'): number;
  removeGroup(group: number): void;
  /** Reads one group's counter now, in nanoseconds; NaN where it is gone or unreadable. */
  readGroup(group: number): number;
  /** One pass: events, clocks, then groups, then /proc/stat. Synchronous. */
  tick(): ProcessTick;
  close(): void;
}
