import type { NodeUse, NodeUseSink } from '../../attribution/node-use.ts';
import type { Clock } from '../../util/clock.ts';
import { KisimError } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { RandomSource } from '../../util/rng.ts';
import type { Sleep } from '../../util/sleep.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { KubeApi } from '../kube-api.ts';
import { refusal } from '../refusal.ts';
import { energyErrors } from './errors.ts';
import { readSummary, summaryPath } from './kubelet-summary.ts';
import { RateSums } from './rate-sums.ts';
import { NODE_METRICS_PATH, POD_METRICS_PATH, readRates, type UseRate } from './resource-metrics.ts';

/** Where a pod of a name is, as the watch knows it. */
export interface PodPlace {
  readonly uid: string;
  readonly node: string;
}

export interface PodUseOptions {
  readonly api: KubeApi;
  readonly mode: 'auto' | 'kubelet' | 'metrics';
  /** Whether the server has metrics.k8s.io at all. */
  readonly hasMetrics: boolean;
  /** Nodes to be read; asked anew all the time. */
  readonly nodes: () => readonly string[];
  /** Whether pods of the nodes are wanted, too; metrics of nodes alone are one short list. */
  readonly wantsPods: () => boolean;
  readonly podPlace: (namespace: string, name: string) => PodPlace | undefined;
  readonly sinks: readonly NodeUseSink[];
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly timeoutMilliseconds?: Milliseconds;
}

/** Each node is read once in a time between these; kubelets count no more often than every 10 s. */
const PERIOD: readonly [Milliseconds, Milliseconds] = [10_000, 15_000];
/** However many nodes there are. */
const MOST_PER_SECOND = 20;
const AT_ONCE = 4;
/** metrics-server counts every 15 s. Lists of all pods are long: they are asked for less often where there are more. */
const METRICS_PERIOD: Milliseconds = 15_000;
const PODS_PER_PERIOD = 5000;
/** A node that does not answer is asked less and less, down to this. */
const LONGEST_WAIT: Milliseconds = 300_000;
/** No list of nodes is asked for more often than this. */
const LOOK_AGAIN: Milliseconds = 1000;

interface NodeState {
  due: Milliseconds;
  failures: number;
  isAsked: boolean;
}

/**
 * Reads what nodes and their pods have used of CPU: from each kubelet's summary through the API server, or from the resource
 * metrics of all. What fails is told once, and tried again later.
 */
export class PodUseReader {
  readonly name = 'pod-use';
  readonly #options: PodUseOptions;
  readonly #ending = new AbortController();
  readonly #states = new Map<string, NodeState>();
  readonly #asked = new Set<Promise<void>>();
  readonly #nodeSums = new RateSums();
  readonly #podSums = new RateSums();
  readonly #failedWith = new Map<string, string>();
  #way: 'kubelet' | 'metrics';
  #running: Promise<void> | undefined;
  #pods = 0;

  constructor(options: PodUseOptions) {
    this.#options = options;
    this.#way = options.mode === 'metrics' ? 'metrics' : 'kubelet';
  }

  /** Where it reads from now. */
  get way(): 'kubelet' | 'metrics' {
    return this.#way;
  }

  /** How long it takes until a node is read again: longer than usual where there are very many. */
  get periodMilliseconds(): Milliseconds {
    return this.#way === 'kubelet' ? PERIOD[1] * stretch(this.#states.size) : METRICS_PERIOD;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#ending.abort(new Error('stopped'));
    await this.#running;
    await Promise.all(this.#asked);
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const wait = this.#way === 'kubelet' ? this.#askKubelets() : await this.#askMetrics();
      await this.#options.sleep(wait, signal);
    }
  }

