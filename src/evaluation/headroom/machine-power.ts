import type { PowerCurve } from '../../power-model/power-curve.ts';
import { maySleep } from '../../simulation/node-power.ts';
import type { Watts } from '../../util/units.ts';
import type { Situation } from './snapshot.ts';

/** Which curve a node has, in place of its own where a map names one. */
export type CurveOf = (node: number) => PowerCurve;

export interface Placement {
  /** Node of each pod; -1: nowhere. */
  readonly nodeOf: Int32Array;
  /** Whether empty nodes that may sleep do. */
  readonly sleeps: boolean;
}

/**
 * What all machines take. Guests of one machine share its processors, so that its power follows from what all of them use
 * together, wherever the pods are: the curve of such a machine is the sum of its guests' at the share in use of all.
 */
export function wattsOf(situation: Situation, { nodeOf, sleeps }: Placement, curveOf: CurveOf): Watts {
  const { nodes, machineOf, machines, useMilli } = situation;
  const use = new Float64Array(machines);
  const capacity = new Float64Array(machines);
  const guests = new Int32Array(machines);
  const podsOn = new Int32Array(nodes.length);
  nodes.forEach(({ cpuMilli }, node) => {
    const machine = machineOf[node]!;
    capacity[machine]! += cpuMilli;
    guests[machine]!++;
  });
  for (let pod = 0; pod < nodeOf.length; pod++) {
    const node = nodeOf[pod]!;
    if (node < 0) continue;
    podsOn[node]!++;
    use[machineOf[node]!]! += useMilli[pod]!;
  }
  let watts = 0;
  nodes.forEach((node, i) => {
    const machine = machineOf[i]!;
    if (sleeps && podsOn[i] === 0 && guests[machine] === 1 && maySleep(node)) watts += node.sleep!.sleepWatts;
    else watts += curveOf(i).watts(use[machine]! / capacity[machine]!);
  });
  return watts;
}
