import type { Milliseconds } from '../util/units.ts';
import type { Verdict } from './decider.ts';
import type { PendingPod } from './ports.ts';

/** Why a pod is freed without a node. */
export type FreeReason =
  | 'deadline'
  | 'paused'
  | 'no-node'
  | 'default-scheduler'
  | 'policy-failed'
  | 'refused'
  | 'not-opted-in'
  | 'still-gated'
  | 'stuck'
  | 'stopping'
  | 'shadow';

/** A write on its way. */
export interface Call {
  readonly controller: AbortController;
  /** Undefined: the pod is being freed as it was. */
  readonly node: string | undefined;
}

/**
 * - `queued`: to be decided or freed at the next turn
 * - `waiting`: the policy holds it back, within its slack, or its node is being woken, within its deadline
 * - `acting`: a write is on its way; there is never a second one
 * - `retrying`: a write did not succeed; another one follows
 * - `finished`: nothing more to do; kept until the watch has seen it too
 */
export type PodState = 'queued' | 'waiting' | 'acting' | 'retrying' | 'finished';

/** A pod that the loop answers for. */
export class HeldPod {
  /** As the watch last told it. */
  pod: PendingPod;
  readonly seenAt: Milliseconds;
  /** Until then the policy may hold it back; monotonic, as all times here. */
  readonly slackUntil: Milliseconds;
  /** From then on it is freed unmodified. */
  readonly deadlineAt: Milliseconds;
  state: PodState = 'queued';
  /** Set: it will not be decided any more. */
  freeBecause: FreeReason | undefined;
  /** What there is to say of that reason. */
  details: string | undefined;
  decided: Extract<Verdict, { kind: 'place' }> | undefined;
  /** It is booked on the node that was decided, and waits until that is up. */
  awaitsNode = false;
  call: Call | undefined;
  /** Writes that failed, one after the other. */
  failures = 0;
  /** The server has asked for silence until then. */
  silentUntil: Milliseconds = 0;
  finishedAt: Milliseconds = 0;
  /** The watch says that it waits no more. */
  isSettled = false;
  /** Where it was bound, or '' where it was deleted: known before the answer to a write now and then. */
  endedOn: string | undefined;
  isToldOverdue = false;

  /**
   * @param age since its creation by the server's clock, which may be wrong: it shortens the time that is left, and never
   * lengthens it
   */
  constructor(
    pod: PendingPod,
    now: Milliseconds,
    age: Milliseconds,
    deadline: Milliseconds,
    slack: Milliseconds,
  ) {
    this.pod = pod;
    this.seenAt = now;
    this.deadlineAt = now + Math.max(0, deadline + slack - Math.max(0, age));
    this.slackUntil = this.deadlineAt - deadline;
  }
}

export function podName({ pod }: HeldPod): string {
  return `${pod.namespace}/${pod.name}`;
}

/** For the log. */
export function podFields({ pod }: HeldPod, error: unknown): Readonly<Record<string, unknown>> {
  return { namespace: pod.namespace, pod: pod.name, uid: pod.uid, error };
}
