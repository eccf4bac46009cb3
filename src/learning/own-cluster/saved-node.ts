import type { Node, NodeSleep } from '../../cluster/node.ts';
import type { CurveProvenance, PowerCurve } from '../../power-model/power-curve.ts';
import { TableCurve, tabulated } from '../../power-model/table-curve.ts';
import { errors } from '../errors.ts';

/** Steps that a curve without points of its own is kept in. */
const CURVE_STEPS = 100;

/** What a simulation has to know of a node, as JSON; nodes of one curve name it by its place in a list. */
export interface SavedNode {
  readonly name: string;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly pods: number;
  readonly curve: number;
  readonly sleep?: NodeSleep;
  readonly smt?: NonNullable<Node['smt']>;
  readonly speed?: number;
}

export interface SavedCurve {
  /** Watts at equal steps of utilisation. */
  readonly watts: readonly number[];
  readonly provenance: CurveProvenance;
}

export interface SavedNodes {
  readonly curves: readonly SavedCurve[];
  readonly nodes: readonly SavedNode[];
}

/** @throws KISIM_E_LEARNING_TWIN for a node without a power curve */
export function saveNodes(nodes: readonly Node[]): SavedNodes {
  const places = new Map<PowerCurve, number>();
  const curves: SavedCurve[] = [];
  const saved = nodes.map((node): SavedNode => {
    const { name, cpuMilli, memoryBytes, pods, power, sleep, smt, speed } = node;
    if (power === undefined)
      throw errors.KISIM_E_LEARNING_TWIN(`node ${name} has no power curve`, {
        action: 'tell its power by --node-table, or allow placement.estimate-missing-power',
      });
    let curve = places.get(power);
    if (curve === undefined) {
      curve = curves.length;
      places.set(power, curve);
      const table = power instanceof TableCurve ? power : tabulated(power, CURVE_STEPS);
      curves.push({ watts: [...table.points], provenance: power.provenance });
    }
    return {
      name,
      cpuMilli,
      memoryBytes,
      pods,
      curve,
      ...(sleep === undefined ? {} : { sleep }),
      ...(smt === undefined ? {} : { smt }),
      ...(speed === undefined ? {} : { speed }),
    };
  });
  return { curves, nodes: saved };
}

/** @param curveOf one curve in place of another, for twins that are not sure of them */
export function restoreNodes(
  { curves, nodes }: SavedNodes,
  curveOf: (curve: TableCurve) => PowerCurve = (curve) => curve,
): readonly Node[] {
  const made = curves.map(({ watts, provenance }) => curveOf(new TableCurve(watts, provenance)));
  return nodes.map(({ curve, ...node }) => ({ ...node, labels: {}, power: made[curve]! }));
}
