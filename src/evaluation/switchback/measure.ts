import type { Milliseconds } from '../../util/units.ts';
import { EnergyRecord } from './energy-record.ts';
import type { ExperimentRecord, JournalDecision, JournalEvent, PeriodRecord } from './journal-records.ts';
import type { PeriodMeasurement, WindowMeasurement, WorkShares } from './period.ts';
import type { Side, SwitchbackPlan } from './plan.ts';
import { PodLedger, shareOf } from './pod-ledger.ts';

interface FinishedPeriod {
  readonly begun: PeriodRecord;
  readonly endedAt: Milliseconds;
}

/** A reading of counters may be late by so many usual steps before what lies between is unknown. */
const LATE_STEPS = 2.5;
/** Counters that are read by others at their own pace, such as a Prometheus', may be behind by so much in long windows. */
const SLOW_COUNTER_MILLISECONDS: Milliseconds = 60_000;

/** Where an experiment stands. */
export interface MeasuredExperiment {
  /** Of whole pairs and of the pair that is being measured; a broken pair's are gone. */
  readonly periods: readonly PeriodMeasurement[];
  /** The first pair that is not finished. */
  readonly nextPair: number;
}

/** Reads the journal of an experiment: what was measured in each finished period. */
export function measure(
  { plan, sampleSeconds }: Pick<ExperimentRecord, 'plan' | 'sampleSeconds'>,
  events: Iterable<JournalEvent>,
): MeasuredExperiment {
  const energy = new EnergyRecord(longestGap(plan, sampleSeconds));
  const pods = new PodLedger();
  const finished = new Map<number, FinishedPeriod>();
  const decisions: JournalDecision[] = [];
  let begun: PeriodRecord | undefined;
  const breakOff = () => {
    // What is left of the pair is too far from it in time.
    if (begun !== undefined) finished.delete(begun.index - (begun.index % 2));
    begun = undefined;
    pods.side = undefined;
  };
  for (const event of events) {
    if (event.kind === 'sample') energy.add(event);
    else if (event.kind === 'pod') pods.add(event);
    else if (event.kind === 'decision') decisions.push(event);
    else if (event.kind === 'period') {
      begun = event;
      pods.side = event.side;
    } else if (event.kind === 'end') {
      if (begun?.index === event.index) finished.set(event.index, { begun, endedAt: event.at });
      begun = undefined;
    } else if (event.kind === 'broken') breakOff();
    else if (event.kind === 'begin') {
      breakOff();
      // Between the two periods of a pair there was an interruption too.
      const last = [...finished.keys()].at(-1);
      if (last !== undefined && last % 2 === 0) finished.delete(last);
      energy.break();
      pods.begin(event);
    }
  }
  const washOut = plan.washOutSeconds * 1000;
  const periods = [...finished.values()].map(({ begun: { at, ...period }, endedAt }) => {
    const from = at + washOut;
    return measurePeriod(period, from, endedAt, { energy, pods, decisions });
  });
  return { periods, nextPair: nextPair(plan, finished) };
}

function measurePeriod(
  { index, side, policy }: Pick<PeriodRecord, 'index' | 'side' | 'policy'>,
  from: Milliseconds,
  to: Milliseconds,
  seen: {
    readonly energy: EnergyRecord;
    readonly pods: PodLedger;
    readonly decisions: readonly JournalDecision[];
  },
): PeriodMeasurement {
  const { energy, pods } = seen;
  const middle = (from + to) / 2;
  const window = (start: Milliseconds, end: Milliseconds): WindowMeasurement => ({
    ...energy.energy(start, end),
    used: usedShares(energy, start, end, side),
    requested: pods.requested(start, end, side),
  });
  const waits = pods.waits(from, to);
  const decided = seen.decisions.filter(({ at }) => at >= from && at < to);
  const count = (by: JournalDecision['by']) => decided.filter((each) => each.by === by).length;
  return {
    index,
    pair: index >> 1,
    side,
    policy,
    fromUnixMilliseconds: from,
    toUnixMilliseconds: to,
    whole: window(from, to),
    halves: [window(from, middle), window(middle, to)],
    sources: energy.sources(from, to),
    nodes: energy.nodesIn(from, to),
    boundAfterSeconds: waits.bound,
    startedAfterSeconds: waits.started,
    pods: pods.counts(from, to),
    decisions: { own: count('own'), fellBack: count('fell-back'), freed: count('freed') },
  };
}

function usedShares(
  energy: EnergyRecord,
  from: Milliseconds,
  to: Milliseconds,
  side: Side,
): WorkShares | undefined {
  const used = energy.used(from, to);
  if (used === undefined) return undefined;
  const shares = { total: 0, other: 0, before: 0, untouched: 0 };
  (['a', 'b', 'before', 'untouched'] as const).forEach((placedBy, i) => {
    shares.total += used[i]!;
    const of = shareOf(placedBy, side);
    if (of !== undefined) shares[of] += used[i]!;
  });
  return shares;
}

function longestGap({ periodSeconds, washOutSeconds }: SwitchbackPlan, sampleSeconds: number): Milliseconds {
  const window = (periodSeconds - washOutSeconds) * 1000;
  return Math.max(LATE_STEPS * sampleSeconds * 1000, Math.min(SLOW_COUNTER_MILLISECONDS, window / 10));
}

function nextPair({ pairs }: SwitchbackPlan, finished: ReadonlyMap<number, unknown>): number {
  let pair = 0;
  while (pair < pairs && finished.has(2 * pair) && finished.has(2 * pair + 1)) pair++;
  return pair;
}

/** How often counters are read: sixty times in a window, but no more often than once a second and no less than once a minute. */
export function sampleSecondsOf({ periodSeconds, washOutSeconds }: SwitchbackPlan): number {
  return Math.min(60, Math.max(1, (periodSeconds - washOutSeconds) / 60));
}
