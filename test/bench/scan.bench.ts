import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadAddon } from '../../src/native/addon.ts';
import { type Bench, median } from './bench.ts';
import { crowdUpTo } from './support/crowd.ts';

const PROCESSES = 1000;
const SETTLING_TICKS = 12;

/** The native scan alone: one tick a second with caches emptied in between, as the daemon meets them at 1 Hz. */
export const scanBench: Bench = {
  name: 'scan',
  what: 'native scan of 1000 processes with cold caches, a tick a second',
  async run({ quick, progress }) {
    const ticks = quick ? 10 : 60;
    const crowd = await crowdUpTo(PROCESSES);
    const scanner = new (loadAddon().ProcessScanner)({
      procRoot: '/proc',
      clock: 'cpu-clock',
      births: 'auto',
      exits: 'auto',
      stormExitsPerSecond: 2000,
      reconcileSeconds: 60,
      lastCpuAboveNanoseconds: 0,
    });
    try {
      const evict = new Float64Array((64 * 2 ** 20) / 8);
      let alive = scanner.tick().alive;
      const cold: number[] = [];
      const control: number[] = [];
      let disturbed = 0;
      progress(`${ticks} ticks, one a second, ${alive} processes`);
      let deadline = performance.now();
      // Processes are looked at again while they are young (they may still be moved to their cgroup); ours are not.
      for (let tick = -SETTLING_TICKS; tick < ticks; tick++) {
        deadline += 1000;
        await sleep(Math.max(0, deadline - performance.now()));
        evict.fill(tick);
        const scan = undisturbed(() => {
          ({ alive } = scanner.tick());
        });
        if (tick < 0) continue;
        if (scan === undefined) disturbed += 1;
        else cold.push(scan);
        if (tick % 5 !== 0) continue;
        evict.fill(tick);
        // Tens of milliseconds: here the kernel's account is fine enough, and no run of it is undisturbed.
        const before = process.threadCpuUsage();
        readAllStats();
        const { user, system } = process.threadCpuUsage(before);
        control.push(user + system);
      }
      const perTick = median(cold);
      const controlPerTick = median(control);
      return {
        figures: [
          {
            what: 'CPU time a process a tick, cold caches',
            value: perTick / alive,
            unit: 'us',
            goal: 1.2,
            direction: 'at-most',
            control: { what: 'reading every /proc/PID/stat, us a process', value: controlPerTick / alive },
          },
          {
            what: 'share of a core at 1 Hz',
            value: perTick / 1e6 / 0.01,
            unit: '%',
            goal: 0.15,
            direction: 'at-most',
            control: { what: 'reading every /proc/PID/stat, %', value: controlPerTick / 1e6 / 0.01 },
          },
        ],
        seeds: [],
        details: {
          processes: alive,
          ticks,
          'ticks left out, put off the processor': disturbed,
          slowest: Math.max(...cold),
          refusals: scanner.refusals.join('; ') || 'none',
        },
      };
    } finally {
      scanner.close();
      await crowd.stop();
    }
  },
};

/**
 * Microseconds that the work took, undefined if this process was put off the processor meanwhile. Without that, elapsed
 * time is CPU time; getrusage would do, but the kernel brings it up to date only every 4 ms.
 */
function undisturbed(work: () => void): number | undefined {
  const switches = process.resourceUsage().involuntaryContextSwitches;
  const start = process.hrtime.bigint();
  work();
  const nanoseconds = Number(process.hrtime.bigint() - start);
  return process.resourceUsage().involuntaryContextSwitches === switches ? nanoseconds / 1000 : undefined;
}

function readAllStats(): void {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      readFileSync(`/proc/${name}/stat`);
    } catch (error) {
      // It ended between the listing and the reading.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
    }
  }
}
