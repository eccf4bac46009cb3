import { copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NowEntity, NowSnapshot } from '../../src/export/now-snapshot.ts';
import { SyntheticHost } from '../support/synthetic-host.ts';
import { SyntheticMeter } from '../support/synthetic-meter.ts';
import type { Bench, BenchFigure } from './bench.ts';
import { BenchProcess, benchTool, startTool } from './support/bench-tool.ts';
import { cpuHierarchy, HostCgroup } from './support/host-cgroup.ts';
import { MeteredHost, PlayedRapl } from './support/metered-host.ts';

const power = { idleWatts: 30, wattsPerCore: 20 };
const container = 'a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90';

/**
 * Known truth on this very machine: the counter is advanced from the real busy time at 30 W idle and 20 W a busy
 * core, so what each process cost is 20 W times the CPU time that it reports of itself.
 */
export const truthBench: Bench = {
  name: 'truth',
  what: 'a steady process, 200 processes of 50 ms in a container, and idle, against a known truth',
  skip: () => {
    if (process.getuid?.() !== 0) return 'it makes a cgroup, which needs root';
    return cpuHierarchy() === undefined ? 'no cgroup hierarchy is mounted' : undefined;
  },
  async run({ quick, progress }) {
    const seconds = quick ? 20 : 60;
    const rapl = new PlayedRapl(power);
    await rapl.ready();
    const host = new MeteredHost({ intervalMilliseconds: 1000, sys: rapl.sys });
    const cgroup = new HostCgroup(`docker/${container}`);
    try {
      await host.ready();
      progress('load varies for a while, so that idle can be told from work');
      await varyLoad(quick ? 1 : 3);

      progress(
        `a steady process of 80 % of a core and a guest of 20 % for ${seconds} s, a storm in a container`,
      );
      const before = await host.now();
      const hog = startTool('hog', 0.8, seconds);
      const guest = startGuest(seconds);
      await sleep(5000);
      const count = quick ? 50 : 200;
      const storm = new BenchProcess('sh', [
        '-c',
        `${cgroup.joinCommand}; exec '${benchTool()}' storm ${count} 50 150`,
      ]);
      const stormTruth = await storm.result<{ cpuNanoseconds: number; ownNanoseconds: number }>();
      const hogTruth = await hog.result<{ cpuNanoseconds: number }>();
      const guestTruth = await guest.result<{ cpuNanoseconds: number }>();
      const after = await host.intervals(2);

      const watts = (cpuNanoseconds: number) => (power.wattsPerCore * cpuNanoseconds) / 1e9;
      const hogError = joulesOf(after, (e) => e.pid === hog.pid) / watts(hogTruth.cpuNanoseconds) - 1;
      const guestError = joulesOf(after, (e) => e.kind === 'vm') / watts(guestTruth.cpuNanoseconds) - 1;
      const inContainer = joulesOf(after, (e) => e.kind === 'container' && e.containerId === container);
      const parent = joulesOf(after, (e) => e.pid === storm.pid);
      const shortTruth = watts(stormTruth.cpuNanoseconds);
      const found = (inContainer - parent) / shortTruth;
      const idleWatts = after.zones[0]!.idleWatts;

      // What a split by utilisation would have said of the same process: it charges idle to whoever runs.
      const energy = after.node.joules - before.node.joules;
      const busySeconds = (energy - power.idleWatts * elapsedSeconds(before, after)) / power.wattsPerCore;
      const utilisation = busySeconds / (elapsedSeconds(before, after) * after.node.cpuCount);
      const byUtilisation = (energy * utilisation * (hogTruth.cpuNanoseconds / 1e9)) / busySeconds;
      const controlError = Math.abs(byUtilisation / watts(hogTruth.cpuNanoseconds) - 1) * 100;

      const figures: [BenchFigure, ...BenchFigure[]] = [
        {
          what: 'error of a steady process',
          value: Math.abs(hogError) * 100,
          unit: '%',
          goal: 1,
          direction: 'at-most',
          control: { what: 'energy x utilisation split over CPU time, same run, %', value: controlError },
        },
        {
          what: 'energy of short processes found in their container',
          value: Math.min(found, 2 - found) * 100,
          unit: '%',
          goal: 99,
          direction: 'at-least',
          control: {
            what: 'seen by name, as a scan of living processes would, %',
            value: namedShare(after, storm.pid, shortTruth),
          },
        },
        {
          what: 'error of idle power once load has varied',
          value: Math.abs(idleWatts / power.idleWatts - 1) * 100,
          unit: '%',
          goal: 2,
          direction: 'at-most',
          control: {
            what: 'lowest power seen by the meter, error %',
            value: Math.abs(before.node.watts! / power.idleWatts - 1) * 100,
          },
        },
        {
          what: 'error of a guest (its QEMU process)',
          value: Math.abs(guestError) * 100,
          unit: '%',
          goal: 1,
          direction: 'at-most',
          control: { what: 'same split as the first control, %', value: controlError },
        },
      ];
      figures.push(...(await playedTruth()));
      return {
        figures,
        seeds: [],
        details: {
          'idle watts': idleWatts,
          'idle state': after.zones[0]!.idleState,
          'true joules of the process': watts(hogTruth.cpuNanoseconds),
          'metered joules of the process': joulesOf(after, (e) => e.pid === hog.pid),
          'true joules of the short processes': shortTruth,
          'metered joules of the short processes': inContainer - parent,
          'mean CPUs busy': busySeconds / elapsedSeconds(before, after),
        },
      };
    } finally {
      await host.stop();
      await rapl.stop();
      cgroup.remove();
    }
  },
};

