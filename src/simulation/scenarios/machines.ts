import { LinearCurve } from '../../power-model/linear-curve.ts';
import { shapedCurve } from '../../power-model/median-shape.ts';
import { GIB_PER_THREAD, type MachineGroup } from '../generators/hardware.ts';

const GIB = 1024 ** 3;

function group(
  name: string,
  count: number,
  threads: number,
  year: number,
  idleWatts: number,
  fullWatts: number,
  gibPerThread = GIB_PER_THREAD,
): MachineGroup {
  return {
    name,
    count,
    threads,
    memoryBytes: threads * gibPerThread * GIB,
    curve: shapedCurve(year, idleWatts, fullWatts, 'synthetic'),
  };
}

/** Full watts a thread are the medians of their years (7.4, 4.1 and 2.1 W); idle is 0.23, 0.19 and 0.24 of full. */
export const mixedMachines: readonly MachineGroup[] = [
  group('two-socket-2012', 12, 32, 2012, 54, 237),
  group('two-socket-2017', 8, 64, 2017, 50, 262),
  group('one-socket-2021', 4, 128, 2021, 65, 269),
];

export const equalMachines: readonly MachineGroup[] = [group('two-socket-2017', 24, 64, 2017, 50, 262)];

export const linearMachines: readonly MachineGroup[] = equalMachines.map((each) => ({
  ...each,
  name: 'linear',
  curve: new LinearCurve(each.curve.idleWatts, each.curve.fullWatts, 'synthetic'),
}));

/** What stands under a desk: two old small servers, a desktop and an efficient one with half its memory. */
export const smallMachines: readonly MachineGroup[] = [
  group('small-server-2010', 2, 8, 2010, 40, 140),
  group('desktop-2013', 1, 16, 2013, 55, 230),
  group('efficient-2021', 1, 16, 2021, 20, 95, 2),
];
