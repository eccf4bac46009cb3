import type { NodeChoice } from '../kubernetes/affinity.ts';
import type { ApiPod } from '../kubernetes/api-objects.ts';
import type { FreeResult, Actor as KubeWriter } from '../kubernetes/bind-decision.ts';
import type { Actor, ActResult, PendingPod } from './ports.ts';

export interface KubeActorOptions {
  readonly writer: Pick<KubeWriter, 'freePod'>;
  /** The pod as the API server gave it last; undefined where it waits no more. */
  readonly objectOf: (pod: PendingPod) => ApiPod | undefined;
  readonly strength: NodeChoice['strength'];
}

/** Frees pods of a live cluster. */
export class KubeActor implements Actor {
  readonly #options: KubeActorOptions;

  constructor(options: KubeActorOptions) {
    this.#options = options;
  }

  async free(pod: PendingPod, node: string | undefined, signal: AbortSignal): Promise<ActResult> {
    const { writer, objectOf, strength } = this.#options;
    const object = objectOf(pod);
    if (object === undefined) return { outcome: 'gone' };
    const choice = node === undefined ? undefined : { node, strength };
    return asActResult(await writer.freePod(object, choice, signal));
  }
}

/** What the writer's answer is to the loop. */
export function asActResult(result: FreeResult): ActResult {
  switch (result.outcome) {
    case 'placed':
      return { outcome: 'placed', node: result.node };
    case 'unmodified':
      return { outcome: 'freed', why: result.why };
    case 'already-free':
    case 'gone':
    case 'not-leader':
      return { outcome: result.outcome };
    case 'failed':
      return { outcome: 'failed', error: result.error };
  }
}
