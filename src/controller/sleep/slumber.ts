import type { Milliseconds } from '../../util/units.ts';
import type { Slumber } from '../live-cluster.ts';
import type { NodeFacts } from './ports.ts';
import type { SleepMark } from './sleep-mark.ts';

/** How long a node has been in the state that its mark tells. */
export class MarkAges {
  readonly #seen = new Map<string, { text: string; age: Milliseconds; at: Milliseconds }>();

  /**
   * By the local monotonic clock since the mark was first seen, and by the wall clock before: another leader may have written it.
   * A wall clock that is set meanwhile changes nothing.
   */
  of(
    { uid, markText = '' }: NodeFacts,
    mark: SleepMark,
    now: Milliseconds,
    unix: Milliseconds,
  ): Milliseconds {
    const known = this.#seen.get(uid);
    if (known?.text === markText) return known.age + now - known.at;
    const age = Math.max(0, unix - mark.since);
    this.#seen.set(uid, { text: markText, age, at: now });
    return age;
  }

  keepOnly(uids: ReadonlySet<string>): void {
    for (const uid of this.#seen.keys()) if (!uids.has(uid)) this.#seen.delete(uid);
  }
}

/** Whether the node is left in peace after a failure. */
export function isResting({ since, notBefore }: SleepMark, age: Milliseconds): boolean {
  return notBefore !== undefined && age < notBefore - since;
}

/** A node whose kubelet is silent is told to be ready for up to 50 s more (node-monitor-grace-period). */
const SILENCE_MILLISECONDS: Milliseconds = 60_000;

/** Whether it is up, after it slept: not by what was true before. */
export function isUpAgain(
  { isReady, readinessSince }: NodeFacts,
  mark: SleepMark,
  age: Milliseconds,
): boolean {
  if (!isReady) return false;
  const { slept, since } = mark;
  if (slept === undefined) return true;
  if (readinessSince !== undefined && readinessSince > slept) return true;
  return since - slept + age > SILENCE_MILLISECONDS;
}

/** How a node stands in the book; undefined: as the watch tells it. */
export function slumberOf(
  mark: SleepMark,
  age: Milliseconds,
  wakeMilliseconds: Milliseconds,
): Slumber | undefined {
  switch (mark.state) {
    case 'cordoned':
    case 'draining':
    case 'falling-asleep':
    case 'asleep':
      return { state: 'asleep' };
    case 'waking':
      return isResting(mark, age)
        ? { state: 'closed' }
        : { state: 'waking', awakeAt: (mark.since + wakeMilliseconds) / 1000 };
    case 'awake':
      return undefined;
  }
}
