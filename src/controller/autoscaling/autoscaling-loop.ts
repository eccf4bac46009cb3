import {
  type AutoscalingDecision,
  type AutoscalingObservation,
  type AutoscalingPolicy,
  type BackendName,
  backendNames,
  type ReplicaLimits,
  within,
} from '../../autoscaling/policy.ts';
import type { DecisionMode } from '../../history/decision-record.ts';
import type { DeploymentReplicas } from '../../kubernetes/scale/deployment-scale.ts';
import { nameOf } from '../../kubernetes/scale/deployment-scale.ts';
import { scaleErrors } from '../../kubernetes/scale/errors.ts';
import type { Clock } from '../../util/clock.ts';
import { KisimError } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { Sleep } from '../../util/sleep.ts';
import type { Leadership } from '../ports.ts';
import type { LiveObserver, ScalingTargets, SeenReplicas } from './live-observer.ts';
import type { ReplicaScaler, RequestRouter, ScalingSink } from './ports.ts';
import { passes, seenReadings } from './readings.ts';

export interface AutoscalingLoopOptions {
  readonly policy: AutoscalingPolicy;
  readonly limits: ReplicaLimits;
  readonly targets: ScalingTargets;
  readonly observer: Pick<LiveObserver, 'begin' | 'replicas' | 'observe'>;
  readonly scaler: Pick<ReplicaScaler, 'scale'>;
  readonly router?: RequestRouter | undefined;
  readonly sink: ScalingSink;
  /** Left out: nobody else could lead, as in a dry run. */
  readonly leadership?: Pick<Leadership, 'isLeader'> | undefined;
  readonly mode: Extract<DecisionMode, 'act' | 'dry-run'>;
  readonly intervalSeconds: number;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly log: Logger;
  /** Told after each round. */
  readonly round?: (round: AutoscalingRound) => void;
}

export interface AutoscalingRound {
  readonly number: number;
  readonly replicas: SeenReplicas;
  readonly observation: AutoscalingObservation;
  readonly decision: AutoscalingDecision;
}

export interface AutoscalingCounts {
  readonly rounds: number;
  readonly scaled: number;
}

/** Rounds in a row that the API server may be in trouble, or somebody else may have set the replicas, until the loop ends. */
const MOST_TROUBLED = 3;

/**
 * Observes, decides and scales, once an interval, while this process leads. Whatever is missing ends it with an error: the
 * replicas stay where they are, and the history says why.
 */
export class AutoscalingLoop {
  readonly #o: AutoscalingLoopOptions;
  /** What was asked for last, to see whether somebody else asks for something else. */
  readonly #asked = new Map<BackendName, number>();
  readonly #contested = new Map<BackendName, number>();
  #troubled = 0;
  #rounds = 0;
  #scaled = 0;

  constructor(options: AutoscalingLoopOptions) {
    this.#o = options;
  }

