import { feasibleNodes } from '../../cluster/feasible.ts';
import type { Policy, PolicyRun } from '../../policy/policy.ts';
import type { RandomStream } from '../../util/rng.ts';
import type { StreamedPod } from './pod-stream.ts';
import type { RunningPods } from './running-pods.ts';

/**
 * A scheduler by one rule, over what really runs: pods that do not fit wait in their order, and are tried again whenever one has
 * ended.
 */
export class OwnScheduler {
  readonly #running: RunningPods;
  readonly #run: PolicyRun;
  readonly #started: (streamed: StreamedPod, node: number) => void;
  readonly #nodes: Int32Array;
  #waiting: StreamedPod[] = [];

  /** @throws what the policy throws where the nodes lack what it needs */
  constructor(
    running: RunningPods,
    policy: Policy,
    random: RandomStream,
    started: (streamed: StreamedPod, node: number) => void = () => undefined,
  ) {
    this.#running = running;
    this.#run = policy.start({ cluster: running.cluster, random });
    this.#started = started;
    this.#nodes = new Int32Array(running.cluster.size);
  }

  get waiting(): readonly StreamedPod[] {
    return this.#waiting;
  }

  /** Starts the pod where the rule says, at once or as soon as there is room. */
  schedule(streamed: StreamedPod, now: number): void {
    if (!this.#tryToStart(streamed, now)) this.#waiting.push(streamed);
  }

  /** Starts the pod on a node that somebody else chose. */
  startOn(streamed: StreamedPod, node: number, now: number): void {
    this.#running.start(streamed, node, now);
    this.#run.placed?.(streamed.pod, node);
    this.#started(streamed, node);
  }

  /** Ends all pods whose time has come by `now`, each at its own time; those that waited for room start then. */
  advance(now: number, ended: (streamed: StreamedPod) => void = () => undefined): void {
    while (this.#running.nextEndSeconds <= now) {
      const { streamed, node, endSeconds } = this.#running.endNext();
      this.#run.removed?.(streamed.pod, node);
      ended(streamed);
      if (this.#waiting.length === 0) continue;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const each of waiting) this.schedule(each, endSeconds);
    }
    this.#running.cluster.now = now;
  }

  #tryToStart(streamed: StreamedPod, now: number): boolean {
    const { cluster } = this.#running;
    const { pod } = streamed;
    cluster.now = now;
    cluster.pending = this.#waiting.length + 1;
    const count = feasibleNodes(cluster, pod, this.#nodes);
    if (count === 0) return false;
    const node = this.#run.choose(pod, { nodes: this.#nodes, count, slackLeft: 0 });
    this.startOn(streamed, node, now);
    return true;
  }
}
