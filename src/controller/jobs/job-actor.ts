import type { NodeChoice } from '../../kubernetes/affinity.ts';
import type { ApiJob } from '../../kubernetes/api-objects.ts';
import type { Actor as KubeWriter } from '../../kubernetes/bind-decision.ts';
import type { JobTemplateRule } from '../../kubernetes/suspended-job-patch.ts';
import { asActResult } from '../kube-actor.ts';
import type { Actor, ActResult, PendingPod } from '../ports.ts';
import type { JobBook } from './job-book.ts';
import { planStrength } from './job-plan.ts';

export interface JobActorOptions {
  readonly writer: Pick<KubeWriter, 'startJob'>;
  readonly book: JobBook;
  /** The Job as the API server gave it last; undefined where it waits no more. */
  readonly objectOf: (uid: string) => ApiJob | undefined;
  readonly rule: JobTemplateRule;
  readonly strength: NodeChoice['strength'];
}

/** Starts suspended Jobs: what it is to free a pod. */
export class JobActor implements Actor {
  readonly #o: JobActorOptions;

  constructor(options: JobActorOptions) {
    this.#o = options;
  }

  async free(
    { uid }: Pick<PendingPod, 'uid'>,
    nodes: string | undefined,
    signal: AbortSignal,
  ): Promise<ActResult> {
    const { writer, book, objectOf, rule, strength } = this.#o;
    const object = objectOf(uid);
    if (object === undefined) return { outcome: 'gone' };
    if (nodes === undefined) return asActResult(await writer.startJob(object, undefined, rule, signal));
    const choice = {
      nodes: nodes.split(',') as [string, ...string[]],
      strength: planStrength(book.planOf(uid), strength),
    };
    // From before the write: the watch may tell that the Job runs before the answer is there.
    book.starting(uid);
    let started = false;
    try {
      const result = asActResult(await writer.startJob(object, choice, rule, signal));
      started = result.outcome === 'placed';
      return result;
    } finally {
      if (!started) book.notStarted(uid);
    }
  }
}
