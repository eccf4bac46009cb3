import { perturbed, TEN_PERCENT_OFF } from '../../power-model/perturb.ts';
import type { CurveProvenance, PowerCurve } from '../../power-model/power-curve.ts';
import { TableCurve } from '../../power-model/table-curve.ts';
import { KisimError } from '../../util/errors.ts';
import { RandomStream } from '../../util/rng.ts';
import { quantileOfSorted } from '../../util/statistics/quantile.ts';
import type { Watts } from '../../util/units.ts';
import { lowerBound } from '../lower-bound.ts';
import {
  curvesOf,
  type FoundPlacement,
  type Placements,
  placeAnew,
  type SearchSize,
} from './best-placement.ts';
import { wattsOf } from './machine-power.ts';
import {
  relaxed,
  type Situation,
  type Snapshot,
  type SnapshotCounts,
  situationOf,
  standingWorkload,
} from './snapshot.ts';

export interface HeadroomInput extends Snapshot, SearchSize {
  /** Also with nodes that sleep when nothing runs on them but what belongs to them. */
  readonly sleep: boolean;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface HeadroomReport {
  readonly nodes: number;
  readonly machines: number;
  readonly counts: SnapshotCounts;
  readonly curves: ReadonlyMap<CurveProvenance, number>;
  /** As the pods are placed, or as the default scheduler would place them where nothing is yet. */
  readonly now: { readonly watts: Watts; readonly isPlaced: boolean };
  readonly awake: Placements;
  /** With nodes asleep; undefined where that was not asked for, or no node may sleep. */
  readonly asleep: Placements | undefined;
  readonly sleepers: number;
  /** Watts below which no placement can come, with sleep where it was asked for; or why that is not known. */
  readonly bound: Watts | string;
  /** The best that was found; that everything stays as it is where nothing is better. */
  readonly best: FoundPlacement;
  /** Where the difference to the best comes from, in watts; they add up to it. */
  readonly reasons: { readonly heterogeneity: Watts; readonly consolidation: Watts; readonly sleep: Watts };
  /** Of the share that the best saves: 95 %, by what the curves may be wrong. */
  readonly savedShare: Interval;
}

const BASELINE = 'kube-scheduler';
const DRAWS = 400;
const CURVE_STEPS = 100;
const BOUND_ROUNDS = 400;
/**
 * By how much of `TEN_PERCENT_OFF` (an estimate from a class of machines) a curve is wrong: assumptions, of which that for
 * published ones is what two machines of one model differ by.
 */
const DOUBT: Readonly<Record<CurveProvenance, number>> = {
  measured: 0.2,
  fitted: 0.3,
  published: 0.5,
  estimated: 1,
  synthetic: 0,
};

/**
 * What a cluster could save at all by placement, before anything is installed: all pods as they are, all placed anew by rules and
 * by a search, and a bound below which nothing can come.
 *
 * @throws KISIM_E_HEADROOM_NOTHING, KISIM_E_HEADROOM_POWER, KISIM_E_POLICY_UNKNOWN
 */
export function headroom(input: HeadroomInput): HeadroomReport {
  const situation = situationOf(input);
  const { nodes } = situation;
  const awake = placeAnew(situation, false, input);
  const sleepers = nodes.filter(
    ({ sleep, unschedulable }) => sleep !== undefined && unschedulable !== true,
  ).length;
  const asleep = input.sleep && sleepers > 0 ? placeAnew(situation, true, input) : undefined;
  const nowOf = situation.now ?? baselinePlacement(situation, input.seed);
  // To leave everything where it is, with or without sleep, is a placement too.
  const asItIs = (sleeps: boolean): FoundPlacement => {
    const placement = { nodeOf: nowOf, sleeps };
    return { ...placement, watts: wattsOf(situation, placement, curvesOf(situation)), by: 'as it is' };
  };
  const stay = asItIs(false);
  const now = stay.watts;
  const bestAwake = lesser(stay, awake.best);
  const best = asleep === undefined ? bestAwake : lesser(lesser(bestAwake, asItIs(true)), asleep.best);
  const curves = new Map<CurveProvenance, number>();
  for (const { power } of nodes) curves.set(power!.provenance, (curves.get(power!.provenance) ?? 0) + 1);
  return {
    nodes: nodes.length,
    machines: situation.machines,
    counts: situation.counts,
    curves,
    now: { watts: now, isPlaced: situation.now !== undefined },
    awake,
    asleep,
    sleepers,
    // On one machine every placement is the same.
    bound: situation.machines === 1 ? now : boundOf(situation, asleep !== undefined, input.onProgress),
    best,
    reasons: reasonsOf(situation, input, stay, bestAwake, best),
    savedShare: doubtOf(situation, nowOf, best, input.seed),
  };
}

function lesser(a: FoundPlacement, b: FoundPlacement | undefined): FoundPlacement {
  return b !== undefined && b.watts < a.watts ? b : a;
}

/** As the default scheduler would place them; what finds no room there is nowhere. */
function baselinePlacement(situation: Situation, seed: number): Int32Array {
  return placeAnew(situation, false, { policies: [BASELINE], seed, moves: 0 }).rules[0]!.nodeOf;
}

function boundOf(
  situation: Situation,
  sleeps: boolean,
  onProgress: SearchSize['onProgress'],
): Watts | string {
  const { nodes, pods } = relaxed(situation);
  onProgress?.('computing the lower bound');
  try {
    const { joules } = lowerBound(
      {
        nodes: sleeps ? nodes : nodes.map(({ sleep: _, ...node }) => node),
        workload: standingWorkload({ pods, useMilli: situation.useMilli }),
        options: {
          tickSeconds: 1,
          reconsider: 'departure',
          unplaced: 'queue',
          beginAsleep: true,
          seriesSeconds: 0,
          sloSeconds: 0,
        },
      },
      { blockSeconds: 1, delaySeconds: 0, rounds: BOUND_ROUNDS },
    );
    // Over one second.
    return joules;
  } catch (error) {
    if (error instanceof KisimError && error.code === 'KISIM_E_OFFLINE_UNSUPPORTED') return error.found;
    throw error;
  }
}

/**
 * What filling nodes up saves is what the same search saves where all nodes have the same curve, scaled to their cores: only its
 * bend is left to be used. What nodes that differ save is the rest of what is saved without sleep.
 */
function reasonsOf(
  situation: Situation,
  size: SearchSize,
  stay: FoundPlacement,
  bestAwake: FoundPlacement,
  best: FoundPlacement,
): HeadroomReport['reasons'] {
  const equal = withEqualCurves(situation);
  const nowEqual = wattsOf(equal, stay, curvesOf(equal));
  const bestEqual = placeAnew(equal, false, size).best?.watts ?? nowEqual;
  const consolidation = Math.max(0, nowEqual - bestEqual);
  return {
    consolidation,
    heterogeneity: stay.watts - bestAwake.watts - consolidation,
    sleep: bestAwake.watts - best.watts,
  };
}

function withEqualCurves(situation: Situation): Situation {
  const { nodes } = situation;
  const cores = nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0);
  const wattsOfCore = Float64Array.from(
    { length: CURVE_STEPS + 1 },
    (_, i) => nodes.reduce((sum, { power }) => sum + power!.watts(i / CURVE_STEPS), 0) / cores,
  );
  const curves = new Map<number, TableCurve>();
  const curveFor = (cpuMilli: number) => {
    const known =
      curves.get(cpuMilli) ??
      new TableCurve(
        wattsOfCore.map((watts) => watts * cpuMilli),
        'synthetic',
      );
    curves.set(cpuMilli, known);
    return known;
  };
  return { ...situation, nodes: nodes.map((node) => ({ ...node, power: curveFor(node.cpuMilli) })) };
}

