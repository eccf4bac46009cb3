import type { Node } from '../cluster/node.ts';
import { shapedCurve } from '../power-model/median-shape.ts';
import { type MachineGroup, nodesOf } from '../simulation/generators/hardware.ts';
import { describedMachines } from '../simulation/inputs/machines.ts';

const GIB = 2 ** 30;

function group(
  name: string,
  count: number,
  threads: number,
  year: number,
  idle: number,
  full: number,
): MachineGroup {
  return {
    name,
    count,
    threads,
    memoryBytes: threads * 4 * GIB,
    curve: shapedCurve(year, idle, full, 'synthetic'),
  };
}

/**
 * The sizes of SKRueue's simulated cluster (16 nodes, 288 cores, 4 GiB a core), which tells nothing of power: watts a thread of servers of
 * 2012, 2017 and 2021, as in the scenarios of placement, so that it matters which node a job lands on.
 */
const skrueueMachines: readonly MachineGroup[] = [
  group('four-of-32', 4, 32, 2021, 20, 72),
  group('eight-of-16', 8, 16, 2017, 16, 68),
  group('four-of-8', 4, 8, 2012, 15, 60),
];

export const DEFAULT_CLUSTER = 'skrueue';

/**
 * Nodes by a short description: `skrueue`, or `20x32` for 20 nodes of 32 threads.
 *
 * @param sleep whether empty nodes go to sleep
 * @throws KISIM_E_INPUT_MACHINES
 */
export function queueCluster(text: string, sleep: boolean): readonly Node[] {
  return text === DEFAULT_CLUSTER ? nodesOf(skrueueMachines, { sleep }) : describedMachines(text, sleep);
}
