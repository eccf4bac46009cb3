import type { Pod } from '../cluster/pod.ts';
import type { Candidates, Policy, PolicyRun } from './policy.ts';

/** The next node, in the order of the node list, that the pod fits; it starts behind the last one taken. */
export const roundRobinPolicy: Policy = {
  name: 'round-robin',
  start: () => new RoundRobinRun(),
};

class RoundRobinRun implements PolicyRun {
  #last = -1;

  choose(_pod: Pod, { nodes, count }: Candidates): number {
    let at = 0;
    while (at < count && nodes[at]! <= this.#last) at++;
    this.#last = nodes[at < count ? at : 0]!;
    return this.#last;
  }

  explain(): readonly [] {
    return [];
  }

  save(): unknown {
    return this.#last;
  }

  restore(saved: unknown): void {
    this.#last = Number(saved);
  }
}