  get counts(): AutoscalingCounts {
    return { rounds: this.#rounds, scaled: this.#scaled };
  }

  /**
   * Runs until the signal is aborted. The first decision comes after one interval, when there is something to see.
   *
   * @throws what ended it: KISIM_E_METRIC_..., KISIM_E_AUTOSCALE_METRIC, KISIM_E_SCALE_..., KISIM_E_KUBE_..., KISIM_E_PROMETHEUS_...
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, sleep, intervalSeconds, leadership } = this.#o;
    const interval = intervalSeconds * 1000;
    const now = () => clock.monotonicNanoseconds() / 1e6;
    let leads = false;
    let next = now() + interval;
    while (!signal.aborted) {
      await sleep(Math.max(0, next - now()), signal);
      if (signal.aborted) return;
      // At even times, whatever a round takes; those that were missed are not made up for.
      next += interval * Math.max(1, Math.ceil((now() - next) / interval));
      const isLeader = leadership?.isLeader ?? true;
      if (isLeader && !leads) this.#begin();
      leads = isLeader;
      if (isLeader) await this.#round(signal);
    }
  }

  #begin(): void {
    this.#o.policy.reset();
    this.#o.observer.begin();
    this.#asked.clear();
    this.#contested.clear();
    this.#troubled = 0;
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { policy, observer, router, round } = this.#o;
    this.#rounds += 1;
    let replicas: SeenReplicas = {};
    let observation: AutoscalingObservation | undefined;
    let decision: AutoscalingDecision;
    try {
      replicas = await observer.replicas(signal);
      this.#lookForOthers(replicas);
      observation = await observer.observe(replicas, signal);
      decision = policy.decide(observation);
    } catch (error) {
      if (signal.aborted) return;
      this.#undecided(replicas, observation, error);
      return;
    }
    router?.route(decision.placement, { gpu: replicas.gpu?.ready ?? 0, cpu: replicas.cpu?.ready ?? 0 });
    const failures = await this.#scaleAll(replicas, observation, decision, signal);
    round?.({ number: this.#rounds, replicas, observation, decision });
    if (signal.aborted) return;
    if (failures.length === 0) this.#troubled = 0;
    for (const error of failures) this.#failed(error);
  }

  /** What is wanted goes to the one Deployment also where the other one fails. */
  async #scaleAll(
    replicas: SeenReplicas,
    observation: AutoscalingObservation,
    decision: AutoscalingDecision,
    signal: AbortSignal,
  ): Promise<readonly KisimError[]> {
    const { limits, mode, scaler } = this.#o;
    const failures: KisimError[] = [];
    for (const backend of backendNames) {
      const target = replicas[backend];
      if (target === undefined) continue;
      const asked = backend === 'gpu' ? decision.gpuReplicas : decision.cpuReplicas;
      const wanted = within(asked, limits[backend]);
      const { min, max } = limits[backend];
      const reason =
        wanted === asked ? decision.reason : `${decision.reason}; ${asked} wanted, ${min} to ${max} allowed`;
      const told = (outcome: string, after: number | undefined, why = reason) =>
        this.#record(backend, target, { outcome, wanted, after, reason: why, observation });
      if (mode === 'dry-run') {
        told('observed', target.wanted);
        continue;
      }
      const result = await scaler.scale(target, wanted, signal);
      if (result.outcome === 'scaled' || result.outcome === 'kept') {
        this.#asked.set(backend, wanted);
        if (result.outcome === 'scaled') this.#scaled += 1;
        told(result.outcome, wanted);
      } else if (result.outcome === 'not-leader') told('not-leader', target.wanted);
      else {
        told('failed', undefined, `${result.error.code}: ${result.error.message}`);
        failures.push(result.error);
      }
    }
    return failures;
  }

  /** @throws KISIM_E_SCALE_CONTESTED where somebody else sets the replicas again and again */
  #lookForOthers(replicas: SeenReplicas): void {
    for (const backend of backendNames) {
      const [seen, asked] = [replicas[backend], this.#asked.get(backend)];
      if (seen === undefined || asked === undefined) continue;
      const times = seen.wanted === asked ? 0 : (this.#contested.get(backend) ?? 0) + 1;
      this.#contested.set(backend, times);
      if (times === 0) continue;
      const found = `${nameOf(seen)}: ${asked} asked for, ${seen.wanted} found`;
      if (times >= MOST_TROUBLED) throw scaleErrors.KISIM_E_SCALE_CONTESTED(found);
      this.#o.log.warn('replicas-changed-by-others', { deployment: nameOf(seen), asked, found: seen.wanted });
    }
  }

  /** Nothing was decided: every Deployment is left as it is, and told so. */
  #undecided(replicas: SeenReplicas, observation: AutoscalingObservation | undefined, error: unknown): void {
    const { targets } = this.#o;
    if (!(error instanceof KisimError)) throw error;
    const reason = `${error.code}: ${error.message}`;
    for (const backend of backendNames) {
      const target = targets[backend];
      if (target === undefined) continue;
      const seen = replicas[backend];
      this.#record(backend, seen ?? { ...target, uid: '' }, {
        outcome: 'failed',
        wanted: undefined,
        after: seen?.wanted,
        reason,
        observation,
      });
    }
    this.#failed(error);
  }

  /** Trouble of the API server may pass; everything else ends the loop. */
  #failed(error: KisimError): void {
    this.#o.log.error('autoscaling-failed', { error, round: this.#rounds });
    this.#troubled += 1;
    if (!passes(error) || this.#troubled >= MOST_TROUBLED) throw error;
  }

  #record(
    backend: BackendName,
    target: Pick<DeploymentReplicas, 'namespace' | 'name' | 'uid'> & Partial<DeploymentReplicas>,
    {
      outcome,
      wanted,
      after,
      reason,
      observation,
    }: {
      readonly outcome: string;
      readonly wanted: number | undefined;
      readonly after: number | undefined;
      readonly reason: string;
      readonly observation: AutoscalingObservation | undefined;
    },
  ): void {
    const { sink, policy, mode, clock } = this.#o;
    sink.scaled({
      unixMilliseconds: clock.unixMilliseconds(),
      namespace: target.namespace,
      deployment: target.name,
      uid: target.uid,
      backend,
      policy: policy.name,
      mode,
      before: target.wanted,
      ready: target.ready,
      wanted,
      after,
      outcome,
      reason,
      seen: observation === undefined ? [] : seenReadings(observation, policy.needs),
    });
  }
}
