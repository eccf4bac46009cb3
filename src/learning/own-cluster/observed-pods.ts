import type { Node } from '../../cluster/node.ts';
import { type ArrivalRhythm, STEADY } from '../../simulation/generators/arrivals.ts';
import { quantileOfSorted } from '../../util/statistics/quantile.ts';
import type { ClusterTwinPlan, SavedPodClass, StandingPods } from './cluster-twin.ts';

/** One pod that a policy could have placed, as it was seen. Times in unix seconds. */
export interface ObservedPod {
  readonly kind: 'batch' | 'service';
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly createdSeconds: number;
  /** Undefined: it is still there. */
  readonly endedSeconds: number | undefined;
  readonly slackSeconds: number;
  /** How long it said it would run; undefined: it did not say. */
  readonly expectedSeconds: number | undefined;
  /** CPU really used in the mean; undefined: not metered. */
  readonly useMilli: number | undefined;
}

/** Between which times (unix seconds) it was watched without a break. */
export interface Watch {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

const HOUR = 3600;
const DAY = 86_400;

/** Classes told apart; whatever is rarer is thrown together. */
const MOST_CLASSES = 20;
/** Fewer ends say too little of how long a class lasts. */
const ENDS_OF_A_CLASS = 3;
/** Fewer predictions say too little of how wrong they are. */
const LEAST_PREDICTIONS = 20;
const SPREAD = [0.05, 1.5] as const;

/** What is taken where nothing is known; said wherever it is used. */
export const USUAL = {
  batch: { medianSeconds: 1800, sigma: 0.8, useOfRequest: 0.7 },
  service: { medianSeconds: 2.5 * HOUR, sigma: 0.5, useOfRequest: 0.35 },
  useSigma: 0.2,
  predictionSigma: 0.3,
} as const;

export function shapeOf({ kind, cpuMilli, memoryBytes }: ObservedPod): string {
  return `${kind}-${cpuMilli}m-${Math.round(memoryBytes / 2 ** 20)}Mi`;
}

export function standingOf(pods: readonly ObservedPod[]): readonly StandingPods[] {
  return [...grouped(pods, shapeOf).values()].map((alike) => ({
    count: alike.length,
    cpuMilli: alike[0]!.cpuMilli,
    memoryBytes: alike[0]!.memoryBytes,
    useOfRequest: useOfRequest(alike) ?? USUAL.service.useOfRequest,
  }));
}

export function classesOf(pods: readonly ObservedPod[], assumptions: string[]): readonly SavedPodClass[] {
  const byShape = [...grouped(pods, shapeOf)].sort(
    (a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1),
  );
  const frequent = byShape.slice(0, MOST_CLASSES);
  const rare = grouped(
    byShape.slice(MOST_CLASSES).flatMap(([, alike]) => alike),
    ({ kind }) => `other-${kind}`,
  );
  const ofKind = grouped(pods, ({ kind }) => kind);
  const unmetered = pods.filter(({ useMilli }) => useMilli === undefined).length;
  if (unmetered > 0)
    assumptions.push(
      `${unmetered} of ${pods.length} pods were not metered: their use is that of others of their kind, or 0.7 of the request (batch) and 0.35 (services)`,
    );
  return [...frequent, ...rare].map(([name, alike]) => {
    const { kind } = alike[0]!;
    const kin = ofKind.get(kind)!;
    return {
      name,
      kind,
      share: alike.length / pods.length,
      cores: evenly(alike.map(({ cpuMilli }) => cpuMilli / 1000)),
      gibPerCore: rangeOf(alike.map((pod) => pod.memoryBytes / 2 ** 30 / (pod.cpuMilli / 1000))),
      ...(durationsOf(alike) ??
        durationsOf(kin) ?? { medianSeconds: USUAL[kind].medianSeconds, sigma: USUAL[kind].sigma }),
      useOfRequest: useOfRequest(alike) ?? useOfRequest(kin) ?? USUAL[kind].useOfRequest,
    };
  });
}

function grouped<T>(all: readonly T[], keyOf: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of all) {
    const known = groups.get(keyOf(each));
    if (known === undefined) groups.set(keyOf(each), [each]);
    else known.push(each);
  }
  return groups;
}

/** Up to sixteen values that stand for all, each equally likely. */
function evenly(values: readonly number[]): readonly number[] {
  const sorted = Float64Array.from(values).sort();
  if (sorted[0] === sorted.at(-1)) return [sorted[0]!];
  const count = Math.min(16, sorted.length);
  return Array.from({ length: count }, (_, i) => sorted[Math.floor(((i + 0.5) / count) * sorted.length)]!);
}

function rangeOf(values: readonly number[]): readonly [number, number] {
  const sorted = Float64Array.from(values).sort();
  return [quantileOfSorted(sorted, 0.05), quantileOfSorted(sorted, 0.95)];
}

