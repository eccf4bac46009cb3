import { PodUseBook } from '../../controller/pod-use-totals.ts';
import { RunRecorder } from '../../controller/run-recorder.ts';
import { listPods } from '../../kubernetes/cluster-snapshot.ts';
import type { Service } from '../supervisor.ts';
import type { Extra, LiveParts } from './live-parts.ts';

/** A server that was not heard for so long is not watched: a watch that hears nothing is opened anew long before. */
const SILENCE_NANOSECONDS = 300e9;

/** Keeps the lives of a live cluster's pods, its nodes and their energy in the history. */
export const runRecorder: Extra = (parts) => {
  const { config, watcher, book, time, clock, log, records, energy, api } = parts;
  if (records === undefined) return undefined;
  const use = new PodUseBook();
  const recorder = new RunRecorder({
    cluster: 'live',
    pods: watcher,
    nodes: () => book.cluster?.nodes ?? [],
    isCurrent: () => clock.monotonicNanoseconds() - watcher.lastHeardNanoseconds < SILENCE_NANOSECONDS,
    sink: records,
    energy: energy.reader(),
    use,
    wishes: (signal) => listPods(api, signal),
    ownNamespace: config.kubernetes.namespace,
    time,
    log,
  });
  const listening = new Listening(parts, use);
  return {
    name: 'run-recorder',
    start: () => {
      listening.start();
      recorder.start();
    },
    stop: async () => {
      listening.stop();
      await recorder.stop();
    },
  };
};

/** Who listens has all nodes asked what their pods use: one instance in a cluster is enough. In dry-run nobody leads. */
class Listening implements Pick<Service, 'start' | 'stop'> {
  readonly #parts: Pick<LiveParts, 'config' | 'energy' | 'leadership'>;
  readonly #use: PodUseBook;
  #endListening: (() => void) | undefined;
  #endSubscription: (() => void) | undefined;

  constructor(parts: Pick<LiveParts, 'config' | 'energy' | 'leadership'>, use: PodUseBook) {
    this.#parts = parts;
    this.#use = use;
  }

  start(): void {
    this.#endSubscription = this.#parts.leadership.subscribe(() => this.#change());
    this.#change();
  }

  stop(): void {
    this.#endSubscription?.();
    this.#endListening?.();
    this.#endListening = undefined;
  }

  #change(): void {
    const { config, energy, leadership } = this.#parts;
    if (leadership.isLeader || config.placement.mode === 'dry-run')
      this.#endListening ??= energy.listen(this.#use);
    else {
      this.#endListening?.();
      this.#endListening = undefined;
    }
  }
}
