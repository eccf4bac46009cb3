import type { StoredCollection } from '../../history/collection-reader.ts';
import type { Milliseconds } from '../../util/units.ts';

/** What was collected before of the same. */
export interface Resumed {
  /** Time of collecting, without the pauses. */
  readonly elapsedMilliseconds: Milliseconds;
  readonly samples: number;
  readonly createdJobs: number;
  /** As it was begun with: what the cluster was then decides what Jobs there are. */
  readonly workload: object | undefined;
  readonly stops: number;
}

/**
 * The times since the last one that was finished, where they are of the same namespace and workload: those that a collection that begins
 * now goes on with. Undefined: it begins anew.
 *
 * @param isSame whether a workload that was stored is the one that is asked for now
 */
export function resumed(
  before: readonly StoredCollection[],
  namespace: string | undefined,
  isSame: (workload: object | undefined) => boolean,
): Resumed | undefined {
  const last = before.at(-1);
  if (last === undefined || last.ended === 'finished') return undefined;
  let [elapsedMilliseconds, samples, createdJobs, stops] = [0, 0, 0, 0];
  for (const each of before.toReversed()) {
    if (each.ended === 'finished' || each.namespace !== namespace || !isSame(each.workload)) break;
    elapsedMilliseconds += each.toUnixMilliseconds - each.fromUnixMilliseconds;
    samples += each.samples;
    createdJobs += each.createdJobs;
    stops += 1;
  }
  return stops === 0
    ? undefined
    : { elapsedMilliseconds, samples, createdJobs, workload: last.workload, stops };
}
