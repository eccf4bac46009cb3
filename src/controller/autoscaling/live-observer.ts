import { LoadHistory, type LoadTrendForm } from '../../autoscaling/load-history.ts';
import {
  type AutoscalingObservation,
  type BackendName,
  type BackendPods,
  backendNames,
  type ObservationField,
} from '../../autoscaling/policy.ts';
import type { DeploymentName, DeploymentReplicas } from '../../kubernetes/scale/deployment-scale.ts';
import { autoscalingLoopErrors } from './errors.ts';
import {
  type MeasuredField,
  type MetricSource,
  measuredFields,
  type PodMetricSource,
  type ReplicaScaler,
} from './ports.ts';

export type ScalingTargets = Readonly<Partial<Record<BackendName, DeploymentName>>>;
export type SeenReplicas = Readonly<Partial<Record<BackendName, DeploymentReplicas>>>;

export interface LiveObserverOptions {
  readonly needs: readonly ObservationField[];
  readonly targets: ScalingTargets;
  readonly scaler: Pick<ReplicaScaler, 'read'>;
  /** The first that gives a field is asked for it. */
  readonly sources: readonly MetricSource[];
  readonly podSources: readonly PodMetricSource[];
  readonly monotonicSeconds: () => number;
  readonly episodeSeconds: number;
  readonly trendForm: LoadTrendForm;
}

/** Fields that follow from the throughput of the intervals so far. */
const fromThroughput: readonly ObservationField[] = ['loadTrend', 'loadVariance'];

/**
 * Looks at a live cluster as a policy needs it: only what the policy reads is measured, and nothing that is missing is made up.
 */
export class LiveObserver {
  readonly #o: LiveObserverOptions;
  readonly #load: LoadHistory;
  readonly #sourceOf = new Map<MeasuredField, MetricSource>();
  readonly #podSourceOf = new Map<BackendName, PodMetricSource>();
  readonly #needsTrend: boolean;
  #begunAt: number;

  /** @throws KISIM_E_AUTOSCALE_SOURCE, KISIM_E_AUTOSCALE_TARGET */
  constructor(options: LiveObserverOptions) {
    this.#o = options;
    const { needs, targets, sources, podSources, monotonicSeconds, trendForm } = options;
    this.#load = new LoadHistory(trendForm);
    this.#begunAt = monotonicSeconds();
    const wanted = backendNames.filter((backend) => targets[backend] !== undefined);
    if (wanted.length === 0)
      throw autoscalingLoopErrors.KISIM_E_AUTOSCALE_TARGET('neither gpu nor cpu is named');
    this.#needsTrend = fromThroughput.some((field) => needs.includes(field));
    const missing: string[] = [];
    for (const field of measuredFields) {
      if (!needs.includes(field) && !(field === 'throughputPerSecond' && this.#needsTrend)) continue;
      const source = sources.find(({ gives }) => gives.includes(field));
      if (source === undefined) missing.push(field);
      else this.#sourceOf.set(field, source);
    }
    for (const backend of wanted.filter((each) => needs.includes(each))) {
      const source = podSources.find(({ gives }) => gives.includes(backend));
      if (source === undefined) missing.push(`the pods of ${backend}`);
      else this.#podSourceOf.set(backend, source);
    }
    if (missing.length > 0) throw autoscalingLoopErrors.KISIM_E_AUTOSCALE_SOURCE(missing.join(', '));
  }

  /** An episode begins. */
  begin(): void {
    this.#load.clear();
    this.#begunAt = this.#o.monotonicSeconds();
  }

  /** The Deployments that are to be scaled, as they are. @throws KISIM_E_SCALE_..., KISIM_E_KUBE_... */
  async replicas(signal: AbortSignal): Promise<SeenReplicas> {
    const { targets, scaler } = this.#o;
    const seen: Partial<Record<BackendName, DeploymentReplicas>> = {};
    for (const backend of backendNames) {
      const target = targets[backend];
      if (target !== undefined) seen[backend] = await scaler.read(target, signal);
    }
    return seen;
  }

  /** @throws KISIM_E_METRIC_..., KISIM_E_PROMETHEUS_... and what sources throw */
  async observe(replicas: SeenReplicas, signal: AbortSignal): Promise<AutoscalingObservation> {
    const { monotonicSeconds, episodeSeconds } = this.#o;
    const measured = new Map<MeasuredField, number | undefined>();
    for (const [field, source] of this.#sourceOf) measured.set(field, await source.read(field, signal));
    const throughput = measured.get('throughputPerSecond');
    if (this.#needsTrend && throughput !== undefined) this.#load.add(throughput);
    const knowsTrend = this.#needsTrend && throughput !== undefined;
    const atSeconds = monotonicSeconds();
    return {
      atSeconds,
      cpuUtilizationPercent: measured.get('cpuUtilizationPercent'),
      memoryUtilizationPercent: measured.get('memoryUtilizationPercent'),
      gpuUtilizationPercent: measured.get('gpuUtilizationPercent'),
      latencyP95Milliseconds: measured.get('latencyP95Milliseconds'),
      throughputPerSecond: throughput,
      // A backend without a Deployment has none, which is a fact and no guess.
      gpuReplicas: replicas.gpu?.wanted ?? 0,
      cpuReplicas: replicas.cpu?.wanted ?? 0,
      loadTrend: knowsTrend ? this.#load.trend : undefined,
      loadVariance: knowsTrend ? this.#load.variance : undefined,
      episodeProgress: ((atSeconds - this.#begunAt) % episodeSeconds) / episodeSeconds,
      gpu: await this.#pods('gpu', replicas.gpu, signal),
      cpu: await this.#pods('cpu', replicas.cpu, signal),
    };
  }

  async #pods(
    backend: BackendName,
    replicas: DeploymentReplicas | undefined,
    signal: AbortSignal,
  ): Promise<BackendPods | undefined> {
    const source = this.#podSourceOf.get(backend);
    if (replicas === undefined)
      return this.#o.needs.includes(backend)
        ? { ready: 0, unready: 0, unmeasured: 0, utilizationPercent: undefined }
        : undefined;
    if (source === undefined) return undefined;
    const { percents, isForAll } = await source.readPods(backend, signal);
    const measured = isForAll ? replicas.ready : Math.min(percents.length, replicas.ready);
    return {
      ready: measured,
      unready: Math.max(0, replicas.present - replicas.ready),
      unmeasured: replicas.ready - measured,
      utilizationPercent:
        percents.length === 0 ? undefined : percents.reduce((sum, each) => sum + each, 0) / percents.length,
    };
  }
}