/** The same two placements under curves that are wrong as they may be; machines of one curve are wrong alike. */
function doubtOf(situation: Situation, nowOf: Int32Array, best: FoundPlacement, seed: number): Interval {
  const random = new RandomStream(seed).fork('headroom curves');
  const { nodes } = situation;
  const shares: number[] = [];
  for (let draw = 0; draw < DRAWS; draw++) {
    const drawn = new Map<PowerCurve, PowerCurve>();
    for (const { power } of nodes) {
      if (drawn.has(power!)) continue;
      const doubt = DOUBT[power!.provenance];
      const { level, tilt, idle } = TEN_PERCENT_OFF;
      drawn.set(
        power!,
        doubt === 0
          ? power!
          : perturbed(power!, random, { level: doubt * level, tilt: doubt * tilt, idle: doubt * idle }),
      );
    }
    const curveOf = (node: number) => drawn.get(nodes[node]!.power!)!;
    const now = wattsOf(situation, { nodeOf: nowOf, sleeps: false }, curveOf);
    shares.push(now === 0 ? 0 : (now - wattsOf(situation, best, curveOf)) / now);
  }
  const sorted = Float64Array.from(shares).sort();
  return { low: quantileOfSorted(sorted, 0.025), high: quantileOfSorted(sorted, 0.975) };
}
