import type { Node } from '../../cluster/node.ts';
import type { PowerCurve } from '../../power-model/power-curve.ts';
import { TableCurve } from '../../power-model/table-curve.ts';
import { maySleep } from '../../simulation/node-power.ts';

/** Equal nodes, as a bound sees them. */
export interface NodeType {
  readonly count: number;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly speed: number;
  /** Takes pods. */
  readonly open: boolean;
  readonly maySleep: boolean;
  readonly idleWatts: number;
  /** Least watts of a node that runs nothing and is asleep or on its way up. */
  readonly offWatts: number;
  /**
   * A set of points (use in milli-cores, watts) whose lower hull lies nowhere above the curve: the minimum of watts - price
   * x use over them is never above that over the curve.
   */
  readonly useAt: Float64Array;
  readonly wattsAt: Float64Array;
}

const FINE_STEPS = 1000;

/** Groups nodes with one curve and the same amounts. */
export function nodeTypes(nodes: readonly Node[]): readonly NodeType[] {
  const groups = new Map<string, Node[]>();
  const curves = new Map<PowerCurve, number>();
  for (const node of nodes) {
    const curve = node.power!;
    if (!curves.has(curve)) curves.set(curve, curves.size);
    const { cpuMilli, memoryBytes, speed, sleep, unschedulable } = node;
    const key = JSON.stringify([curves.get(curve), cpuMilli, memoryBytes, speed, sleep, unschedulable]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [node]);
    else group.push(node);
  }
  return [...groups.values()].map((group) => typeOf(group[0]!, group.length));
}

function typeOf(node: Node, count: number): NodeType {
  const curve = node.power!;
  const { shares, watts } = hullPoints(curve);
  return {
    count,
    cpuMilli: node.cpuMilli,
    memoryBytes: node.memoryBytes,
    speed: node.speed ?? 1,
    open: node.unschedulable !== true,
    maySleep: maySleep(node),
    idleWatts: curve.idleWatts,
    offWatts: node.sleep === undefined ? 0 : Math.min(node.sleep.sleepWatts, node.sleep.wakeWatts),
    useAt: shares.map((share) => share * node.cpuMilli),
    wattsAt: watts,
  };
}

/**
 * Knots of a curve that is linear between them. Of any other curve, which does not fall, the watts at the left end of each
 * small step go with the use at its right end: below the curve everywhere.
 */
function hullPoints(curve: PowerCurve): { shares: Float64Array; watts: Float64Array } {
  if (curve instanceof TableCurve) {
    const steps = curve.points.length - 1;
    return { shares: curve.points.map((_, i) => i / steps), watts: curve.points };
  }
  if (curve.kind === 'linear')
    return { shares: Float64Array.of(0, 1), watts: Float64Array.of(curve.idleWatts, curve.fullWatts) };
  const shares = new Float64Array(FINE_STEPS + 1);
  const watts = new Float64Array(FINE_STEPS + 1);
  watts[0] = curve.idleWatts;
  for (let i = 1; i <= FINE_STEPS; i++) {
    shares[i] = i / FINE_STEPS;
    watts[i] = curve.watts((i - 1) / FINE_STEPS);
  }
  return { shares, watts };
}
