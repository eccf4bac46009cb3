import { decisionEntry, type Outcome } from './decision-entry.ts';
import { type HeldPod, podFields } from './held-pod.ts';
import type { PlacementLoopOptions } from './loop-options.ts';

/** What the loop hands to the history. Pods are not held for the sake of the records: whatever goes wrong here is logged. */
export class Records {
  readonly #o: Pick<PlacementLoopOptions, 'mode' | 'decider' | 'time' | 'sink' | 'log'>;
  /** Recorded pods that have not been seen to be bound. */
  readonly #unbound = new Set<string>();

  constructor(options: Pick<PlacementLoopOptions, 'mode' | 'decider' | 'time' | 'sink' | 'log'>) {
    this.#o = options;
  }

  add(held: HeldPod, outcome: Outcome): void {
    const { mode, decider, time, sink } = this.#o;
    const { uid } = held.pod;
    this.#safely(held, () => {
      sink.record(
        decisionEntry(held, outcome, {
          mode,
          policy: decider.policyName,
          unixMilliseconds: time.unixMilliseconds(),
          monotonicMilliseconds: time.monotonicMilliseconds(),
        }),
      );
      if (held.endedOn === undefined) this.#unbound.add(uid);
      else if (held.endedOn !== '') sink.bound(uid, held.endedOn);
    });
  }

  /** @param node undefined: the pod is gone */
  settled(uid: string, node: string | undefined): void {
    if (!this.#unbound.delete(uid) || node === undefined) return;
    this.#safely(undefined, () => this.#o.sink.bound(uid, node));
  }

  /** Pods whose end was not told are waited for no more. */
  keepOnly(waiting: ReadonlySet<string>): void {
    for (const uid of this.#unbound) if (!waiting.has(uid)) this.#unbound.delete(uid);
  }

  #safely(held: HeldPod | undefined, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#o.log.error('decision-not-recorded', held === undefined ? { error } : podFields(held, error));
    }
  }
}
