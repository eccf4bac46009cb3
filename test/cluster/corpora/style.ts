import type { RandomStream } from '../../../src/util/rng.ts';

/** How one corpus is: shares are probabilities that a node or an application has the thing. */
export interface Style {
  readonly nodes: number;
  readonly pods: number;
  readonly zones: number;
  /** All nodes alike and pods plain, so that nearly every decision is a tie. */
  readonly uniform: boolean;
  readonly tainted: number;
  readonly images: number;
  readonly affinity: number;
  readonly podAffinity: number;
  readonly spread: number;
  readonly owned: number;
  readonly resources: number;
  readonly hostPorts: number;
  readonly prebound: number;
}

/** A tenth of the corpora are so large that the scheduler looks at a sample of their nodes only. */
export function randomStyle(random: RandomStream, sizes: { readonly pods: number }): Style {
  const large = random.next() < 0.1;
  const nodes = large ? 100 + random.integer(201) : 3 + random.integer(58);
  const uniform = random.next() < 0.12;
  // In every corpus some things are absent and some frequent: what is everywhere hides what it does.
  const share = (): number => random.pick([0, 0.15, 0.4, 0.8]);
  return {
    nodes,
    pods: Math.round(sizes.pods * random.uniform(0.5, 1.5)),
    zones: random.integer(5),
    uniform,
    tainted: uniform ? 0 : share(),
    images: share(),
    affinity: uniform ? 0 : share(),
    podAffinity: share(),
    spread: share(),
    owned: share(),
    resources: share(),
    hostPorts: random.pick([0, 0, 0.1, 0.3]),
    prebound: random.pick([0, 0, 0.1, 0.3]),
  };
}
