import { Decider } from '../../src/controller/decider.ts';
import { LiveCluster } from '../../src/controller/live-cluster.ts';
import type { PlacementLoopOptions } from '../../src/controller/loop-options.ts';
import { PlacementLoop } from '../../src/controller/placement-loop.ts';
import type {
  Actor,
  ActResult,
  Leadership,
  PauseSource,
  PendingPod,
  PendingPodListener,
  PendingPods,
} from '../../src/controller/ports.ts';
import type { DecisionRecord } from '../../src/history/decision-record.ts';
import { bestFit } from '../../src/policy/best-fit.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { scoringPolicy } from '../../src/policy/scoring-policy.ts';
import { seededRandom } from '../../src/util/rng.ts';
import { recordingLogger } from './open-history.ts';
import { PlayedTime } from './played-time.ts';
import { podOf, server } from './random-cluster.ts';

/** A fact that changes, and who wants to know. */
class Watched<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set value(value: T) {
    if (value === this.#value) return;
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

export class PlayedLeadership extends Watched<boolean> implements Leadership {
  get isLeader(): boolean {
    return this.value;
  }
}

export class PlayedPause extends Watched<string | undefined> implements PauseSource {
  get reason(): string | undefined {
    return this.value;
  }
}

/** What the watch knows, as a test tells it. */
export class PlayedPods implements PendingPods {
  readonly known = new Map<string, PendingPod>();
  #listener: PendingPodListener | undefined;

  list(): Iterable<PendingPod> {
    return this.known.values();
  }

  subscribe(listener: PendingPodListener): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }

  tell(pod: PendingPod): void {
    this.known.set(pod.uid, pod);
    this.#listener?.pending(pod);
  }

  settle(uid: string, node?: string): void {
    this.known.delete(uid);
    this.#listener?.settled(uid, node);
  }
}

export function pendingPod(id: number, given: Partial<PendingPod> = {}): PendingPod {
  return {
    uid: `uid-${id}`,
    namespace: 'shop',
    name: `pod-${id}`,
    createdUnixMilliseconds: 1_800_000_000_000,
    isGated: true,
    isOptedIn: true,
    isDeleting: false,
    nodeName: undefined,
    ownerKinds: ['ReplicaSet'],
    pod: podOf(id, { namespace: 'shop' }),
    ...given,
  };
}

export interface HandedPod {
  readonly pod: PendingPod;
  readonly node: string | undefined;
  readonly signal: AbortSignal;
  readonly settle: (result: ActResult) => void;
}

/** Answers when and as a test says; frees or places at once where it says nothing. */
export class PlayedActor implements Actor {
  readonly handed: HandedPod[] = [];
  answer: ((handed: HandedPod) => void) | undefined;

  free(pod: PendingPod, node: string | undefined, signal: AbortSignal): Promise<ActResult> {
    const { promise, resolve } = Promise.withResolvers<ActResult>();
    const handed: HandedPod = { pod, node, signal, settle: resolve };
    this.handed.push(handed);
    if (this.answer === undefined)
      resolve(node === undefined ? { outcome: 'freed' } : { outcome: 'placed', node });
    else this.answer(handed);
    return promise;
  }
}

export interface PlacementGiven {
  readonly policy?: Policy;
  readonly fallback?: Policy;
  readonly reference?: Policy;
  readonly nodes?: number;
  readonly loop?: Partial<PlacementLoopOptions>;
}

export const bestFitPolicy = scoringPolicy('best-fit', [{ plugin: bestFit, weight: 1 }], 'first');

export const DEADLINE_MILLISECONDS = 10_000;

/** A loop with everything around it played. */
export function playedPlacement(given: PlacementGiven = {}) {
  const time = new PlayedTime();
  const book = new LiveCluster();
  book.setNodes(Array.from({ length: given.nodes ?? 3 }, (_, i) => server(`node-${i}`, i % 3)));
  const { log, events } = recordingLogger();
  const { policy = bestFitPolicy, fallback, reference } = given;
  const decider = new Decider({
    book,
    policy,
    ...(fallback === undefined ? {} : { fallback }),
    ...(reference === undefined ? {} : { reference }),
    seed: 1,
    log,
    monotonicMilliseconds: () => time.now,
  });
  const records: DecisionRecord[] = [];
  const bound: { uid: string; node: string }[] = [];
  const pods = new PlayedPods();
  const actor = new PlayedActor();
  const leadership = new PlayedLeadership(true);
  const paused = new PlayedPause(undefined);
  const loop = new PlacementLoop({
    pods,
    book,
    decider,
    actor,
    leadership,
    paused,
    sink: {
      record: (decision) => void records.push(decision),
      bound: (uid, node) => void bound.push({ uid, node }),
    },
    time,
    random: seededRandom(7),
    log,
    mode: 'act',
    ownNamespace: 'kisimd',
    deadlineMilliseconds: DEADLINE_MILLISECONDS,
    longestSlackMilliseconds: 3_600_000,
    mostInFlight: 16,
    ...given.loop,
  });
  return { time, book, decider, records, bound, pods, actor, leadership, paused, loop, events };
}
