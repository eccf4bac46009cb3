import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, BenchOptions, BenchResult } from './bench.ts';
import { type BenchProcess, startTool } from './support/bench-tool.ts';
import { crowdUpTo } from './support/crowd.ts';
import { busyCounterPath } from './support/host-cgroup.ts';
import { MeteredHost, PlayedRapl } from './support/metered-host.ts';
import { NaiveMeter } from './support/naive-meter.ts';

const PROCESSES = 1000;
const TICKS_PER_SECOND = 100;
/** As Prometheus does by default. */
const SCRAPE_EVERY_SECONDS = 15;

interface Plan {
  readonly intervalMilliseconds: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly controlSeconds: number;
}

interface Measured {
  readonly percentOfCore: number;
  readonly controlPercent: number;
  readonly residentMegabytes: number[];
  readonly intervals: number;
  readonly expectedIntervals: number;
  readonly lateTicks: number;
  readonly processes: number;
}

/** 1000 processes, a tenth of them waking every second, three burning a tenth of a core: the daemon as users run it. */
async function measure(plan: Plan, { progress }: BenchOptions): Promise<Measured> {
  const rapl = new PlayedRapl({ idleWatts: 30, wattsPerCore: 20 }, 100);
  await rapl.ready();
  const crowd = await crowdUpTo(PROCESSES);
  const hogs = [1, 2, 3].map(() =>
    startTool('hog', 0.1, plan.warmUpSeconds + plan.seconds + plan.controlSeconds + 60),
  );
  const host = new MeteredHost({ intervalMilliseconds: plan.intervalMilliseconds, sys: rapl.sys });
  try {
    await host.ready();
    progress(`warming up for ${plan.warmUpSeconds} s (${busyCounterPath()} plays the counter)`);
    await sleep(plan.warmUpSeconds * 1000);
    const cpuBefore = cpuSeconds(host.daemon.pid);
    const before = await host.now();
    const lateBefore = await lateTicks(host);
    const startedAt = performance.now();
    const residentMegabytes: number[] = [];
    const scrapes = Math.max(1, Math.round(plan.seconds / SCRAPE_EVERY_SECONDS));
    for (let scrape = 1; scrape <= scrapes; scrape++) {
      await sleep(startedAt + (scrape * plan.seconds * 1000) / scrapes - performance.now());
      await (await host.get('/metrics')).text();
      residentMegabytes.push(residentMegabytesOf(host.daemon));
      if (scrape % 20 === 0) {
        const left = Math.round((plan.seconds * (scrapes - scrape)) / scrapes);
        progress(`${residentMegabytes.at(-1)!.toFixed(1)} MB resident, ${left} s left`);
      }
    }
    const elapsed = (performance.now() - startedAt) / 1000;
    const percentOfCore = ((cpuSeconds(host.daemon.pid) - cpuBefore) / elapsed) * 100;
    const after = await host.now();
    progress('the control: reading /proc/PID/stat of every process at the same rate');
    const controlPercent = await new NaiveMeter(plan.intervalMilliseconds).percentOfCore(plan.controlSeconds);
    return {
      percentOfCore,
      controlPercent,
      residentMegabytes,
      intervals: after.sequence - before.sequence,
      expectedIntervals: Math.round(
        (after.unixMilliseconds - before.unixMilliseconds) / plan.intervalMilliseconds,
      ),
      lateTicks: (await lateTicks(host)) - lateBefore,
      processes: after.node.processCount,
    };
  } finally {
    await host.stop();
    for (const process of [...hogs, crowd]) await process.stop();
    await rapl.stop();
  }
}

export const daemonBench: Bench = {
  name: 'daemon',
  what: 'whole daemon at 1 Hz with 1000 processes, storing and scraped every 15 s, for an hour',
  async run(options): Promise<BenchResult> {
    const seconds = options.quick ? 60 : 60 * (options.minutes ?? 60);
    const measured = await measure(
      { intervalMilliseconds: 1000, warmUpSeconds: options.quick ? 15 : 180, seconds, controlSeconds: 30 },
      options,
    );
    const { residentMegabytes } = measured;
    const third = Math.ceil(residentMegabytes.length / 3);
    const early = Math.max(...residentMegabytes.slice(0, third));
    const late = Math.max(...residentMegabytes.slice(-third));
    return {
      figures: [
        cpuFigure(measured, 0.5),
        {
          what: 'resident memory, greatest',
          value: Math.max(...residentMegabytes),
          unit: 'MB',
          goal: 120,
          direction: 'at-most',
          control: { what: 'a bare Node process, MB', value: bareNodeMegabytes() },
        },
        {
          what: 'growth: peak of the last third over peak of the first third',
          value: late - early,
          unit: 'MB',
          goal: 5,
          direction: 'at-most',
          control: { what: 'peak of the first third, MB', value: early },
        },
      ],
      seeds: [],
      details: {
        seconds,
        processes: measured.processes,
        'late ticks': measured.lateTicks,
        'resident MB, every minute': residentMegabytes.filter((_, index) => index % 4 === 3),
      },
    };
  },
};

export const daemon10HzBench: Bench = {
  name: 'daemon-10hz',
  what: 'whole daemon at 10 Hz with 1000 processes',
  async run(options): Promise<BenchResult> {
    const seconds = options.quick ? 20 : 180;
    const measured = await measure(
      { intervalMilliseconds: 100, warmUpSeconds: 20, seconds, controlSeconds: 20 },
      options,
    );
    return {
      figures: [
        cpuFigure(measured, 2),
        {
          what: 'samples lost',
          value: Math.max(0, measured.expectedIntervals - measured.intervals),
          unit: 'samples',
          goal: 0,
          direction: 'at-most',
          control: { what: 'samples due', value: measured.expectedIntervals },
        },
      ],
      seeds: [],
      details: { seconds, processes: measured.processes, 'late ticks': measured.lateTicks },
    };
  },
};

function cpuFigure(measured: Measured, goal: number) {
  return {
    what: 'CPU of the daemon',
    value: measured.percentOfCore,
    unit: '% of a core',
    goal,
    direction: 'at-most' as const,
    control: { what: 'a loop over /proc/PID/stat at the same rate, %', value: measured.controlPercent },
  };
}

/** User and system time of all threads, from the kernel's own account. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function residentMegabytesOf(daemon: BenchProcess): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'));
  return (Number(line?.[1]) * 1024) / 1e6;
}

function bareNodeMegabytes(): number {
  const script = 'process.stdout.write(String(process.memoryUsage.rss()))';
  return Number(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })) / 1e6;
}

async function lateTicks(host: MeteredHost): Promise<number> {
  const text = await (await host.get('/metrics')).text();
  return Number(/^kisimd_late_ticks_total(?:\{[^}]*\})? (\S+)$/m.exec(text)?.[1] ?? Number.NaN);
}
