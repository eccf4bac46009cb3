import type { Milliseconds } from '../../util/units.ts';
import { meanWatts } from '../../util/units.ts';
import { timeText } from '../time-left.ts';
import { wattsText } from '../top/text.ts';
import type { Progress } from './take-readings.ts';

/** What a person sees while readings are taken: how many, how many a second, the power, and the time left. */
export function progressLine(progress: Progress, forMilliseconds: Milliseconds | undefined): string {
  const seconds = progress.elapsedNanoseconds / 1e9;
  // The first reading is no interval.
  const rate = progress.readings > 1 ? ((progress.readings - 1) / seconds).toFixed(1) : '?';
  const left =
    forMilliseconds === undefined
      ? 'Ctrl-C ends it'
      : `${timeText(Math.max(0, forMilliseconds / 1000 - seconds))} left`;
  return `${progress.readings} ${progress.readings === 1 ? 'reading' : 'readings'}, ${rate} a second, ${wattsText(countedWatts(progress))} W, ${left}`;
}

/** Mean power of the counted zones in the last interval; null where one of them is unknown. */
function countedWatts({ last }: Progress): number | null {
  const counted = last.filter(({ zone }) => zone.counted);
  let watts = 0;
  for (const { energyMicrojoules, intervalNanoseconds } of counted) {
    if (energyMicrojoules === undefined || intervalNanoseconds === 0) return null;
    watts += meanWatts(energyMicrojoules, intervalNanoseconds);
  }
  return counted.length === 0 ? null : watts;
}
