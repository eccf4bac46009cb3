import type { Milliseconds } from '../util/units.ts';
import type { HeldPod } from './held-pod.ts';
import type { PendingPod } from './ports.ts';

/** How long the watch may still show the gate of a pod that was freed. */
const WATCH_LAG_MILLISECONDS: Milliseconds = 30_000;
/** How long after the deadline a pod may be on its way. */
const WRITE_MILLISECONDS: Milliseconds = 15_000;

export interface Swept {
  readonly uids: ReadonlySet<string>;
  /** All that wait now: those that a dead predecessor left, and those whose events were lost, are among them. */
  readonly waiting: readonly PendingPod[];
  /** Nobody's any more: their end was not told. */
  readonly vanished: readonly HeldPod[];
  /** Finished with, and still held as the watch knows. */
  readonly stillGated: readonly HeldPod[];
  /** Held past their deadline; each is told once. */
  readonly overdue: readonly HeldPod[];
}

/** Compares what waits in the cluster with what the loop answers for. */
export function sweep(
  pods: Iterable<PendingPod>,
  held: ReadonlyMap<string, HeldPod>,
  now: Milliseconds,
): Swept {
  const waiting = [...pods];
  const uids = new Set(waiting.map(({ uid }) => uid));
  const vanished: HeldPod[] = [];
  const stillGated: HeldPod[] = [];
  const overdue: HeldPod[] = [];
  for (const each of held.values()) {
    if (!uids.has(each.pod.uid)) vanished.push(each);
    else if (each.pod.isGated) {
      if (each.state === 'finished' && now - each.finishedAt > WATCH_LAG_MILLISECONDS) stillGated.push(each);
      if (each.isToldOverdue || now - each.deadlineAt <= WRITE_MILLISECONDS) continue;
      if (each.state === 'finished' && now - each.finishedAt <= WATCH_LAG_MILLISECONDS) continue;
      each.isToldOverdue = true;
      overdue.push(each);
    }
  }
  return { uids, waiting, vanished, stillGated, overdue };
}
