import { setTimeout as sleep } from 'node:timers/promises';
import type { EnergyInterval } from '../../src/attribution/interval.ts';
import { systemClock } from '../../src/util/clock.ts';
import { silentLogger } from '../../src/util/log.ts';
import type { Bench } from './bench.ts';
import { startTool } from './support/bench-tool.ts';
import { meterPlayedTree } from './support/meter-played-tree.ts';
import { PlayedRapl } from './support/metered-host.ts';

/** Every interval of a run under changing load: idle + what each process burnt + unattributed against the counter. */
export const conservationBench: Bench = {
  name: 'conservation',
  what: 'sum of the parts against the node, every interval',
  async run({ quick, progress }) {
    const seconds = quick ? 10 : 60;
    const rapl = new PlayedRapl({ idleWatts: 30, wattsPerCore: 20 });
    await rapl.ready();
    const intervals: EnergyInterval[] = [];
    const metering = meterPlayedTree(rapl.sys, 100, { clock: systemClock, log: silentLogger });
    metering.addSink({ accept: (interval) => void intervals.push(interval) });
    metering.start();
    progress(`${seconds} s at 10 Hz under hogs and a storm of short processes`);
    const load = [startTool('hog', 0.6, seconds), startTool('storm', seconds * 8, 20, 100)];
    await sleep(seconds * 1000);
    for (const tool of load) await tool.stop();
    metering.stop();
    await rapl.stop();

    const errors = intervals.filter((interval) => interval.energyMicrojoules > 0).map(relativeError);
    const kinds = intervals.filter((interval) => interval.energyMicrojoules > 0).map(accountError);
    return {
      figures: [
        {
          what: 'greatest error of idle + processes + unattributed, any interval',
          value: Math.max(...errors) * 100,
          unit: '%',
          goal: 0.1,
          direction: 'at-most',
          control: {
            what: 'the same without the unattributed part, %',
            value: Math.max(...intervals.map(withoutRest)) * 100,
          },
        },
        {
          what: 'greatest error of node energy against its zones',
          value: Math.max(...kinds) * 100,
          unit: '%',
          goal: 0.1,
          direction: 'at-most',
          control: { what: 'intervals', value: errors.length },
        },
      ],
      seeds: [],
      details: { intervals: errors.length, 'late ticks': metering.status().lateTicks },
    };
  },
};

function processEnergy(interval: EnergyInterval): number {
  return interval.shares
    .filter((share) => share.entity.kind === 'process')
    .reduce((sum, share) => sum + share.energyMicrojoules, 0);
}

function relativeError(interval: EnergyInterval): number {
  const parts = interval.idleMicrojoules + processEnergy(interval) + interval.unattributedMicrojoules;
  return Math.abs(parts / interval.energyMicrojoules - 1);
}

function withoutRest(interval: EnergyInterval): number {
  return Math.abs((interval.idleMicrojoules + processEnergy(interval)) / interval.energyMicrojoules - 1);
}

function accountError(interval: EnergyInterval): number {
  const zones = interval.zones
    .filter(({ zone }) => zone.counted)
    .reduce((sum, zone) => sum + (zone.energyMicrojoules ?? 0), 0);
  return Math.abs(zones / interval.energyMicrojoules - 1);
}
