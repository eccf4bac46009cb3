import type { Pod } from '../../cluster/pod.ts';
import type { KubeObject } from '../../kubernetes/kube-object.ts';
import type { ImaginedPods } from '../../kubernetes/pod-reader.ts';
import type { Decider } from '../decider.ts';
import type { JobBook } from '../jobs/job-book.ts';
import { mostFirst, type PlannedPod } from '../jobs/job-plan.ts';
import type { GangPlan, PodGroup, WaitingItem } from './queue-items.ts';

export interface GangPlannerOptions {
  readonly decider: Pick<Decider, 'decide'>;
  readonly book: Pick<JobBook, 'tryOut' | 'discard' | 'plan' | 'cluster'>;
  readonly imagined: ImaginedPods;
}

/** What the pods of a job ask for together. */
export interface GangSize {
  readonly pods: number;
  /** Means over its pods, rounded up: policies know jobs of one size. */
  readonly cpuMilliPerPod: number;
  readonly memoryBytesPerPod: number;
  readonly gpusPerPod: number;
}

/** Finds nodes for all pods of a job, each with those before it, or for none. */
export class GangPlanner {
  readonly #o: GangPlannerOptions;

  constructor(options: GangPlannerOptions) {
    this.#o = options;
  }

  /** @throws KISIM_E_MANIFEST_... where a template cannot be read */
  sizeOf(item: WaitingItem): GangSize {
    let pods = 0;
    let cpu = 0;
    let memory = 0;
    let gpus = 0;
    for (const group of item.groups) {
      this.#withTemplate(item, group, (pod) => {
        pods += group.count;
        cpu += group.count * pod.cpuMilli;
        memory += group.count * pod.memoryBytes;
        gpus += group.count * (pod.gpu?.count ?? 0);
      });
    }
    const mean = (sum: number) => (pods === 0 ? 0 : Math.ceil(sum / pods));
    return {
      pods,
      cpuMilliPerPod: mean(cpu),
      memoryBytesPerPod: mean(memory),
      gpusPerPod: mean(gpus),
    };
  }

  /**
   * Plans a job on the cluster as it is now; its plan is in the book, and not booked. Undefined: not all of its pods have room.
   *
   * @param podsPerNode the most that a node may take, by its index; left out: as many as fit
   * @throws KISIM_E_MANIFEST_... where a template cannot be read
   */
  plan(item: WaitingItem, podsPerNode?: Int32Array): GangPlan | undefined {
    const { book } = this.#o;
    const planned: PlannedPod[] = [];
    const nodes: { group: string; node: string }[] = [];
    const left = podsPerNode?.slice();
    let isComplete = true;
    try {
      for (const group of item.groups) {
        this.#withTemplate(item, group, (template) => {
          for (let i = 0; i < group.count && isComplete; i++) {
            const placed = this.#next(item, group, template, planned.length, left);
            if (placed === undefined) isComplete = false;
            else {
              planned.push(placed);
              nodes.push({ group: group.name, node: placed.node });
            }
          }
        });
      }
    } catch (error) {
      book.discard(planned);
      throw error;
    }
    if (!isComplete || planned.length === 0) {
      book.discard(planned);
      return undefined;
    }
    const names = mostFirst(nodes.map(({ node }) => node));
    book.plan(item.jobUid, { pods: planned, nodes: names.join(','), isComplete: true });
    return { nodes, names };
  }

  #next(
    item: WaitingItem,
    group: PodGroup,
    template: Pod,
    number: number,
    left: Int32Array | undefined,
  ): PlannedPod | undefined {
    const { decider, book, imagined } = this.#o;
    const key = `${item.jobUid}/${number}`;
    const pod = imagined.copy(template, key, `${item.name}-${group.name}-${number}`);
    const verdict = decider.decide(pod, 0, undefined, this.#among(left));
    if (verdict.kind !== 'place') {
      imagined.forget(key);
      return undefined;
    }
    const { index, node, gpus } = verdict;
    const planned: PlannedPod = { key, pod, index, node, gpus };
    book.tryOut(planned);
    if (left !== undefined) left[index]!--;
    return planned;
  }

  /** Names of the nodes that may still take one; undefined: all of them. */
  #among(left: Int32Array | undefined): ReadonlySet<string> | undefined {
    const { cluster } = this.#o.book;
    if (left === undefined || cluster === undefined) return undefined;
    return new Set(cluster.nodes.filter((_, at) => left[at]! > 0).map(({ name }) => name));
  }

  /** A pod of a template, for as long as the work takes. */
  #withTemplate(item: WaitingItem, { name, template }: PodGroup, work: (pod: Pod) => void): void {
    const { imagined } = this.#o;
    const uid = `${item.uid}/template/${name}`;
    const metadata = {
      ...template.metadata,
      uid,
      namespace: item.namespace,
      name: item.name,
      resourceVersion: item.resourceVersion,
    };
    try {
      work(imagined.imagine({ metadata, spec: template.spec } as KubeObject));
    } finally {
      imagined.forget(uid);
    }
  }
}
