import { grown } from '../../attribution/guest-split.ts';
import type { CpuCount, NodeUse, NodeUseSink } from '../../attribution/node-use.ts';
import type { Node } from '../../cluster/node.ts';
import type { Clock } from '../../util/clock.ts';
import type { Joules, Milliseconds, Watts } from '../../util/units.ts';
import type { EpochCounters, EpochJoules, EpochReading } from './epoch-counters.ts';

export interface ModelledCountersOptions {
  /** As they are now: with their curves, where something is known of them. */
  readonly nodes: () => readonly Pick<Node, 'name' | 'cpuMilli' | 'power' | 'gpus'>[];
  readonly clock: Clock;
  /** Milliseconds after which a reading of a node's use is an old one; 90 s where left out. */
  readonly staleMilliseconds?: () => Milliseconds;
}

interface Kept {
  /** Of all that is counted: of the node, or of its pods where the node itself is not. */
  readonly counts: ReadonlyMap<string, CpuCount>;
  at: Milliseconds;
  /** By this host's clock. */
  receivedAt: Milliseconds;
  joules: Joules;
  epoch: number;
  /** Until when it is known as a node that sleeps or wakes; undefined: it is awake. */
  stillUntil?: Milliseconds;
}

const NODE = 'node';
/** How long a node that goes to sleep, or has just woken, is taken for an idle one until more is known of it. */
const MOST_BETWEEN: Milliseconds = 60_000;
/** Between readings further apart than this the load may have been anything. */
const MOST_GAP: Milliseconds = 900_000;

/**
 * The joules of nodes that nobody meters: their power curve at the mean utilisation between two readings, times the time
 * between them; of nodes that sleep what they take asleep. Curves bend, so a load that comes and goes within those seconds is taken for an even one; GPUs are not in it.
 */
export class ModelledCounters implements EpochCounters, NodeUseSink {
  readonly #options: ModelledCountersOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(options: ModelledCountersOptions) {
    this.#options = options;
  }

  take(use: NodeUse): void {
    const counts = countsOf(use);
    if (counts.size === 0) return;
    const at = Math.max(...[...counts.values()].map(({ unixMilliseconds }) => unixMilliseconds));
    const kept = this.#kept.get(use.node);
    const received = use.receivedUnixMilliseconds;
    if (kept === undefined) {
      this.#kept.set(use.node, { counts, at, receivedAt: received, joules: 0, epoch: 0 });
      return;
    }
    if (kept.stillUntil !== undefined) {
      const between = this.#idleJoules(use.node, received - kept.stillUntil);
      const { joules, epoch } = kept;
      this.#kept.set(use.node, {
        counts,
        at,
        receivedAt: received,
        joules: joules + (between ?? 0),
        epoch: between === undefined ? epoch + 1 : epoch,
      });
      return;
    }
    // The kubelet's own count is a few seconds old, and may be that of the last time still.
    if (at === kept.at) return;
    const now = { counts, at, receivedAt: received };
    const used = usedBetween(kept.counts, counts);
    const milliseconds = at - kept.at;
    const node = this.#options.nodes().find(({ name }) => name === use.node);
    const isKnown = used !== undefined && milliseconds > 0 && milliseconds <= MOST_GAP;
    if (!isKnown || node?.power === undefined || !(node.cpuMilli > 0)) {
      this.#kept.set(use.node, { ...now, joules: kept.joules, epoch: kept.epoch + 1 });
      return;
    }
    const utilisation = used / 1e6 / milliseconds / (node.cpuMilli / 1000);
    const joules = kept.joules + (node.power.watts(Math.min(1, utilisation)) * milliseconds) / 1000;
    this.#kept.set(use.node, { ...now, joules, epoch: kept.epoch });
  }

  /** The nodes that sleep or wake just now, with what they take; to be told every second or so. */
  still(watts: ReadonlyMap<string, Watts>): void {
    const now = this.#options.clock.unixMilliseconds();
    for (const [node, taken] of watts) {
      const kept = this.#kept.get(node);
      if (kept === undefined) {
        this.#kept.set(node, {
          counts: new Map(),
          at: now,
          receivedAt: now,
          joules: 0,
          epoch: 0,
          stillUntil: now,
        });
      } else if (kept.stillUntil === undefined) {
        const between = this.#idleJoules(node, now - kept.at);
        kept.joules += between ?? 0;
        if (between === undefined) kept.epoch += 1;
        kept.stillUntil = now;
      } else {
        kept.joules += (taken * (now - kept.stillUntil)) / 1000;
        kept.stillUntil = now;
      }
    }
  }

  /** Of an empty node, for a short time; undefined for a longer one. */
  #idleJoules(name: string, milliseconds: Milliseconds): Joules | undefined {
    const power = this.#options.nodes().find((node) => node.name === name)?.power;
    if (power === undefined || milliseconds > MOST_BETWEEN) return undefined;
    return (power.idleWatts * Math.max(0, milliseconds)) / 1000;
  }

  read(signal?: AbortSignal): Promise<EpochReading> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const { nodes, clock, staleMilliseconds = () => 90_000 } = this.#options;
    const stale = staleMilliseconds();
    const now = clock.unixMilliseconds();
    const found = new Map<string, EpochJoules>();
    const missing = new Map<string, string>();
    const all = nodes();
    for (const { name, power } of all) {
      const kept = this.#kept.get(name);
      if (power === undefined) missing.set(name, 'nothing is known of its power');
      else if (kept === undefined) missing.set(name, 'its CPU use has not been read');
      else if (now - (kept.stillUntil ?? kept.receivedAt) > stale)
        missing.set(name, `its CPU use was last read ${Math.round((now - kept.receivedAt) / 1000)} s ago`);
      else
        found.set(name, {
          joules: kept.joules,
          source: 'modelled',
          asOfUnixMilliseconds: Math.min(kept.stillUntil ?? kept.at, now),
          epoch: kept.epoch,
          began: 'the count of its CPU use began anew, or was not read for long',
        });
    }
    for (const name of [...this.#kept.keys()])
      if (!all.some((node) => node.name === name)) this.#kept.delete(name);
    return Promise.resolve({ unixMilliseconds: now, nodes: found, missing });
  }
}

function countsOf({ cpu, pods }: NodeUse): ReadonlyMap<string, CpuCount> {
  if (cpu !== undefined) return new Map([[NODE, cpu]]);
  return new Map(pods.flatMap((pod) => (pod.cpu === undefined ? [] : [[pod.uid, pod.cpu]])));
}

/** CPU time in nanoseconds; undefined where the node's own counter fell, or other things were counted before. */
function usedBetween(
  before: ReadonlyMap<string, CpuCount>,
  now: ReadonlyMap<string, CpuCount>,
): number | undefined {
  const [one, other] = [before.get(NODE), now.get(NODE)];
  if ((one === undefined) !== (other === undefined)) return undefined;
  if (one !== undefined && other !== undefined)
    return other.cpuNanoseconds < one.cpuNanoseconds ? undefined : other.cpuNanoseconds - one.cpuNanoseconds;
  let used = 0;
  for (const [uid, { cpuNanoseconds }] of now)
    used += grown(before.get(uid)?.cpuNanoseconds ?? 0, cpuNanoseconds);
  return used;
}
