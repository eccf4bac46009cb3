import type { PowerCurve } from '../power-model/power-curve.ts';
import { TableCurve } from '../power-model/table-curve.ts';
import type { Node } from './node.ts';

/** What a node always runs, while it is up: pods of DaemonSets, static pods, the system's own. */
export interface BaseLoad {
  readonly useMilli: number;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly pods: number;
}

const CURVE_STEPS = 100;

/**
 * Nodes for what comes on top of their base load: with the room that is left, and a curve that begins at the power of the base
 * load. Such a node is empty, and may sleep, where nothing but its base load runs on it. Equal curves stay one object.
 */
export class BaseLoaded {
  readonly #curves = new Map<PowerCurve, Map<string, PowerCurve>>();

  node(node: Node, base: BaseLoad): Node {
    if (base.pods === 0) return node;
    const cpuMilli = Math.max(1, node.cpuMilli - base.cpuMilli);
    return {
      ...node,
      cpuMilli,
      memoryBytes: Math.max(1, node.memoryBytes - base.memoryBytes),
      pods: Math.max(1, node.pods - Math.ceil(base.pods)),
      ...(node.power === undefined
        ? {}
        : { power: this.#curve(node.power, base.useMilli, cpuMilli, node.cpuMilli) }),
    };
  }

  #curve(curve: PowerCurve, useMilli: number, left: number, capacity: number): PowerCurve {
    const ofCurve = this.#curves.get(curve) ?? new Map<string, PowerCurve>();
    this.#curves.set(curve, ofCurve);
    const key = `${useMilli} ${left} ${capacity}`;
    const known = ofCurve.get(key);
    if (known !== undefined) return known;
    const watts = Float64Array.from({ length: CURVE_STEPS + 1 }, (_, i) =>
      curve.watts((useMilli + (i / CURVE_STEPS) * left) / capacity),
    );
    const above = new TableCurve(watts, curve.provenance);
    ofCurve.set(key, above);
    return above;
  }
}
