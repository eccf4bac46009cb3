import type { PowerCurve } from '../../power-model/power-curve.ts';
import { exp, ln } from '../../util/portable-math.ts';
import type { Decision, TermGroup } from './decision.ts';
import { TERM } from './term-table.ts';

/** PEAKS' model of one node: K0 + K1 e^(K2 u) watts, u from 0 to 1; a straight line of K1 watts where K2 is 0. */
export interface PeaksModel {
  readonly k1: number;
  readonly k2: number;
}

/**
 * The exponential through a curve at idle, half and full. With x = e^(K2 / 2): (P(1) - P(½)) / (P(½) - P(0)) = x.
 * Curves that rise by less than a thousandth in one half get the steepest bend that this allows.
 */
export function peaksModel(curve: PowerCurve): PeaksModel {
  const span = curve.fullWatts - curve.idleWatts;
  const least = span / 1000;
  const lower = Math.min(span - least, Math.max(least, curve.watts(0.5) - curve.idleWatts));
  const x = (span - lower) / lower;
  if (span === 0 || Math.abs(x - 1) < 1e-6) return { k1: span, k2: 0 };
  return { k1: lower / (x - 1), k2: 2 * ln(x) };
}

/**
 * The power jump of PEAKS (scheduler-plugins, pkg/trimaran/peaks): K1 (e^(K2 u') - e^(K2 u)), u measured now and u' with
 * the pod's request. Differences: no cutting to whole numbers and no scaling to 0 to 100, which keeps the order; a node
 * above 100 % is not free of charge, as it is there.
 */
export class PeaksTerm implements TermGroup {
  readonly terms = [TERM.peaks];
  /** Nodes of one curve and one capacity share a class, so that a pod costs one exponential a class. */
  readonly #classOf: Int32Array;
  readonly #k1: Float64Array;
  readonly #k2: Float64Array;
  readonly #capacity: Float64Array;
  readonly #growth: Float64Array;
  /** e^(K2 u) of each node, and the use it was found for. */
  readonly #level: Float64Array;
  readonly #levelUse: Float64Array;

  constructor({ cluster }: Decision) {
    const models = new Map<PowerCurve, PeaksModel>();
    const classes: { readonly curve: PowerCurve; readonly capacity: number }[] = [];
    this.#classOf = Int32Array.from(cluster.nodes, (node) => {
      const curve = node.power!;
      if (!models.has(curve)) models.set(curve, peaksModel(curve));
      const known = classes.findIndex((each) => each.curve === curve && each.capacity === node.cpuMilli);
      return known >= 0 ? known : classes.push({ curve, capacity: node.cpuMilli }) - 1;
    });
    this.#k1 = Float64Array.from(classes, ({ curve }) => models.get(curve)!.k1);
    this.#k2 = Float64Array.from(classes, ({ curve }) => models.get(curve)!.k2);
    this.#capacity = Float64Array.from(classes, ({ capacity }) => capacity);
    this.#growth = new Float64Array(classes.length);
    this.#level = new Float64Array(cluster.size).fill(1);
    this.#levelUse = new Float64Array(cluster.size);
  }

  fill({ cluster, pod, nodes, count, columns, stride, ownWatts }: Decision): void {
    const from = TERM.peaks * stride;
    const growth = this.#growth;
    for (let c = 0; c < growth.length; c++) {
      const share = pod.cpuMilli / this.#capacity[c]!;
      growth[c] = this.#k2[c] === 0 ? share : exp(this.#k2[c]! * share) - 1;
    }
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const c = this.#classOf[node]!;
      const use = cluster.measuredUse[node]!;
      if (use !== this.#levelUse[node]) {
        this.#levelUse[node] = use;
        this.#level[node] = this.#k2[c] === 0 ? 1 : exp((this.#k2[c]! * use) / this.#capacity[c]!);
      }
      columns[from + i] = (this.#k1[c]! * this.#level[node]! * growth[c]!) / ownWatts;
    }
  }
}
