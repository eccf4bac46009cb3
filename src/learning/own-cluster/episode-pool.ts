import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { WeightedRule } from '../../policy/energy/weighted-policy.ts';
import type { Episode, EpisodeCosts, EpisodeRunner } from './episodes.ts';
import type { TwinPlan } from './twin-plan.ts';

/** What a worker is started with. */
export interface EpisodeWorkerSetup {
  readonly plan: TwinPlan;
  readonly port: MessagePort;
  /** One 32-bit word: how many batches have been posted. */
  readonly posted: SharedArrayBuffer;
}

/** A batch, the same for all workers: each takes the next episode that nobody has taken. */
export interface EpisodeBatch {
  readonly rules: readonly WeightedRule[];
  /** By episode, which of the rules, and the seed. */
  readonly ruleOf: Int32Array;
  readonly seeds: Float64Array;
  /** Two 32-bit words: the next episode to take, and how many are done. */
  readonly counters: SharedArrayBuffer;
  /** By episode, `EPISODE`. */
  readonly states: SharedArrayBuffer;
  /** By episode: cost, then decisions. */
  readonly results: SharedArrayBuffer;
}

export const NEXT = 0;
export const DONE = 1;
export const EPISODE = { open: 0, done: 1, failed: 2 } as const;

/** Without any episode done in so long, this thread runs those that are missing itself. */
const STALL_MILLISECONDS = 30_000;

export interface EpisodePool extends EpisodeRunner {
  close(): Promise<void>;
}

/**
 * Runs episodes in this thread and in some more. What an episode costs follows from its rule and its seed alone, so that the
 * results are the same to the bit for any number of threads. A thread that is lost costs time and nothing else: what it
 * has not done is done here; an episode that failed there fails here again, with its own error.
 *
 * @param own what this thread runs its share by
 * @param threads in all, this one among them
 */
export function episodePool(
  plan: TwinPlan,
  own: EpisodeRunner,
  threads: number,
  stallMilliseconds = STALL_MILLISECONDS,
): EpisodePool {
  const posted = new SharedArrayBuffer(4);
  const ports: MessagePort[] = [];
  const workers = Array.from({ length: Math.max(0, threads - 1) }, () => {
    const { port1, port2 } = new MessageChannel();
    port1.unref();
    ports.push(port1);
    const workerData: EpisodeWorkerSetup = { plan, port: port2, posted };
    const worker = new Worker(new URL('./episode-worker.ts', import.meta.url), {
      workerData,
      transferList: [port2],
    });
    // The share of a thread that has died is run here.
    worker.on('error', () => undefined);
    worker.unref();
    return worker;
  });
  return {
    run(episodes) {
      if (episodes.length < 2 || workers.length === 0) return own.run(episodes);
      const batch = batchOf(episodes);
      for (const port of ports) port.postMessage(batch);
      Atomics.add(new Int32Array(posted), 0, 1);
      Atomics.notify(new Int32Array(posted), 0);
      return finish(batch, episodes, own, stallMilliseconds);
    },
    async close() {
      for (const port of ports) port.close();
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function batchOf(episodes: readonly Episode[]): EpisodeBatch {
  const rules = [...new Set(episodes.map(({ rule }) => rule))];
  const places = new Map(rules.map((rule, i) => [rule, i]));
  return {
    rules,
    ruleOf: Int32Array.from(episodes, ({ rule }) => places.get(rule)!),
    seeds: Float64Array.from(episodes, ({ seed }) => seed),
    counters: new SharedArrayBuffer(8),
    states: new SharedArrayBuffer(4 * episodes.length),
    results: new SharedArrayBuffer(16 * episodes.length),
  };
}

function finish(
  batch: EpisodeBatch,
  episodes: readonly Episode[],
  own: EpisodeRunner,
  stallMilliseconds: number,
): EpisodeCosts {
  const counters = new Int32Array(batch.counters);
  const states = new Int32Array(batch.states);
  const results = new Float64Array(batch.results);
  const runHere = (i: number) => {
    const { costs, decisions } = own.run([episodes[i]!]);
    results[2 * i] = costs[0]!;
    results[2 * i + 1] = decisions;
    states[i] = EPISODE.done;
  };
  for (;;) {
    const i = Atomics.add(counters, NEXT, 1);
    if (i >= episodes.length) break;
    runHere(i);
    Atomics.add(counters, DONE, 1);
  }
  for (;;) {
    const done = Atomics.load(counters, DONE);
    if (done >= episodes.length) break;
    if (Atomics.wait(counters, DONE, done, stallMilliseconds) === 'timed-out') break;
  }
  let decisions = 0;
  const costs = Float64Array.from(episodes, (_, i) => {
    if (Atomics.load(states, i) !== EPISODE.done) runHere(i);
    decisions += results[2 * i + 1]!;
    return results[2 * i]!;
  });
  return { costs, decisions };
}
