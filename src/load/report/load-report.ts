import type { LatencySummary } from '../histogram.ts';
import type { LoadSecond } from '../http/recorder.ts';
import type { LoadPlan, LoadResult } from '../http/run-load.ts';
import { checkObjectives, type Objective, type ObjectiveResult } from '../objectives.ts';
import { figuresOf, type LoadFigures } from './figures.ts';
import { type Following, followingOf } from './following.ts';

/** A run of load as it is kept and printed: what was asked for, what was seen, and second by second. */
export interface LoadReport {
  readonly startedUnixMilliseconds: number;
  readonly loop: 'open' | 'closed';
  readonly pattern: string;
  /** What a level of the pattern is. */
  readonly levelUnit: 'users' | 'requests/s';
  readonly patternSeconds: number;
  /** Of an open loop. */
  readonly spacing: string | null;
  readonly seed: number;
  readonly timeoutMilliseconds: number;
  readonly ended: LoadResult['ended'];
  /** Code and text of why it failed. */
  readonly failure: string | null;
  readonly elapsedSeconds: number;
  readonly total: LoadFigures;
  readonly targets: readonly TargetReport[];
  /** How much later than due requests were sent, which their latency holds; milliseconds. */
  readonly lateMilliseconds: LatencySummary | null;
  /** How well the pattern was followed; null in closed loops. */
  readonly following: Following | null;
  readonly unanswered: number;
  readonly firstOther: string | null;
  readonly objectives: readonly ObjectiveResult[];
  readonly seconds: readonly LoadSecond[];
}

export interface TargetReport extends LoadFigures {
  readonly target: string;
  readonly weight: number;
}

export interface ReportHead {
  readonly startedUnixMilliseconds: number;
  readonly pattern: string;
  readonly patternSeconds: number;
  readonly objectives: readonly Objective[];
}

export function loadReport(plan: LoadPlan, result: LoadResult, head: ReportHead): LoadReport {
  const { loop, seed, timeoutMilliseconds } = plan;
  const { ended, failure, elapsedSeconds, lateness, unanswered, firstOther, seconds } = result;
  const loaded = result.loadedSeconds;
  const total = figuresOf(result.total, loaded);
  return {
    startedUnixMilliseconds: head.startedUnixMilliseconds,
    loop: loop.kind,
    pattern: head.pattern,
    levelUnit: loop.kind === 'open' ? 'requests/s' : 'users',
    patternSeconds: head.patternSeconds,
    spacing: loop.kind === 'open' ? loop.spacing : null,
    seed,
    timeoutMilliseconds,
    ended,
    failure: failure === undefined ? null : `${failure.code}: ${failure.message}`,
    elapsedSeconds: Math.round(1000 * elapsedSeconds) / 1000,
    total,
    targets: plan.targets.map(({ name, weight }, i) => ({
      target: name,
      weight,
      ...figuresOf(result.targets[i]!, loaded),
    })),
    lateMilliseconds: lateness,
    following: loop.kind === 'open' ? followingOf(seconds, loaded, loop.spacing) : null,
    unanswered,
    firstOther: firstOther ?? null,
    objectives: checkObjectives(head.objectives, total),
    seconds,
  };
}
