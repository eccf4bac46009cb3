import type { Pod } from '../../cluster/pod.ts';
import type { Milliseconds } from '../../util/units.ts';

/** A pod without a node that the placement loop does not hold. */
export interface UnplacedPod {
  readonly uid: string;
  readonly pod: Pod;
}

/** The scheduler is given so long before a pod counts as one that waits for room. */
const PATIENCE_MILLISECONDS: Milliseconds = 3_000;
/** A pod that was not helped by a node that was woken for it wakes none for so long. */
const IN_VAIN_MILLISECONDS: Milliseconds = 3_600_000;

/** The scheduler is given so long to take a pod to a node that has come up. */
const TAKEN_MILLISECONDS: Milliseconds = 15_000;

interface Waiting {
  readonly since: Milliseconds;
  woken: { readonly node: string; readonly at: Milliseconds; upAt: Milliseconds | undefined } | undefined;
}

/** Since when pods wait for the scheduler, and which nodes were woken for them. */
export class UnplacedPods {
  readonly #waiting = new Map<string, Waiting>();

  /** Those that have waited for long enough, in the order in which they came. */
  waitingNow(pods: Iterable<UnplacedPod>, now: Milliseconds): readonly UnplacedPod[] {
    const seen = new Set<string>();
    const long: UnplacedPod[] = [];
    for (const each of pods) {
      const { uid } = each;
      seen.add(uid);
      const known = this.#waiting.get(uid);
      if (known === undefined) this.#waiting.set(uid, { since: now, woken: undefined });
      else if (now - known.since >= PATIENCE_MILLISECONDS) long.push(each);
    }
    for (const uid of this.#waiting.keys()) if (!seen.has(uid)) this.#waiting.delete(uid);
    return long.sort((a, b) => this.#since(a) - this.#since(b));
  }

  /**
   * Whether a node may be woken for a pod that fits none that is awake: one for each pod, and another where that one did not wake,
   * or is up and others have taken its room. Where it has gone to sleep again beside the pod, the pod waits for something else.
   *
   * @param stateOf of the node that was woken for it
   */
  mayWake(uid: string, now: Milliseconds, stateOf: (node: string) => 'up' | 'lost' | 'away'): boolean {
    const woken = this.#waiting.get(uid)?.woken;
    if (woken === undefined || now - woken.at >= IN_VAIN_MILLISECONDS) return true;
    const state = stateOf(woken.node);
    if (state === 'lost') return true;
    return state === 'up' && woken.upAt !== undefined && now - woken.upAt >= TAKEN_MILLISECONDS;
  }

  woken(uid: string, node: string, now: Milliseconds): void {
    const waiting = this.#waiting.get(uid);
    if (waiting !== undefined) waiting.woken = { node, at: now, upAt: undefined };
  }

  /**
   * The nodes that were to be woken for pods and have not been up since.
   *
   * @param isUp by the name of a node
   */
  expected(isUp: (node: string) => boolean, now: Milliseconds): ReadonlySet<string> {
    const expected = new Set<string>();
    for (const { woken } of this.#waiting.values()) {
      if (woken === undefined) continue;
      if (isUp(woken.node)) woken.upAt ??= now;
      if (woken.upAt === undefined) expected.add(woken.node);
    }
    return expected;
  }

  #since({ uid }: UnplacedPod): Milliseconds {
    return this.#waiting.get(uid)!.since;
  }
}
