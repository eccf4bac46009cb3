import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { simulate } from '../../simulation/engine.ts';
import { DONE, EPISODE, type EpisodeBatch, type EpisodeWorkerSetup, NEXT } from './episode-pool.ts';
import { inThisThread } from './episodes.ts';
import { rememberingTwin } from './twin.ts';
import { twinOf } from './twin-plan.ts';

/*
 * A thread that runs episodes. It never turns to an event loop: it sleeps until a batch has been posted, and is ended from
 * outside.
 */
const { plan, port, posted } = workerData as EpisodeWorkerSetup;
const batches = new Int32Array(posted);
const runner = inThisThread(rememberingTwin(twinOf(plan)), simulate);

function run(batch: EpisodeBatch): void {
  const counters = new Int32Array(batch.counters);
  const states = new Int32Array(batch.states);
  const results = new Float64Array(batch.results);
  for (;;) {
    const i = Atomics.add(counters, NEXT, 1);
    if (i >= states.length) return;
    const rule = batch.rules[batch.ruleOf[i]!]!;
    let state: number = EPISODE.done;
    try {
      const { costs, decisions } = runner.run([{ rule, seed: batch.seeds[i]! }]);
      results[2 * i] = costs[0]!;
      results[2 * i + 1] = decisions;
    } catch {
      // Fails in the main thread again, where its error can be told.
      state = EPISODE.failed;
    }
    Atomics.store(states, i, state);
    Atomics.add(counters, DONE, 1);
    Atomics.notify(counters, DONE);
  }
}

for (let seen = 0; ; ) {
  Atomics.wait(batches, 0, seen);
  seen = Atomics.load(batches, 0);
  for (;;) {
    const message = receiveMessageOnPort(port) as { readonly message: EpisodeBatch } | undefined;
    if (message === undefined) break;
    run(message.message);
  }
}