/** Undefined where too few ended. */
function durationsOf(
  pods: readonly ObservedPod[],
): { readonly medianSeconds: number; readonly sigma: number } | undefined {
  const logs = pods.flatMap(({ createdSeconds, endedSeconds }) =>
    endedSeconds === undefined ? [] : [Math.log(Math.max(1, endedSeconds - createdSeconds))],
  );
  if (logs.length < ENDS_OF_A_CLASS) return undefined;
  const sorted = Float64Array.from(logs).sort();
  const sigma = Math.min(SPREAD[1], Math.max(SPREAD[0], deviation(logs)));
  return { medianSeconds: Math.exp(quantileOfSorted(sorted, 0.5)), sigma };
}

function useOfRequest(pods: readonly ObservedPod[]): number | undefined {
  const metered = pods.filter(({ useMilli }) => useMilli !== undefined);
  if (metered.length === 0) return undefined;
  const used = metered.reduce((sum, { useMilli }) => sum + useMilli!, 0);
  return Math.max(0.001, used / metered.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0));
}

export function useSigma(pods: readonly ObservedPod[]): number {
  const logs = [...grouped(pods, shapeOf).values()].flatMap((alike) => {
    const mean = useOfRequest(alike);
    return alike.flatMap(({ useMilli, cpuMilli }) =>
      mean === undefined || useMilli === undefined || !(useMilli > 0)
        ? []
        : [Math.log(useMilli / cpuMilli / mean)],
    );
  });
  return logs.length < ENDS_OF_A_CLASS ? USUAL.useSigma : Math.min(SPREAD[1], deviation(logs));
}

export function useLimit(pods: readonly ObservedPod[]): number {
  return pods.reduce(
    (most, { useMilli = 0, cpuMilli }) => Math.max(most, Math.min(4, useMilli / cpuMilli)),
    1,
  );
}

export function loadOf(
  pods: readonly ObservedPod[],
  nodes: readonly Node[],
  { fromSeconds, toSeconds }: Watch,
): number {
  const capacity = nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0);
  const asked = pods.reduce((sum, { cpuMilli, createdSeconds, endedSeconds = toSeconds }) => {
    const there = Math.min(endedSeconds, toSeconds) - Math.max(createdSeconds, fromSeconds);
    return sum + cpuMilli * Math.max(0, there);
  }, 0);
  return asked / capacity / (toSeconds - fromSeconds);
}

export function slackOf(pods: readonly ObservedPod[]): ClusterTwinPlan['slack'] {
  const batch = pods.filter(({ kind }) => kind === 'batch');
  const waiting = batch.flatMap(({ slackSeconds }) => (slackSeconds > 0 ? [slackSeconds] : []));
  if (waiting.length === 0) return { share: 0, fromSeconds: 0, toSeconds: 0 };
  const [fromSeconds, toSeconds] = rangeOf(waiting);
  return { share: waiting.length / batch.length, fromSeconds, toSeconds };
}

/** Undefined where too few pods said how long they run. */
export function predictionSigma(pods: readonly ObservedPod[]): number | undefined {
  const logs = pods.flatMap(({ expectedSeconds, createdSeconds, endedSeconds }) =>
    expectedSeconds === undefined || endedSeconds === undefined
      ? []
      : [Math.log(Math.max(1, endedSeconds - createdSeconds) / Math.max(1, expectedSeconds))],
  );
  if (logs.length < LEAST_PREDICTIONS) return undefined;
  return Math.min(
    SPREAD[1],
    Math.max(SPREAD[0], Math.sqrt(logs.reduce((sum, each) => sum + each * each, 0) / logs.length)),
  );
}

/**
 * The first harmonic of the hours at which pods come, from two days on and where it stands out of what chance alone makes;
 * the simulation's time 0 is midnight (UTC), as the hour terms of policies have it.
 */
export function rhythmOf(
  pods: readonly ObservedPod[],
  seconds: number,
  assumptions: string[],
): ArrivalRhythm {
  if (seconds < 2 * DAY) {
    assumptions.push('less than two days were watched: no daily rhythm');
    return STEADY;
  }
  let [cos, sin] = [0, 0];
  for (const { createdSeconds } of pods) {
    const turn = (2 * Math.PI * (createdSeconds % DAY)) / DAY;
    cos += Math.cos(turn);
    sin += Math.sin(turn);
  }
  const amplitude = (2 / pods.length) * Math.hypot(cos, sin);
  // The amplitude of n uniform times is about sqrt(pi / n); three times that is no chance.
  if (amplitude < 3 * Math.sqrt(Math.PI / pods.length)) return STEADY;
  const phase = Math.atan2(cos, sin);
  return {
    amplitude: Math.min(0.9, amplitude),
    periodSeconds: DAY,
    phaseSeconds: ((((phase / (2 * Math.PI)) % 1) + 1) % 1) * DAY,
  };
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, values.length - 1));
}
