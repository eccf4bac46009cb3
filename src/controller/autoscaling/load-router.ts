import { type BackendName, backendNames, type Placement } from '../../autoscaling/policy.ts';
import type { TargetShares } from '../../load/http/target-shares.ts';
import type { RequestRouter } from './ports.ts';

/**
 * How much more a ready replica of the preferred backend gets than one of the other. Who divides requests beforehand does not
 * see which replica is free, as the simulation does; this much leans to one side and starves nobody.
 */
const PREFERENCE = 3;

/** Divides the requests of the load generator among backends: by their ready replicas, leaning as the policy places them. */
export class LoadRouter implements RequestRouter {
  readonly #shares: TargetShares;
  readonly #backends: readonly BackendName[];

  /** @param backends of the targets, in their order */
  constructor(shares: TargetShares, backends: readonly BackendName[]) {
    this.#shares = shares;
    this.#backends = backends;
  }

  route(placement: Placement, ready: Readonly<Record<BackendName, number>>): void {
    const weight = (backend: BackendName) => {
      const targets = this.#backends.filter((each) => each === backend).length;
      return (ready[backend] * (placement === `prefer-${backend}` ? PREFERENCE : 1)) / Math.max(1, targets);
    };
    // While nobody is ready requests go on as they went: their errors are to be seen.
    if (backendNames.every((backend) => !this.#backends.includes(backend) || ready[backend] === 0)) return;
    this.#shares.set(this.#backends.map(weight));
  }
}
