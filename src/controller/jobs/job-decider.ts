import type { Pod } from '../../cluster/pod.ts';
import type { ImaginedPods } from '../../kubernetes/pod-reader.ts';
import type { Decider, Verdict } from '../decider.ts';
import type { PodDecider } from '../loop-options.ts';
import type { JobBook } from './job-book.ts';
import { mostFirst, type PlannedPod, together } from './job-plan.ts';

/** Pods of one Job that are each given a node; what comes after them is left to the scheduler. */
const MOST_PODS = 64;

export interface PlannableJob {
  readonly uid: string;
  readonly name: string;
  readonly podsAtOnce: number;
}

export interface JobDeciderOptions {
  readonly decider: Pick<Decider, 'decide' | 'policyName'>;
  readonly book: JobBook;
  readonly imagined: Pick<ImaginedPods, 'copy'>;
  /** The Job that a pod of its template stands for; undefined where the template cannot be read. */
  readonly jobOf: (pod: Pod) => PlannableJob | undefined;
}

type Place = Extract<Verdict, { kind: 'place' }>;

/**
 * Decides a whole Job: each of its pods in turn, on the cluster with those before it. What is decided becomes the Job's plan in
 * the book.
 */
export class JobDecider implements PodDecider {
  readonly #o: JobDeciderOptions;

  constructor(options: JobDeciderOptions) {
    this.#o = options;
  }

  get policyName(): string {
    return this.#o.decider.policyName;
  }

  decide(template: Pod, slackLeft: number): Verdict {
    const { book, jobOf } = this.#o;
    const job = jobOf(template);
    if (job === undefined) return { kind: 'failed', why: 'its template cannot be read' };
    const wanted = Math.min(MOST_PODS, job.podsAtOnce);
    const planned: PlannedPod[] = [];
    const places: Place[] = [];
    let rest: Verdict | undefined;
    try {
      while (planned.length < wanted && rest === undefined) {
        const verdict = this.#next(job, template, slackLeft, planned);
        if (verdict.kind === 'place') places.push(verdict);
        else rest = verdict;
      }
    } catch (error) {
      book.discard(planned);
      throw error;
    }
    const mayWait = slackLeft > 0 && (rest?.kind === 'wait' || rest?.kind === 'no-node');
    if (places.length === 0 || mayWait) {
      book.discard(planned);
      return rest!;
    }
    const nodes = mostFirst(places.map(({ node }) => node)).join(',');
    book.plan(job.uid, { pods: planned, nodes, isComplete: planned.length === job.podsAtOnce });
    const first = places[0]!;
    return {
      ...first,
      node: nodes,
      fellBack: places.find(({ fellBack }) => fellBack !== undefined)?.fellBack,
      explanation: together(places.map(({ explanation }) => explanation)),
    };
  }

  /** Decides one more pod, and has it booked for those after it. */
  #next({ uid, name }: PlannableJob, template: Pod, slackLeft: number, planned: PlannedPod[]): Verdict {
    const { decider, book, imagined } = this.#o;
    const key = `${uid}/${planned.length}`;
    const pod = imagined.copy(template, key, `${name}-${planned.length}`);
    const verdict = decider.decide(pod, slackLeft);
    if (verdict.kind !== 'place') {
      book.discard([{ key }]);
      return verdict;
    }
    const { index, node, gpus } = verdict;
    const entry = { key, pod, index, node, gpus };
    planned.push(entry);
    book.tryOut(entry);
    return verdict;
  }
}
