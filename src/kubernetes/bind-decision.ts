import type { KisimError } from '../util/errors.ts';
import { type NodeChoice, requiresAnotherNode, type TemplateChoice } from './affinity.ts';
import type { ApiJob, ApiPod } from './api-objects.ts';
import { gatedPodPatch } from './gated-pod-patch.ts';
import { type GuardedWrites, guardedPatch, type Round } from './guarded-patch.ts';
import { DECIDED_BY_ANNOTATION, NODE_ANNOTATION } from './names.ts';
import { type JobTemplateRule, suspendedJobPatch } from './suspended-job-patch.ts';

/** What became of a pod that waited at our gate, or of a Job that waited to be started. */
export type FreeResult =
  /** Freed with the affinity of a decision; `node` as it was written. */
  | { readonly outcome: 'placed'; readonly node: string; readonly attempts: number }
  | {
      readonly outcome: 'unmodified';
      /** `no-choice`: none was given; `contradicted`: the pod itself requires another; `refused`: the server would not have it. */
      readonly why: 'no-choice' | 'contradicted' | 'refused';
      readonly attempts: number;
    }
  /** Somebody else did it. */
  | { readonly outcome: 'already-free'; readonly attempts: number }
  | { readonly outcome: 'gone'; readonly attempts: number }
  /** Nothing was written since the lease was lost; the next leader sweeps. */
  | { readonly outcome: 'not-leader'; readonly attempts: number }
  /** It still waits, as far as is known. */
  | { readonly outcome: 'failed'; readonly error: KisimError; readonly attempts: number };

export interface ActorOptions extends GuardedWrites {
  /** `IDENTITY#FENCING-TOKEN` of the present term. */
  readonly decidedBy: () => string;
  /** Another decision for a pod that has changed, or whose first one the server refused. Left out: there is none. */
  readonly decideAgain?: (pod: ApiPod) => NodeChoice | undefined;
}

/**
 * Writes decisions to the cluster. Expected failures are values; a pod that could not be placed is freed as it was, so that
 * the scheduler places it alone.
 */
export class Actor {
  readonly #options: ActorOptions;

  constructor(options: ActorOptions) {
    this.#options = options;
  }

  /**
   * Sets the affinity of a gated pod and takes our gate away, in one write.
   *
   * @param pod with metadata, gates and node affinity in full
   * @param choice undefined: freed unmodified
   */
  async freePod(pod: ApiPod, choice: NodeChoice | undefined, signal?: AbortSignal): Promise<FreeResult> {
    const { decidedBy, decideAgain } = this.#options;
    const { namespace = 'default', name = '' } = pod.metadata ?? {};
    const by = decidedBy();
    let wanted = choice;
    let refusalsSeen = 0;
    let taken: NodeChoice | undefined;
    let last = pod;
    const propose = (current: ApiPod, { refusals }: Round) => {
      if (refusals > refusalsSeen) {
        refusalsSeen = refusals;
        wanted = refusals === 1 ? decideAgain?.(current) : undefined;
      } else if (wanted !== undefined && asksOtherwise(current, last))
        wanted = decideAgain?.(current) ?? wanted;
      last = current;
      taken = wanted !== undefined && !requiresAnotherNode(current, wanted.node) ? wanted : undefined;
      return current.metadata?.deletionTimestamp === undefined
        ? gatedPodPatch(current, taken, by)
        : undefined;
    };
    const result = await guardedPatch(this.#options, {
      path: `/api/v1/namespaces/${namespace}/pods/${name}`,
      object: pod,
      propose,
      mostRefusals: 2,
      ...(signal === undefined ? {} : { signal }),
    });
    const { attempts } = result;
    if (result.outcome === 'settled') {
      const { metadata } = result.object;
      if (metadata?.deletionTimestamp !== undefined) return { outcome: 'gone', attempts };
      return lostAnswer(metadata?.annotations, by, attempts) ?? { outcome: 'already-free', attempts };
    }
    if (result.outcome !== 'written') return result;
    if (taken !== undefined) return { outcome: 'placed', node: taken.node, attempts };
    const why = refusalsSeen > 0 ? 'refused' : wanted === undefined ? 'no-choice' : 'contradicted';
    return { outcome: 'unmodified', why, attempts };
  }

  /**
   * Sets the affinity of a suspended Job's template and starts the Job, in one write. A choice that the server refuses is
   * dropped, and the Job started as it was.
   */
  async startJob(
    job: ApiJob,
    choice: TemplateChoice | undefined,
    rule: JobTemplateRule,
    signal?: AbortSignal,
  ): Promise<FreeResult> {
    const { namespace = 'default', name = '' } = job.metadata ?? {};
    const by = this.#options.decidedBy();
    let taken: TemplateChoice | undefined;
    const propose = (current: ApiJob, { refusals }: Round) => {
      taken = refusals === 0 ? choice : undefined;
      return suspendedJobPatch(current, taken, rule, by);
    };
    const result = await guardedPatch(this.#options, {
      path: `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`,
      object: job,
      propose,
      mostRefusals: 1,
      ...(signal === undefined ? {} : { signal }),
    });
    const { attempts } = result;
    if (result.outcome === 'settled') {
      const { annotations } = result.object.metadata ?? {};
      return lostAnswer(annotations, by, attempts) ?? { outcome: 'already-free', attempts };
    }
    if (result.outcome !== 'written') return result;
    if (taken !== undefined) return { outcome: 'placed', node: taken.nodes.join(','), attempts };
    return { outcome: 'unmodified', why: choice === undefined ? 'no-choice' : 'refused', attempts };
  }
}

/** Our own write whose answer did not arrive: it is known by its annotations. */
function lostAnswer(
  annotations: Readonly<Record<string, string>> | undefined,
  by: string,
  attempts: number,
): FreeResult | undefined {
  if (attempts === 0 || annotations?.[DECIDED_BY_ANNOTATION] !== by) return undefined;
  const node = annotations[NODE_ANNOTATION];
  return node === undefined
    ? { outcome: 'unmodified', why: 'no-choice', attempts }
    : { outcome: 'placed', node, attempts };
}

/** Whether what the choice of a node may depend on has changed between two readings. */
function asksOtherwise(now: ApiPod, before: ApiPod): boolean {
  return now !== before && JSON.stringify(now.spec) !== JSON.stringify(before.spec);
}
