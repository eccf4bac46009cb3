import type { Node } from '../../cluster/node.ts';
import type { PowerCurve } from '../../power-model/power-curve.ts';
import { TableCurve } from '../../power-model/table-curve.ts';
import type { Watts } from '../../util/units.ts';
import { errors } from '../errors.ts';

/** Costs that differ by less are of one type of node. */
const SAME_TYPE = 1e-9;

/** What energy rules know of the power of every node, as columns over the node list. Never changes. */
export class ClusterPower {
  readonly idleWatts: Float64Array;
  readonly fullWatts: Float64Array;
  /** Whether the node may sleep; the four columns below are 0 where it may not. */
  readonly sleeps: Uint8Array;
  readonly sleepWatts: Float64Array;
  readonly emptySeconds: Float64Array;
  readonly wakeSeconds: Float64Array;
  /** Joules of one wake beyond sleeping on meanwhile. */
  readonly wakeJoules: Float64Array;
  /** 0 for the type that needs the fewest joules per core-second, 1 for the next, ... */
  readonly tier: Int32Array;
  readonly tiers: number;
  /** tier / (tiers - 1); 0 where all nodes are of one type. */
  readonly tierRank: Float64Array;
  /** The least joules that a second of one milli-core costs anywhere in the cluster, idle included. */
  readonly bestWattsPerMilli: number;
  /** Watts that a milli-core in use saves here against the worst node, at full load. */
  readonly savedWattsPerMilli: Float64Array;
  /** Nodes of one kind are alike in all that never changes: curve, CPU, memory, speed and whether they sleep. */
  readonly kind: Int32Array;
  /** A node of each kind. */
  readonly nodeOfKind: Int32Array;

  /**
   * Watts at equal steps of utilisation, for loops that ask one node often: where its table begins, -1 where its curve has to be asked;
   * how many steps it has; and how many of them a milli-core is.
   */
  readonly tables: Float64Array;
  readonly offset: Int32Array;
  readonly steps: Int32Array;
  readonly stepsPerMilli: Float64Array;

  readonly #curves: readonly PowerCurve[];
  readonly #capacity: Float64Array;

  /** @throws KISIM_E_POLICY_NO_POWER naming the first node without a curve */
  constructor(nodes: readonly Node[]) {
    this.#curves = nodes.map((node) => {
      if (node.power === undefined)
        throw errors.KISIM_E_POLICY_NO_POWER(`node ${node.name} has no power curve`);
      // Every energy is told against the least that work can cost; nothing can be told against 0.
      if (!(node.power.fullWatts > 0))
        throw errors.KISIM_E_POLICY_NO_POWER(
          `node ${node.name} draws ${node.power.fullWatts} W at full load`,
        );
      return node.power;
    });
    this.#capacity = Float64Array.from(nodes, (node) => node.cpuMilli);
    this.idleWatts = Float64Array.from(this.#curves, (curve) => curve.idleWatts);
    this.fullWatts = Float64Array.from(this.#curves, (curve) => curve.fullWatts);
    this.sleeps = Uint8Array.from(nodes, (node) => (node.sleep === undefined ? 0 : 1));
    this.sleepWatts = Float64Array.from(nodes, ({ sleep }) => sleep?.sleepWatts ?? 0);
    this.emptySeconds = Float64Array.from(nodes, ({ sleep }) => sleep?.emptySeconds ?? 0);
    this.wakeSeconds = Float64Array.from(nodes, ({ sleep }) => sleep?.wakeSeconds ?? 0);
    this.wakeJoules = Float64Array.from(nodes, ({ sleep }) =>
      sleep === undefined ? 0 : (sleep.wakeWatts - sleep.sleepWatts) * sleep.wakeSeconds,
    );

    const distinct = [...new Set(this.#curves)].filter((curve) => curve instanceof TableCurve);
    const offsets = new Map<PowerCurve, number>();
    let length = 0;
    for (const curve of distinct) {
      offsets.set(curve, length);
      length += curve.points.length;
    }
    this.tables = new Float64Array(length);
    for (const curve of distinct) this.tables.set(curve.points, offsets.get(curve)!);
    this.offset = Int32Array.from(this.#curves, (curve) => offsets.get(curve) ?? -1);
    this.steps = Int32Array.from(this.#curves, (curve) =>
      curve instanceof TableCurve ? curve.points.length - 1 : 0,
    );
    this.stepsPerMilli = this.#capacity.map((capacity, node) => this.steps[node]! / capacity);

    const cost = Float64Array.from(nodes, (node, i) => this.#leastWattsPerMilli(i, node.speed ?? 1));
    this.bestWattsPerMilli = cost.reduce((a, b) => Math.min(a, b));
    const costs = Array.from(cost).sort((a, b) => a - b);
    const types = costs.filter((each, i) => i === 0 || each > costs[i - 1]! * (1 + SAME_TYPE));
    this.tiers = types.length;
    this.tier = Int32Array.from(cost, (each) => types.findLastIndex((type) => type <= each));
    this.tierRank = Float64Array.from(this.tier, (tier) => (this.tiers === 1 ? 0 : tier / (this.tiers - 1)));

    // Idle burns anyway where a node never sleeps; only what work adds can be saved there.
    const atFull = Float64Array.from(nodes, ({ cpuMilli, speed = 1 }, i) => {
      const burntAnyway = this.sleeps[i] === 1 ? 0 : this.idleWatts[i]!;
      return (this.fullWatts[i]! - burntAnyway) / (cpuMilli * speed);
    });
    const worst = atFull.reduce((a, b) => Math.max(a, b));
    this.savedWattsPerMilli = atFull.map((each) => worst - each);

    const kinds = new Map<string, number>();
    const curves = new Map([...new Set(this.#curves)].map((curve, i) => [curve, i]));
    const alike: number[] = [];
    this.kind = Int32Array.from(nodes, ({ cpuMilli, memoryBytes, speed = 1 }, node) => {
      const key = `${curves.get(this.#curves[node]!)}/${cpuMilli}/${memoryBytes}/${speed}/${this.sleeps[node]}`;
      const kind = kinds.get(key) ?? alike.push(node) - 1;
      kinds.set(key, kind);
      return kind;
    });
    this.nodeOfKind = Int32Array.from(alike);
  }

  /** Watts of a node that is on with so many milli-cores in use. */
  watts(node: number, useMilli: number): Watts {
    const offset = this.offset[node]!;
    if (offset < 0) return this.#curves[node]!.watts(useMilli / this.#capacity[node]!);
    const at = useMilli * this.stepsPerMilli[node]!;
    if (!(at > 0)) return this.idleWatts[node]!;
    if (at >= this.steps[node]!) return this.fullWatts[node]!;
    const below = at | 0;
    const from = this.tables[offset + below]!;
    return from + (at - below) * (this.tables[offset + below + 1]! - from);
  }

  #leastWattsPerMilli(node: number, speed: number): number {
    const capacity = this.#capacity[node]!;
    let least = Number.POSITIVE_INFINITY;
    for (let tenth = 1; tenth <= 10; tenth++) {
      const use = (capacity * tenth) / 10;
      const watts = this.watts(node, use);
      // Where a curve says that work is free there is nothing to tell energies against.
      if (watts > 0) least = Math.min(least, watts / (use * speed));
    }
    return least;
  }
}
