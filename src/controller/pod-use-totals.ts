import { podCount } from '../attribution/guest-split.ts';
import type { NodeUse, NodeUseSink, PodUse } from '../attribution/node-use.ts';
import type { PodRunRecord } from '../history/pod-run-record.ts';
import type { Milliseconds, Nanoseconds } from '../util/units.ts';
import type { PodUseTotals } from './run-recorder.ts';

interface Total {
  lastNanoseconds: Nanoseconds;
  lastAt: Milliseconds;
  usedNanoseconds: Nanoseconds;
  meteredMilliseconds: Milliseconds;
}

/** CPU time of pods added up from counters, which begin anew where containers do. */
export class PodUseBook implements PodUseTotals, NodeUseSink {
  readonly #totals = new Map<string, Total>();

  take({ pods, source }: NodeUse): void {
    for (const pod of pods) {
      const count = podCount(pod);
      if (count === undefined) continue;
      const known = this.#totals.get(pod.uid);
      if (known === undefined) this.#totals.set(pod.uid, first(pod, source, count));
      else if (count.at > known.lastAt) add(known, count);
    }
  }

  of(uid: string): NonNullable<PodRunRecord['cpu']> | undefined {
    const total = this.#totals.get(uid);
    if (total === undefined || total.meteredMilliseconds <= 0) return undefined;
    return {
      usedMicroseconds: total.usedNanoseconds / 1000,
      meteredMilliseconds: total.meteredMilliseconds,
    };
  }

  forget(uid: string): void {
    this.#totals.delete(uid);
  }
}

/** A kubelet counts from the pod's start on: what it says first is of the time since then. */
function first(
  { cpu, startUnixMilliseconds }: PodUse,
  source: NodeUse['source'],
  { total, at }: { readonly total: Nanoseconds; readonly at: Milliseconds },
): Total {
  const sinceStart = source === 'kubelet' && cpu !== undefined && startUnixMilliseconds !== undefined;
  return {
    lastNanoseconds: total,
    lastAt: at,
    usedNanoseconds: sinceStart ? total : 0,
    meteredMilliseconds: sinceStart ? Math.max(0, at - startUnixMilliseconds) : 0,
  };
}

function add(known: Total, { total, at }: { readonly total: Nanoseconds; readonly at: Milliseconds }): void {
  const more = total - known.lastNanoseconds;
  // Below what it was it began anew, and all that it says is new.
  known.usedNanoseconds += more >= 0 ? more : total;
  known.meteredMilliseconds += at - known.lastAt;
  known.lastNanoseconds = total;
  known.lastAt = at;
}