  #now(): Milliseconds {
    return this.#options.clock.monotonicNanoseconds() / 1e6;
  }

  /** Asks one node that is due; milliseconds until another may be. */
  #askKubelets(): Milliseconds {
    const { nodes, random } = this.#options;
    const now = this.#now();
    const names = new Set(nodes());
    for (const name of [...this.#states.keys()]) if (!names.has(name)) this.#forget(name);
    const period = stretch(names.size);
    let next: readonly [string, NodeState] | undefined;
    for (const name of names) {
      let state = this.#states.get(name);
      if (state === undefined) {
        // Not all at once at the start; the first few at once, so that little clusters are known soon.
        const late = this.#states.size < AT_ONCE ? 0 : random.next() * PERIOD[0] * period;
        state = { due: now + late, failures: 0, isAsked: false };
        this.#states.set(name, state);
      }
      if (!state.isAsked && (next === undefined || state.due < next[1].due)) next = [name, state];
    }
    if (next === undefined) return LOOK_AGAIN;
    const [name, state] = next;
    if (state.due > now) return Math.min(LOOK_AGAIN, state.due - now);
    if (this.#asked.size >= AT_ONCE) return 1000 / MOST_PER_SECOND;
    state.isAsked = true;
    const asked = this.#askKubelet(name).then((isAnswered) => {
      const [least, most] = PERIOD;
      const wait = (least + (most - least) * random.next()) * period;
      state.failures = isAnswered ? 0 : state.failures + 1;
      state.due =
        now + Math.max(wait, Math.min(LONGEST_WAIT, wait * 2 ** Math.min(10, state.failures) * 0.5));
      state.isAsked = false;
      this.#asked.delete(asked);
    });
    this.#asked.add(asked);
    return 1000 / MOST_PER_SECOND;
  }

  async #askKubelet(node: string): Promise<boolean> {
    const { mode, hasMetrics, log } = this.#options;
    const request = { method: 'GET', path: summaryPath(node), query: { only_cpu_and_memory: true } } as const;
    try {
      const body = await this.#get(request);
      const summary = readSummary(body);
      if (summary === undefined) throw energyErrors.KISIM_E_POD_USE(`GET ${request.path}: no summary`);
      this.#tell({ node, source: 'kubelet', ...summary, ...this.#received() });
      this.#works(node);
      return true;
    } catch (error) {
      if (this.#ending.signal.aborted) return false;
      this.#fails(node, error);
      const isForbidden = error instanceof KisimError && error.code === 'KISIM_E_KUBE_FORBIDDEN';
      if (isForbidden && mode === 'auto' && hasMetrics && this.#way === 'kubelet') {
        this.#way = 'metrics';
        log.info('pod-use-from-metrics', { because: 'kubelets may not be asked' });
      }
      return false;
    }
  }

  async #askMetrics(): Promise<Milliseconds> {
    const { wantsPods } = this.#options;
    const wait = METRICS_PERIOD * Math.max(1, Math.ceil(this.#pods / PODS_PER_PERIOD));
    try {
      const nodes = await this.#rates(NODE_METRICS_PATH);
      const pods = wantsPods() ? await this.#rates(POD_METRICS_PATH) : [];
      this.#pods = pods.length;
      this.#tellRates(nodes, pods);
      this.#works('metrics.k8s.io');
    } catch (error) {
      if (!this.#ending.signal.aborted) this.#fails('metrics.k8s.io', error);
    }
    return wait;
  }

  #tellRates(nodes: readonly UseRate[], pods: readonly UseRate[]): void {
    const { podPlace } = this.#options;
    const names = new Set(this.#options.nodes());
    this.#nodeSums.begin();
    this.#podSums.begin();
    const podsOf = new Map<string, NodeUse['pods'][number][]>();
    for (const rate of pods) {
      const place = podPlace(rate.namespace, rate.name);
      if (place === undefined || !names.has(place.node)) continue;
      const { uid, node } = place;
      const { name, namespace } = rate;
      const cpu = this.#podSums.add(uid, rate);
      const list = podsOf.get(node) ?? [];
      list.push({ uid, namespace, name, startUnixMilliseconds: undefined, cpu, containers: [] });
      podsOf.set(node, list);
    }
    for (const rate of nodes) {
      const node = rate.name;
      if (!names.has(node)) continue;
      const cpu = this.#nodeSums.add(node, rate);
      const { memoryBytes } = rate;
      const pods = podsOf.get(node) ?? [];
      this.#tell({ node, source: 'metrics', cpu, memoryBytes, pods, ...this.#received() });
    }
  }

  async #rates(path: string): Promise<readonly UseRate[]> {
    const rates = readRates(await this.#get({ method: 'GET', path }));
    if (rates === undefined) throw energyErrors.KISIM_E_POD_USE(`GET ${path}: no list of metrics`);
    return rates;
  }

  async #get(request: {
    readonly method: 'GET';
    readonly path: string;
    readonly query?: object;
  }): Promise<unknown> {
    const { api, timeoutMilliseconds = 5000 } = this.#options;
    const response = await api.request({
      method: 'GET',
      path: request.path,
      ...(request.query === undefined ? {} : { query: request.query as Readonly<Record<string, boolean>> }),
      timeoutMilliseconds,
      signal: this.#ending.signal,
    });
    if (response.status !== 200) throw refusal(request, response);
    return response.body;
  }

  #received(): Pick<NodeUse, 'receivedUnixMilliseconds' | 'receivedMonotonicNanoseconds'> {
    const { clock } = this.#options;
    return {
      receivedUnixMilliseconds: clock.unixMilliseconds(),
      receivedMonotonicNanoseconds: clock.monotonicNanoseconds(),
    };
  }

  #tell(use: NodeUse): void {
    for (const sink of this.#options.sinks) sink.take(use);
  }

  #works(what: string): void {
    if (this.#failedWith.delete(what)) this.#options.log.info('pod-use-read-again', { of: what });
  }

  #fails(what: string, error: unknown): void {
    const code = error instanceof KisimError ? error.code : String(error);
    if (this.#failedWith.get(what) === code) return;
    // Thousands of nodes may fail alike, where the permission is missing or kubelets cannot be reached.
    const level = [...this.#failedWith.values()].includes(code) ? 'debug' : 'warn';
    this.#failedWith.set(what, code);
    const cause = error instanceof Error ? error.message : String(error);
    this.#options.log[level]('pod-use-not-read', {
      of: what,
      error: energyErrors.KISIM_E_POD_USE(`${what}: ${cause}`, { cause: error }),
    });
  }

  #forget(name: string): void {
    this.#states.delete(name);
    this.#failedWith.delete(name);
  }
}

/** How much longer than usual a round over so many nodes takes. */
function stretch(nodes: number): number {
  return Math.max(1, ((nodes / MOST_PER_SECOND) * 1000) / PERIOD[0]);
}
