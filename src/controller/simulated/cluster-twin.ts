import type { Node } from '../../cluster/node.ts';
import type { Policy } from '../../policy/policy.ts';
import type { RandomStream } from '../../util/rng.ts';
import type { Joules, Watts } from '../../util/units.ts';
import { OwnScheduler } from './own-scheduler.ts';
import type { StreamedPod } from './pod-stream.ts';
import { RunningPods } from './running-pods.ts';

/** The same nodes with the same pods, placed by another rule at the moment of their creation. */
export class ClusterTwin {
  readonly policy: string;
  readonly #running: RunningPods;
  readonly #scheduler: OwnScheduler;

  constructor(nodes: readonly Node[], policy: Policy, random: RandomStream) {
    this.policy = policy.name;
    this.#running = new RunningPods(nodes);
    this.#scheduler = new OwnScheduler(this.#running, policy, random);
  }

  /** Pods must come in the order of their creation. */
  arrive(streamed: StreamedPod): void {
    this.#scheduler.advance(streamed.atSeconds);
    this.#scheduler.schedule(streamed, streamed.atSeconds);
  }

  /** Joules since the beginning, watts at this moment. */
  energy(now: number): { readonly joules: Joules; readonly activeJoules: Joules; readonly watts: Watts } {
    this.#scheduler.advance(now);
    return { ...this.#running.total(now), watts: this.#running.watts };
  }
}
