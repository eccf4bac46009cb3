import type { ClusterState } from '../cluster/cluster-state.ts';
import { feasibleNodes, fits } from '../cluster/feasible.ts';
import type { Pod } from '../cluster/pod.ts';
import { type ConstraintFilter, constraintFilter } from '../policy/kube/constraint-filter.ts';
import { type PolicyRun, UNDECIDED, WAIT } from '../policy/policy.ts';
import { type RandomState, RandomStream } from '../util/rng.ts';
import type { AdmissionRun } from './admission.ts';
import { errors } from './errors.ts';
import { fullestGpus } from './gpu-choice.ts';
import type { Plan } from './plan.ts';
import type { SimulationInput } from './simulation.ts';

/** The pod fits nowhere now. */
export const NOWHERE = -2;

export interface SavedDecisions {
  readonly count: number;
  readonly random: RandomState;
  /** What the policy's run remembers; undefined where it remembers nothing. */
  readonly policy: unknown;
  /** Of the constraint filter; undefined where nothing is constrained. */
  readonly constraints: unknown;
}

/** The policy at work on a cluster: it is offered what a pod may have, and held to it. */
export class Decisions {
  /** How often the policy was asked. */
  count = 0;
  readonly #cluster: ClusterState;
  readonly #plan: Plan;
  readonly #name: string;
  readonly #random: RandomStream;
  readonly #run: PolicyRun;
  /** Undefined where nothing but resources keeps pods off nodes. */
  readonly #constraints: ConstraintFilter | undefined;
  readonly #candidates: { nodes: Int32Array; count: number; slackLeft: number };
  readonly #gpus: Int32Array;

  constructor(
    { nodes, policy, seed }: SimulationInput,
    plan: Plan,
    cluster: ClusterState,
    saved?: SavedDecisions,
  ) {
    this.#cluster = cluster;
    this.#plan = plan;
    this.#name = policy.name;
    this.#constraints = plan.isConstrained ? constraintFilter(cluster) : undefined;
    this.#candidates = { nodes: new Int32Array(nodes.length), count: 0, slackLeft: 0 };
    this.#gpus = new Int32Array(nodes.reduce((most, node) => Math.max(most, node.gpus?.count ?? 0), 1));
    this.#random = new RandomStream(seed).fork('policy');
    // Streams that the policy forks while it starts are the same ones in a copy; its own state then follows.
    this.#run = policy.start({ cluster, random: this.#random });
    if (saved === undefined) return;
    this.count = saved.count;
    this.#random.restore(saved.random);
    if (saved.policy !== undefined) this.#run.restore?.(saved.policy);
    this.#constraints?.restore(saved.constraints);
  }

  /** Whether a pod may find a place because of what happened on other nodes than that place. */
  get lookBeside(): boolean {
    return this.#constraints !== undefined;
  }

  /**
   * The node for a pod, WAIT, NOWHERE or UNDECIDED.
   *
   * @param admission that let the pod go, and may keep it off nodes
   * @throws KISIM_E_SIM_BAD_CHOICE, KISIM_E_SIM_WAIT_REFUSED
   */
  choose(pod: number, slackLeft: number, admission?: AdmissionRun): number {
    const candidates = this.#candidates;
    const request = this.#plan.pods[pod]!;
    candidates.count = feasibleNodes(this.#cluster, request, candidates.nodes);
    if (this.#constraints !== undefined)
      candidates.count = this.#constraints.filter(request, candidates.nodes, candidates.count);
    if (admission !== undefined) candidates.count = admission.narrow(pod, candidates.nodes, candidates.count);
    if (candidates.count === 0) return NOWHERE;
    candidates.slackLeft = slackLeft;
    const choice = this.#run.choose(request, candidates);
    if (choice === UNDECIDED) return choice;
    this.count++;
    if (choice === WAIT) {
      if (slackLeft > 0) return choice;
      throw errors.KISIM_E_SIM_WAIT_REFUSED(`${this.#name} about ${this.#describe(request)}`);
    }
    if (!this.#isCandidate(choice, request, admission !== undefined)) throw this.#badChoice(choice, request);
    return choice;
  }

  /** The GPUs for a pod on its node, in an array that the next call overwrites; undefined where it asks for none. */
  gpus(pod: number, node: number): Int32Array | undefined {
    const request = this.#plan.pods[pod]!;
    if (request.gpu === undefined || request.gpu.count === 0) return undefined;
    const count = this.#run.chooseGpus
      ? this.#run.chooseGpus(request, node, this.#gpus)
      : fullestGpus(this.#cluster, request, node, this.#gpus);
    return this.#gpus.subarray(0, count);
  }

  placed(pod: number, node: number): void {
    const request = this.#plan.pods[pod]!;
    this.#constraints?.placed(request, node);
    this.#run.placed?.(request, node);
  }

  removed(pod: number, node: number): void {
    const request = this.#plan.pods[pod]!;
    this.#constraints?.removed(request, node);
    this.#run.removed?.(request, node);
  }

  save(): SavedDecisions {
    return {
      count: this.count,
      random: this.#random.state,
      policy: this.#run.save?.(),
      constraints: this.#constraints?.save(),
    };
  }

  #isCandidate(choice: number, request: Pod, isNarrowed: boolean): boolean {
    if (!(choice >= 0 && choice < this.#cluster.size && fits(this.#cluster, request, choice))) return false;
    if (this.#constraints === undefined && !isNarrowed) return true;
    const { nodes, count } = this.#candidates;
    for (let i = 0; i < count; i++) if (nodes[i] === choice) return true;
    return false;
  }

  #badChoice(choice: number, request: Pod): Error {
    const name = this.#cluster.nodes[choice]?.name;
    const node = name === undefined ? `node ${choice}` : `node ${name}, where it may not go,`;
    return errors.KISIM_E_SIM_BAD_CHOICE(`${this.#name} chose ${node} for ${this.#describe(request)}`);
  }

  #describe({ namespace, name }: Pod): string {
    return `${namespace}/${name} at ${this.#cluster.now} s`;
  }
}
