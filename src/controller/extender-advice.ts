import type { ApiPod } from '../kubernetes/api-objects.ts';
import { NODE_ANNOTATION } from '../kubernetes/names.ts';
import type { Logger } from '../util/log.ts';
import type { Milliseconds } from '../util/units.ts';
import type { Decider } from './decider.ts';
import { eligibility } from './eligibility.ts';
import { errors } from './errors.ts';
import type { ClusterBook, LoopTime, PendingPod, PendingPods } from './ports.ts';

export interface ExtenderAdviceOptions {
  readonly pods: PendingPods;
  readonly book: ClusterBook;
  readonly decider: Pick<Decider, 'decide'>;
  readonly time: LoopTime;
  readonly log: Logger;
  /** required: all other nodes are refused. preferred: the node gets all points, and the scheduler weighs them. */
  readonly strength: 'preferred' | 'required';
  /** Whether pods of namespaces that are not opted in are advised on too. */
  readonly allNamespaces: boolean;
  readonly ownNamespace: string;
  /** Whether all nodes and pods are known. */
  readonly isReady: () => boolean;
  /** The scheduler may hear of a pod before this program does. */
  readonly unseenMilliseconds: Milliseconds;
}

const NO_POINTS: ReadonlyMap<string, number> = new Map();
const NO_REFUSALS: ReadonlyMap<string, string> = new Map();
/** ExtenderMaxPriority of kube-scheduler. */
const ALL_POINTS = 10;
/** A decision is booked until the watch tells where the pod runs, and no longer than this. */
const BOOKED_MILLISECONDS: Milliseconds = 30_000;

/**
 * What an extender tells kube-scheduler about a pod: the node that the policy chooses among those that the scheduler found
 * feasible. Nothing is written; pods that may not be placed are not advised on.
 */
export class ExtenderAdvice {
  readonly #o: ExtenderAdviceOptions;
  readonly #waiting = new Map<string, PendingPod>();
  readonly #unseen = new Map<string, Set<() => void>>();
  /** Decided when the scheduler filtered; the same when it then asks for points. */
  readonly #decided = new Map<string, { readonly node: string; readonly cancel: () => void }>();
  readonly #clockOffsetSeconds: number;
  #unsubscribe: (() => void) | undefined;

  constructor(options: ExtenderAdviceOptions) {
    this.#o = options;
    const { time } = options;
    this.#clockOffsetSeconds = (time.unixMilliseconds() - time.monotonicMilliseconds()) / 1000;
  }

  /** Hears of pods that wait from now on. */
  start(): void {
    const { pods } = this.#o;
    this.#unsubscribe = pods.subscribe({
      pending: (pod) => this.#came(pod),
      settled: (uid) => this.#settled(uid),
    });
    for (const pod of pods.list()) this.#came(pod);
  }

  stop(): void {
    this.#unsubscribe?.();
    for (const { cancel } of this.#decided.values()) cancel();
    this.#decided.clear();
  }

  /**
   * From 0 to 10 for nodes that are favoured; nothing for all others.
   *
   * @throws KISIM_E_CONTROLLER_NOT_READY, KISIM_E_CONTROLLER_UNSEEN_POD, KISIM_E_CONTROLLER_POLICY
   */
  async score(pod: ApiPod, nodeNames: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const node = await this.#nodeFor(pod, nodeNames, false);
    return node === undefined ? NO_POINTS : new Map([[node, ALL_POINTS]]);
  }

  /**
   * Reasons by the names of nodes that the pod is to be kept off: none where advice is only preferred.
   *
   * @throws as `score`
   */
  async refuse(pod: ApiPod, nodeNames: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (this.#o.strength === 'preferred') return NO_REFUSALS;
    const node = await this.#nodeFor(pod, nodeNames, true);
    if (node === undefined) return NO_REFUSALS;
    const why = `kisimd chose ${node}`;
    return new Map(nodeNames.filter((name) => name !== node).map((name) => [name, why]));
  }

  /** @param isNew whether the scheduler begins with the pod, so that what was decided before may be out of date */
  async #nodeFor(
    { metadata }: ApiPod,
    names: readonly string[],
    isNew: boolean,
  ): Promise<string | undefined> {
    const { isReady, allNamespaces, ownNamespace } = this.#o;
    if (!isReady()) throw errors.KISIM_E_CONTROLLER_NOT_READY('the first lists are not complete');
    const uid = metadata?.uid ?? '';
    // Placed while it was gated: one decision for a pod.
    const written = metadata?.annotations?.[NODE_ANNOTATION];
    if (written !== undefined) return names.includes(written) ? written : undefined;
    const known =
      this.#waiting.get(uid) ?? (await this.#seen(uid, `${metadata?.namespace}/${metadata?.name}`));
    const pod = allNamespaces ? { ...known, isOptedIn: true } : known;
    if (eligibility(pod, { ownNamespace, includeUngated: true }).may !== 'place') return undefined;
    const before = isNew ? undefined : this.#decided.get(uid)?.node;
    return before !== undefined && names.includes(before) ? before : this.#decide(pod, new Set(names));
  }

  #decide({ uid, pod }: PendingPod, among: ReadonlySet<string>): string | undefined {
    const { book, decider, time } = this.#o;
    this.#forget(uid);
    book.setTime(this.#clockOffsetSeconds + time.monotonicMilliseconds() / 1000, this.#waiting.size);
    const verdict = decider.decide(pod, 0, undefined, among);
    if (verdict.kind === 'failed') throw errors.KISIM_E_CONTROLLER_POLICY(verdict.why);
    if (verdict.kind !== 'place') return undefined;
    book.assume(uid, pod, verdict.index, verdict.gpus);
    const cancel = time.after(BOOKED_MILLISECONDS, () => this.#forget(uid));
    this.#decided.set(uid, { node: verdict.node, cancel });
    this.#o.log.debug('advised', { pod: `${pod.namespace}/${pod.name}`, node: verdict.node });
    return verdict.node;
  }

  /** Takes back what was booked; nothing where the watch has confirmed it. */
  #forget(uid: string): void {
    const decided = this.#decided.get(uid);
    if (decided === undefined) return;
    decided.cancel();
    this.#decided.delete(uid);
    this.#o.book.forget(uid);
  }

  async #seen(uid: string, name: string): Promise<PendingPod> {
    const { time, unseenMilliseconds } = this.#o;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiters = this.#unseen.get(uid) ?? new Set();
    this.#unseen.set(uid, waiters.add(resolve));
    const cancel = time.after(unseenMilliseconds, resolve);
    await promise;
    cancel();
    waiters.delete(resolve);
    if (waiters.size === 0) this.#unseen.delete(uid);
    const pod = this.#waiting.get(uid);
    if (pod === undefined) throw errors.KISIM_E_CONTROLLER_UNSEEN_POD(name);
    return pod;
  }

  #came(pod: PendingPod): void {
    this.#waiting.set(pod.uid, pod);
    for (const told of this.#unseen.get(pod.uid) ?? []) told();
  }

  #settled(uid: string): void {
    this.#waiting.delete(uid);
    this.#forget(uid);
  }
}