/** The same on a host made of files, where time is played and truth is exact to the nanosecond. */
async function playedTruth(): Promise<BenchFigure[]> {
  const host = new SyntheticHost(power);
  const path = `/system.slice/docker-${container}.scope`;
  host.addProcess(100, { comm: 'hog', cgroup: '/user.slice' });
  host.addProcess(102, { comm: 'sh', cgroup: path });
  const meter = new SyntheticMeter(host);
  try {
    for (let second = 0; second < 120; second++) meter.second({ 100: (second % 9) / 8 });
    const from = meter.intervals.length;
    for (let second = 0; second < 50; second++) meter.second({ 100: 0.8 }, { [path]: 200 });
    const joules = meter.joules(from);
    const hog = [...joules].find(([key]) => key.startsWith('process:100:'))?.[1] ?? Number.NaN;
    const found = (joules.get(`container:${container}`) ?? Number.NaN) / host.joulesOf(200 * 50e6);
    const idle = meter.intervals.at(-1)!.zones[0]!.idleWatts;
    return [
      {
        what: 'error of a steady process on a synthetic /proc',
        value: Math.abs(hog / host.joulesOf(40e9) - 1) * 100,
        unit: '%',
        goal: 1,
        direction: 'at-most',
        control: { what: 'true joules', value: host.joulesOf(40e9) },
      },
      {
        what: 'energy of short processes found on a synthetic /proc',
        value: Math.min(found, 2 - found) * 100,
        unit: '%',
        goal: 99,
        direction: 'at-least',
        control: { what: 'true joules', value: host.joulesOf(200 * 50e6) },
      },
      {
        what: 'error of idle power on a synthetic /proc',
        value: Math.abs(idle / power.idleWatts - 1) * 100,
        unit: '%',
        goal: 2,
        direction: 'at-most',
        control: { what: 'true watts', value: power.idleWatts },
      },
    ];
  } finally {
    meter.close();
  }
}

async function varyLoad(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const share of [0, 0.3, 0.9]) {
      const hogs = share === 0 ? [] : [startTool('hog', share, 8), startTool('hog', share / 2, 8)];
      if (hogs.length === 0) await sleep(8000);
      for (const hog of hogs) await hog.ended();
    }
  }
}

/** A process that looks like a QEMU guest; what runs inside does not matter to the meter. */
function startGuest(seconds: number): BenchProcess {
  const copy = join(dirname(benchTool()), 'qemu-system-x86_64');
  copyFileSync(benchTool(), copy);
  return new BenchProcess(copy, [
    'hog',
    '0.2',
    String(seconds),
    '-name',
    'guest=bench-guest,debug-threads=on',
  ]);
}

function joulesOf(snapshot: NowSnapshot, matches: (entity: NowEntity) => boolean): number {
  const found = snapshot.entities.filter(matches);
  if (found.length === 0) return Number.NaN;
  return found.reduce((sum, entity) => sum + entity.joules, 0);
}

function elapsedSeconds(before: NowSnapshot, after: NowSnapshot): number {
  return (after.unixMilliseconds - before.unixMilliseconds) / 1000;
}

/** Energy of short processes that a scan met alive and so can name, in percent of what they burnt. */
function namedShare(snapshot: NowSnapshot, stormPid: number, truth: number): number {
  const named = snapshot.entities.filter(
    (entity) =>
      entity.kind === 'process' &&
      entity.containerId === container &&
      entity.pid !== 0 &&
      entity.pid !== stormPid,
  );
  return (named.reduce((sum, entity) => sum + entity.joules, 0) / truth) * 100;
}
