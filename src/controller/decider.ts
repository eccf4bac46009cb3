import type { ClusterState } from '../cluster/cluster-state.ts';
import { feasibleNodes } from '../cluster/feasible.ts';
import type { Labels } from '../cluster/labels.ts';
import type { Pod } from '../cluster/pod.ts';
import { type ConstraintFilter, constraintFilter } from '../policy/kube/constraint-filter.ts';
import { type Policy, type PolicyRun, WAIT } from '../policy/policy.ts';
import { fullestGpus } from '../simulation/gpu-choice.ts';
import { KisimError } from '../util/errors.ts';
import type { Logger } from '../util/log.ts';
import { RandomStream } from '../util/rng.ts';
import type { Milliseconds } from '../util/units.ts';
import { errors } from './errors.ts';
import { compare, type Explanation, explain } from './explanation.ts';
import type { BookObserver, ClusterBook } from './ports.ts';

/** After so many failures one after the other a policy is left in peace for a while. */
const FAILURES_IN_A_ROW = 3;
const PEACE_MILLISECONDS: Milliseconds = 60_000;
/** What decides where there is no policy, in records. */
export const DEFAULT_SCHEDULER = 'default';

/** What is to become of a pod. */
export type Verdict =
  | {
      readonly kind: 'place';
      /** Its index in the cluster that the decision was made on; the name stays true after a rebuild. */
      readonly index: number;
      readonly node: string;
      readonly gpus: Int32Array | undefined;
      readonly policy: string;
      readonly fellBack: FellBack | undefined;
      readonly explanation: Explanation;
    }
  /** The policy would rather wait, and the pod has slack. */
  | { readonly kind: 'wait' }
  /** No node can take it now. */
  | { readonly kind: 'no-node' }
  /** There is no policy: the default scheduler decides. */
  | { readonly kind: 'leave' }
  /** Neither policy could decide. */
  | { readonly kind: 'failed'; readonly why: string };

export interface FellBack {
  readonly from: string;
  readonly why: string;
}

export interface DeciderOptions {
  readonly book: ClusterBook;
  /** Undefined: every pod is left to the default scheduler. */
  readonly policy: Policy | undefined;
  /** Decides where the policy fails; left out: the pod is freed to the default scheduler. */
  readonly fallback?: Policy;
  /** What decisions are compared with; left out: nothing. */
  readonly reference?: Policy;
  readonly seed: number;
  readonly log: Logger;
  readonly monotonicMilliseconds: () => Milliseconds;
}

export interface DeciderCounts {
  readonly decisions: number;
  readonly policyFailures: number;
  readonly fallbacks: number;
}

/** A policy on the cluster of the moment, and how it has fared. */
class Contender {
  readonly policy: Policy;
  run: PolicyRun | undefined;
  /** Why there is no run. */
  startError: KisimError | undefined;
  failuresInARow = 0;
  peaceUntil: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(policy: Policy) {
    this.policy = policy;
  }

  get name(): string {
    return this.policy.name;
  }
}

/**
 * Decides one pod at a time with a policy on the cluster as it is now. Never throws: what a policy does wrong is counted, told
 * once, and answered by the fallback rule or by nothing, which frees the pod.
 */
export class Decider implements BookObserver {
  readonly #options: DeciderOptions;
  #policy: Contender | undefined;
  readonly #fallback: Contender | undefined;
  readonly #reference: Contender | undefined;
  readonly #counts = { decisions: 0, policyFailures: 0, fallbacks: 0 };
  #cluster: ClusterState | undefined;
  #namespaces: ReadonlyMap<string, Labels> = new Map();
  #constraints: ConstraintFilter | undefined;
  #candidates = { nodes: new Int32Array(0), count: 0, slackLeft: 0 };
  #gpus = new Int32Array(0);
  #rebuilds = 0;

  constructor(options: DeciderOptions) {
    this.#options = options;
    const contender = (policy: Policy | undefined) =>
      policy === undefined ? undefined : new Contender(policy);
    this.#policy = contender(options.policy);
    this.#fallback = contender(options.fallback);
    this.#reference = contender(options.reference);
    options.book.observe(this);
  }

