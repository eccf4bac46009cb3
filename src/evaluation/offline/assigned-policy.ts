import { type Policy, type PolicyRun, WAIT } from '../../policy/policy.ts';
import { offlineErrors } from './errors.ts';

/** Places every pod on the node that a list by pod id names. */
export class AssignedPolicy implements Policy {
  readonly name = 'offline-assignment';
  readonly #nodes: Int32Array;

  constructor(nodes: Int32Array) {
    this.#nodes = nodes;
  }

  start(): PolicyRun {
    const nodes = this.#nodes;
    return {
      choose(pod, candidates) {
        const node = nodes[pod.id]!;
        for (let i = 0; i < candidates.count; i++) if (candidates.nodes[i] === node) return node;
        throw offlineErrors.KISIM_E_OFFLINE_DISAGREES(`pod ${pod.name} finds no room on its node`);
      },
      explain: () => [],
    };
  }
}

/**
 * Another policy, which never holds a pod back, with its choices written down by pod id. A pod that it would hold back goes
 * to the candidate with the least CPU left.
 */
export class RecordedPolicy implements Policy {
  readonly name: string;
  readonly nodes: Int32Array;
  readonly #policy: Policy;

  constructor(policy: Policy, pods: number) {
    this.name = policy.name;
    this.nodes = new Int32Array(pods).fill(-1);
    this.#policy = policy;
  }

  start(context: Parameters<Policy['start']>[0]): PolicyRun {
    const run = this.#policy.start(context);
    const { freeCpu } = context.cluster;
    const { nodes } = this;
    const recorded: PolicyRun = {
      choose(pod, candidates) {
        let node = run.choose(pod, candidates);
        if (node === WAIT) {
          node = candidates.nodes[0]!;
          for (let i = 1; i < candidates.count; i++)
            if (freeCpu[candidates.nodes[i]!]! < freeCpu[node]!) node = candidates.nodes[i]!;
        }
        nodes[pod.id] = node;
        return node;
      },
      explain: (pod, node) => run.explain(pod, node),
    };
    if (run.placed !== undefined) recorded.placed = (pod, node) => run.placed!(pod, node);
    if (run.removed !== undefined) recorded.removed = (pod, node) => run.removed!(pod, node);
    return recorded;
  }
}
