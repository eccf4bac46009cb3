import type { Node, NodeGpus } from '../cluster/node.ts';
import { tabulated } from '../power-model/table-curve.ts';

/** Of a curve that is no table; SPECpower's own steps are 10. */
const CURVE_STEPS = 20;

/** A node as the history keeps it: all that a replay needs beside its name, CPU, memory and labels. */
export interface NodeDescription
  extends Pick<Node, 'pods' | 'extended' | 'taints' | 'unschedulable' | 'sleep' | 'smt' | 'speed'> {
  readonly gpus?: NodeGpus;
  /** Watts at equal steps of utilisation. */
  readonly power?: { readonly provenance: string; readonly watts: readonly number[] };
}

export function nodeDescription(node: Node): NodeDescription {
  const { pods, extended, taints, unschedulable, sleep, smt, speed, gpus, power } = node;
  return {
    pods,
    ...(extended === undefined ? {} : { extended }),
    ...(taints === undefined || taints.length === 0 ? {} : { taints }),
    ...(unschedulable === undefined ? {} : { unschedulable }),
    ...(sleep === undefined ? {} : { sleep }),
    ...(smt === undefined ? {} : { smt }),
    ...(speed === undefined ? {} : { speed }),
    ...(gpus === undefined ? {} : { gpus }),
    ...(power === undefined ? {} : { power: { provenance: power.provenance, watts: wattsOf(power) } }),
  };
}

function wattsOf(curve: NonNullable<Node['power']>): readonly number[] {
  const points = 'points' in curve ? (curve.points as Float64Array) : tabulated(curve, CURVE_STEPS).points;
  return [...points].map((watts) => Number(watts.toPrecision(9)));
}
