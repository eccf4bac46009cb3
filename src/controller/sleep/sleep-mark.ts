import type { Milliseconds } from '../../util/units.ts';

/**
 * - `cordoned`: takes no new pods, and is looked at once more
 * - `draining`: cordoned, and its pods are being evicted
 * - `falling-asleep`: the operator's command runs, or ran when whoever gave it ended
 * - `asleep`: the command has succeeded
 * - `waking`: the command to wake it was given; it is not ready yet
 * - `awake`: not cordoned by the program; kept for a while after it was, for its minimum time and its failures
 */
export const sleepStates = ['cordoned', 'draining', 'falling-asleep', 'asleep', 'waking', 'awake'] as const;
export type SleepState = (typeof sleepStates)[number];

/** What the program has written on a node about its sleep: all that another leader needs to go on from there. */
export interface SleepMark {
  readonly state: SleepState;
  /** Since when it is in this state, by the clock of who wrote it. */
  readonly since: Milliseconds;
  /** Who wrote it: `IDENTITY#FENCING-TOKEN`. */
  readonly by: string;
  /** When the command that puts it to sleep was last about to be given. */
  readonly slept?: Milliseconds;
  /** Failures in a row, of whatever kind. */
  readonly failures?: number;
  /** Nothing new is tried with the node before. */
  readonly notBefore?: Milliseconds;
  /** For people: why it left its last state. */
  readonly why?: string;
}

/** For an annotation: JSON with times that people can read. */
export function formatMark({ state, since, by, slept, failures, notBefore, why }: SleepMark): string {
  return JSON.stringify({
    state,
    since: iso(since),
    by,
    ...(slept === undefined ? {} : { slept: iso(slept) }),
    ...(failures === undefined || failures === 0 ? {} : { failures }),
    ...(notBefore === undefined ? {} : { notBefore: iso(notBefore) }),
    ...(why === undefined ? {} : { why }),
  });
}

/** `unreadable`: somebody else has written it; such a node is not touched. */
export function parseMark(text: string | undefined): SleepMark | 'unreadable' | undefined {
  if (text === undefined) return undefined;
  let fields: Readonly<Record<string, unknown>>;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return 'unreadable';
    fields = parsed as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof SyntaxError) return 'unreadable';
    throw error;
  }
  const { state, by, failures = 0, why } = fields;
  const since = timeOf(fields['since']);
  const slept = timeOf(fields['slept']);
  const notBefore = timeOf(fields['notBefore']);
  const isGood =
    sleepStates.includes(state as SleepState) &&
    typeof by === 'string' &&
    typeof since === 'number' &&
    slept !== 'bad' &&
    notBefore !== 'bad' &&
    Number.isInteger(failures) &&
    (failures as number) >= 0 &&
    (why === undefined || typeof why === 'string');
  if (!isGood) return 'unreadable';
  return {
    state: state as SleepState,
    since,
    by,
    ...(slept === undefined ? {} : { slept }),
    ...(failures === 0 ? {} : { failures: failures as number }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(why === undefined ? {} : { why }),
  };
}

/** A mark that cannot be read says nothing. */
export function markOf({
  mark,
}: {
  readonly mark: SleepMark | 'unreadable' | undefined;
}): SleepMark | undefined {
  return mark === 'unreadable' ? undefined : mark;
}

function iso(time: Milliseconds): string {
  return new Date(time).toISOString();
}

function timeOf(value: unknown): Milliseconds | 'bad' | undefined {
  if (value === undefined) return undefined;
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(time) ? time : 'bad';
}