  get counts(): DeciderCounts {
    return { ...this.#counts };
  }

  get policyName(): string {
    return this.#policy?.name ?? DEFAULT_SCHEDULER;
  }

  /** Decides by another policy from now on, on the cluster as it is; undefined: leaves pods to the default scheduler. */
  usePolicy(policy: Policy | undefined): void {
    if (policy === undefined) {
      this.#policy = undefined;
      return;
    }
    const contender = new Contender(policy);
    const told = (tell: (run: PolicyRun) => void) => this.#tellOne(contender, tell);
    this.#options.book.tell({
      rebuilt: (cluster) => this.#start(contender, cluster),
      placed: (pod, node) => told((run) => run.placed?.(pod, node)),
      removed: (pod, node) => told((run) => run.removed?.(pod, node)),
    });
    this.#policy = contender;
  }

  get #contenders(): readonly Contender[] {
    return [this.#policy, this.#fallback, this.#reference].filter((each) => each !== undefined);
  }

  rebuilt(cluster: ClusterState, namespaces: ReadonlyMap<string, Labels>): void {
    this.#cluster = cluster;
    this.#namespaces = namespaces;
    this.#constraints = constraintFilter(cluster, namespaces);
    this.#candidates = { nodes: new Int32Array(cluster.size), count: 0, slackLeft: 0 };
    this.#gpus = new Int32Array(Math.max(1, ...new Set(cluster.gpuCount)));
    this.#rebuilds++;
    for (const contender of this.#contenders) this.#start(contender, cluster);
  }

  placed(pod: Pod, node: number): void {
    this.#tellConstraints((constraints) => constraints.placed(pod, node));
    this.#tell((run) => run.placed?.(pod, node));
  }

  removed(pod: Pod, node: number): void {
    this.#tellConstraints((constraints) => constraints.removed(pod, node));
    this.#tell((run) => run.removed?.(pod, node));
  }

  relabelled(namespace: string): void {
    this.#tellConstraints((constraints) => constraints.relabelled(namespace));
    this.#tell((run) => run.relabelled?.(namespace));
  }

  /**
   * @param slackLeft seconds that the pod may still wait; 0: it must be decided now
   * @param intended the only node that is offered, where the pod can have it
   * @param among names of the nodes that may be offered at all; left out: every one
   */
  decide(pod: Pod, slackLeft: number, intended?: string, among?: ReadonlySet<string>): Verdict {
    const cluster = this.#cluster;
    const policy = this.#policy;
    if (policy === undefined) return { kind: 'leave' };
    if (cluster === undefined || this.#options.book.cluster === undefined) return { kind: 'no-node' };
    const constraints = this.#constraints;
    if (constraints === undefined) return { kind: 'failed', why: 'what keeps pods off nodes is not known' };
    const candidates = this.#candidates;
    try {
      candidates.count = feasibleNodes(cluster, pod, candidates.nodes);
      candidates.count = constraints.filter(pod, candidates.nodes, candidates.count);
    } catch (error) {
      return { kind: 'failed', why: this.#failed(policy, error) };
    }
    if (among !== undefined) this.#keepAmong(cluster, among);
    if (candidates.count === 0) return { kind: 'no-node' };
    candidates.slackLeft = slackLeft;
    if (intended !== undefined) this.#narrow(cluster, intended);
    this.#counts.decisions++;
    const first = this.#choose(policy, pod);
    if (typeof first === 'number') return this.#verdict(policy, pod, first, undefined);
    const fallback = this.#fallback;
    // A policy without power curves is a fault of the set-up: another rule would hide it.
    if (fallback === undefined || policy.startError?.code === noPower)
      return { kind: 'failed', why: first.why };
    const second = this.#choose(fallback, pod);
    if (typeof second !== 'number') return { kind: 'failed', why: `${first.why}; ${second.why}` };
    this.#counts.fallbacks++;
    return this.#verdict(fallback, pod, second, { from: policy.name, why: first.why });
  }

  #keepAmong(cluster: ClusterState, among: ReadonlySet<string>): void {
    const candidates = this.#candidates;
    let kept = 0;
    for (let i = 0; i < candidates.count; i++) {
      const node = candidates.nodes[i]!;
      if (among.has(cluster.nodes[node]!.name)) candidates.nodes[kept++] = node;
    }
    candidates.count = kept;
  }

  /** Leaves the one node, and no time to wait for another; leaves all where it is not among them. */
  #narrow(cluster: ClusterState, intended: string): void {
    const candidates = this.#candidates;
    const at = candidates.nodes
      .subarray(0, candidates.count)
      .findIndex((node) => cluster.nodes[node]!.name === intended);
    if (at < 0) return;
    candidates.nodes[0] = candidates.nodes[at]!;
    candidates.count = 1;
    candidates.slackLeft = 0;
  }

  #verdict(by: Contender, pod: Pod, node: number, fellBack: FellBack | undefined): Verdict {
    if (node === WAIT) return { kind: 'wait' };
    const run = by.run!;
    const cluster = this.#cluster!;
    const candidates = this.#candidates;
    const none = { terms: [], others: [] };
    const words = this.#orNothing(by, () => explain(run, cluster, pod, candidates, node)) ?? none;
    const other = this.#reference;
    const reference =
      other === undefined
        ? undefined
        : this.#orNothing(other, () => compare(run, cluster, pod, candidates, other));
    return {
      kind: 'place',
      index: node,
      node: cluster.nodes[node]!.name,
      gpus: this.#gpusOn(run, pod, node),
      policy: by.name,
      fellBack,
      explanation: { ...words, reference, candidates: candidates.count },
    };
  }

  /** A decision stands without its explanation. */
  #orNothing<T>(by: Contender, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#failed(by, error);
      return undefined;
    }
  }

  #choose(by: Contender, pod: Pod): number | { readonly why: string } {
    const { run } = by;
    if (run === undefined) return { why: by.startError?.message ?? 'it was not started' };
    const now = this.#options.monotonicMilliseconds();
    if (now < by.peaceUntil) return { why: `${by.name} failed ${FAILURES_IN_A_ROW} times in a row` };
    try {
      const node = run.choose(pod, this.#candidates);
      if (!this.#isAllowed(node)) {
        const says = node === WAIT ? 'WAIT for a pod without slack' : `node ${node}, which was not offered`;
        throw errors.KISIM_E_CONTROLLER_POLICY(`${by.name} answered ${says}`);
      }
      by.failuresInARow = 0;
      return node;
    } catch (error) {
      const why = this.#failed(by, error);
      by.failuresInARow++;
      if (by.failuresInARow >= FAILURES_IN_A_ROW) {
        by.failuresInARow = 0;
        by.peaceUntil = now + PEACE_MILLISECONDS;
      }
      return { why };
    }
  }

  #isAllowed(node: number): boolean {
    const { nodes, count, slackLeft } = this.#candidates;
    if (node === WAIT) return slackLeft > 0;
    for (let i = 0; i < count; i++) if (nodes[i] === node) return true;
    return false;
  }

  #gpusOn(run: PolicyRun, pod: Pod, node: number): Int32Array | undefined {
    if ((pod.gpu?.count ?? 0) === 0) return undefined;
    const count = run.chooseGpus
      ? run.chooseGpus(pod, node, this.#gpus)
      : fullestGpus(this.#cluster!, pod, node, this.#gpus);
    return this.#gpus.slice(0, count);
  }

  #start(contender: Contender, cluster: ClusterState): void {
    contender.run = undefined;
    contender.startError = undefined;
    contender.failuresInARow = 0;
    contender.peaceUntil = Number.NEGATIVE_INFINITY;
    const random = new RandomStream(this.#options.seed).fork(`${contender.name}/${this.#rebuilds}`);
    try {
      contender.run = contender.policy.start({ cluster, random, namespaces: this.#namespaces });
    } catch (error) {
      contender.startError = startError(contender.name, error, cluster);
      this.#counts.policyFailures++;
      this.#options.log.error('policy-not-started', { error: contender.startError });
    }
  }

  /** Without it no node can be offered, until the next rebuild; what is booked stays true. */
  #tellConstraints(told: (constraints: ConstraintFilter) => void): void {
    if (this.#constraints === undefined) return;
    try {
      told(this.#constraints);
    } catch (error) {
      this.#constraints = undefined;
      this.#counts.policyFailures++;
      this.#options.log.error('constraints-lost', { error: failure('constraint filter', error) });
    }
  }

  /** A run that cannot follow the cluster is of no use until the next rebuild. */
  #tell(told: (run: PolicyRun) => void): void {
    for (const contender of this.#contenders) this.#tellOne(contender, told);
  }

  #tellOne(contender: Contender, told: (run: PolicyRun) => void): void {
    if (contender.run === undefined) return;
    try {
      told(contender.run);
    } catch (error) {
      contender.run = undefined;
      contender.startError = failure(contender.name, error);
      this.#counts.policyFailures++;
      this.#options.log.error('policy-lost', { error: contender.startError });
    }
  }

  #failed(by: Contender, error: unknown): string {
    this.#counts.policyFailures++;
    const coded = failure(by.name, error);
    // Of failures in a row the first one tells enough.
    if (by.failuresInARow === 0) this.#options.log.error('policy-failed', { error: coded });
    return coded.message;
  }
}

function failure(name: string, error: unknown): KisimError {
  if (error instanceof KisimError && error.code === 'KISIM_E_CONTROLLER_POLICY') return error;
  const says = error instanceof Error ? error.message : String(error);
  return errors.KISIM_E_CONTROLLER_POLICY(`${name}: ${says}`, { cause: error });
}

const noPower = errors.KISIM_E_CONTROLLER_NO_POWER('').code;

function startError(name: string, error: unknown, cluster: ClusterState): KisimError {
  if (!(error instanceof KisimError) || error.code !== 'KISIM_E_POLICY_NO_POWER') return failure(name, error);
  const without = cluster.nodes.filter(({ power }) => power === undefined).map((node) => node.name);
  const some = without.slice(0, 5).join(', ');
  const more = without.length > 5 ? ` and ${without.length - 5} more` : '';
  // Curves may all be there, and the watts of sleeping missing.
  const found = without.length === 0 ? error.found : `${some}${more}`;
  return errors.KISIM_E_CONTROLLER_NO_POWER(`${name}: ${found}`, { cause: error });
}
