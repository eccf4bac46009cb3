import type { CurveProvenance } from '../power-model/power-curve.ts';
import { TableCurve, tabulated } from '../power-model/table-curve.ts';
import type { Node, NodeGpus } from './node.ts';

/** Of a curve that is no table; SPECpower's own steps are 10. */
const CURVE_STEPS = 20;

/** A node as the history keeps it, in JSON: all that a replay needs beside its name, CPU, memory and labels. */
export interface NodeDescription
  extends Pick<Node, 'pods' | 'extended' | 'taints' | 'unschedulable' | 'sleep' | 'smt' | 'speed'> {
  readonly gpus?: NodeGpus;
  /** Watts at equal steps of utilisation. */
  readonly power?: { readonly provenance: CurveProvenance; readonly watts: readonly number[] };
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
  const { points } = curve instanceof TableCurve ? curve : tabulated(curve, CURVE_STEPS);
  return [...points].map((watts) => Number(watts.toPrecision(9)));
}

/** Makes nodes of descriptions; equal curves become one, as simulations and bounds group by them. */
export class DescribedNodes {
  readonly #curves = new Map<string, TableCurve>();

  /** @throws KISIM_E_CURVE_INVALID, KISIM_E_CURVE_FALLS */
  node(
    base: Pick<Node, 'name' | 'cpuMilli' | 'memoryBytes' | 'labels'>,
    { power, ...rest }: NodeDescription,
  ): Node {
    const { name, cpuMilli, memoryBytes, labels } = base;
    return {
      name,
      cpuMilli,
      memoryBytes,
      labels,
      ...rest,
      ...(power === undefined ? {} : { power: this.#curve(power, name) }),
    };
  }

  #curve({ provenance, watts }: NonNullable<NodeDescription['power']>, where: string): TableCurve {
    const key = `${provenance} ${watts.join()}`;
    const known = this.#curves.get(key) ?? new TableCurve(watts, provenance, where);
    this.#curves.set(key, known);
    return known;
  }
}
