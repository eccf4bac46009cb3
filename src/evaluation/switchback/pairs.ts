import { ln } from '../../util/portable-math.ts';
import type { Joules, Milliseconds } from '../../util/units.ts';
import { type PeriodMeasurement, type WindowMeasurement, type WorkKind, workOf } from './period.ts';
import type { Side, SwitchbackPlan } from './plan.ts';

/** Energy and work of one side of a pair; both above 0. */
export interface Amounts {
  readonly joules: Joules;
  readonly work: number;
}

/** A pair that is counted. Logarithms are natural, of side A by side B. */
export interface CountedPair {
  readonly pair: number;
  readonly beganWith: Side;
  readonly a: PeriodMeasurement;
  readonly b: PeriodMeasurement;
  /** When its second period began to be counted. */
  readonly unixMilliseconds: Milliseconds;
  readonly logEnergyPerWork: number;
  readonly logEnergy: number;
  readonly logWork: number;
  /** Mean of both sides' logarithm of joules per unit of work. */
  readonly logLevel: number;
  /** `logEnergyPerWork` of the first and of the second half of the windows; undefined where a half has no work. */
  readonly halves: readonly [number, number] | undefined;
}

export interface DroppedPair {
  readonly pair: number;
  readonly why: 'energy' | 'no-work';
  readonly says: string;
}

export interface Pairs {
  readonly workKind: WorkKind;
  readonly counted: readonly CountedPair[];
  readonly dropped: readonly DroppedPair[];
}

/** Puts finished periods into pairs; a pair of which one period is not finished is left out without a word. */
export function pairUp(
  plan: SwitchbackPlan,
  orders: readonly Side[],
  periods: readonly PeriodMeasurement[],
): Pairs {
  const byIndex = new Map(periods.map((period) => [period.index, period]));
  const counted: CountedPair[] = [];
  const dropped: DroppedPair[] = [];
  const finished = Array.from({ length: plan.pairs }, (_, pair) => {
    const two = [byIndex.get(2 * pair), byIndex.get(2 * pair + 1)];
    return two[0] !== undefined && two[1] !== undefined ? ([two[0], two[1]] as const) : undefined;
  });
  const kind = workKindOf(finished.flatMap((pair) => pair ?? []));
  for (const [pair, two] of finished.entries()) {
    if (two === undefined) continue;
    const missing = two.find(({ whole }) => whole.joules === undefined);
    if (missing !== undefined) {
      const { knownShare, leastKnown } = missing.whole;
      const what = leastKnown === undefined ? 'there are readings' : `the energy of ${leastKnown} is known`;
      const says = `${what} for ${percent(knownShare)} of period ${missing.index + 1}`;
      dropped.push({ pair, why: 'energy', says });
      continue;
    }
    const one = counts(pair, orders[pair]!, two, kind);
    if (one !== undefined) counted.push(one);
    else dropped.push({ pair, why: 'no-work', says: 'a period without work or without energy' });
  }
  return { workKind: kind, counted, dropped };
}

/** One measure for all periods: used CPU only where it is known of every one of them. */
function workKindOf(periods: readonly PeriodMeasurement[]): WorkKind {
  return periods.length > 0 && periods.every(({ whole }) => whole.used !== undefined) ? 'used' : 'requested';
}

function counts(
  pair: number,
  beganWith: Side,
  two: readonly [PeriodMeasurement, PeriodMeasurement],
  kind: WorkKind,
): CountedPair | undefined {
  const [a, b] = two[0].side === 'a' ? two : [two[1], two[0]];
  const of = { a: amounts(a.whole, kind), b: amounts(b.whole, kind) };
  if (of.a === undefined || of.b === undefined) return undefined;
  const perWork = { a: ln(of.a.joules / of.a.work), b: ln(of.b.joules / of.b.work) };
  const half = (at: 0 | 1): number | undefined => {
    const [of1, of2] = [amounts(a.halves[at], kind), amounts(b.halves[at], kind)];
    if (of1 === undefined || of2 === undefined) return undefined;
    return ln(of1.joules / of1.work) - ln(of2.joules / of2.work);
  };
  const [first, second] = [half(0), half(1)];
  return {
    pair,
    beganWith,
    a,
    b,
    unixMilliseconds: two[1].fromUnixMilliseconds,
    logEnergyPerWork: perWork.a - perWork.b,
    logEnergy: ln(of.a.joules / of.b.joules),
    logWork: ln(of.a.work / of.b.work),
    logLevel: (perWork.a + perWork.b) / 2,
    halves: first === undefined || second === undefined ? undefined : [first, second],
  };
}

export function amounts(window: WindowMeasurement, kind: WorkKind): Amounts | undefined {
  const { joules } = window;
  const work = workOf(window, kind)?.total;
  if (joules === undefined || !(joules > 0) || work === undefined || !(work > 0)) return undefined;
  return { joules, work };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
