import { type Decision, HORIZON_SECONDS, type TermGroup } from './decision.ts';
import type { RunOut } from './run-out.ts';
import { TERM } from './term-table.ts';

/** Idle and wake joules count up to so many times the pod's own: else tiny pods would rule where nodes sleep. */
export const IDLE_CLIP = 20;

/** Energy above idle, over the pod's life. */
export class ActiveEnergy implements TermGroup {
  readonly terms = [TERM.activeEnergy];
  readonly #runOut: RunOut;

  constructor(runOut: RunOut) {
    this.#runOut = runOut;
  }

  fill({ nodes, count, columns, stride, useMilli, seconds, ownJoules }: Decision): void {
    const from = TERM.activeEnergy * stride;
    for (let i = 0; i < count; i++)
      columns[from + i] = this.#runOut.activeJoules(nodes[i]!, useMilli, seconds) / ownJoules;
  }
}

/** Energy of idling on and of waking. */
export class IdleEnergy implements TermGroup {
  readonly terms = [TERM.idleEnergy];
  readonly #runOut: RunOut;

  constructor(runOut: RunOut) {
    this.#runOut = runOut;
  }

  fill({ nodes, count, columns, stride, seconds, ownJoules }: Decision): void {
    const from = TERM.idleEnergy * stride;
    for (let i = 0; i < count; i++)
      columns[from + i] = Math.min(IDLE_CLIP, this.#runOut.idleJoules(nodes[i]!, seconds) / ownJoules);
  }
}

/** How the pod's end lies to those of the pods already there. */
export class EndTerms implements TermGroup {
  readonly terms = [TERM.extension, TERM.endAlignment];

  fill({ cluster, facts, nodes, count, columns, stride, seconds }: Decision): void {
    const { now } = cluster;
    const { lastEnd } = facts;
    const extension = TERM.extension * stride;
    const alignment = TERM.endAlignment * stride;
    for (let i = 0; i < count; i++) {
      const left = Math.min(HORIZON_SECONDS, Math.max(0, lastEnd[nodes[i]!]! - now));
      columns[extension + i] = Math.max(0, seconds - left) / seconds;
      columns[alignment + i] = Math.abs(seconds - left) / (seconds + left);
    }
  }
}
