/** `HPAScalingPolicy` of autoscaling/v2: so much change within so many seconds. */
export interface ScalingPolicy {
  readonly type: 'Pods' | 'Percent';
  readonly value: number;
  readonly periodSeconds: number;
}

/** `HPAScalingRules` of autoscaling/v2. */
export interface ScalingRules {
  readonly stabilizationWindowSeconds: number;
  /** Of several policies the one that changes most, or least, or no change in this direction at all. */
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled';
  readonly policies: readonly ScalingPolicy[];
}

/** `HorizontalPodAutoscalerBehavior` of autoscaling/v2. */
export interface HpaBehavior {
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
}

/** What the API server fills in where nothing is given (autoscaling/v2 defaults). */
export const defaultBehavior: HpaBehavior = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Percent', value: 100, periodSeconds: 15 },
      { type: 'Pods', value: 4, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: 300,
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  },
};

interface Recommendation {
  readonly replicas: number;
  readonly atSeconds: number;
}

interface ScaleEvent {
  readonly change: number;
  readonly atSeconds: number;
}

/**
 * Stabilisation and rate limits of one HPA: what it remembers between two runs of its loop. `normalizeDesiredReplicasWithBehaviors`
 * of kubernetes/kubernetes, pkg/controller/podautoscaler/horizontal.go.
 */
export class BehaviorLimits {
  readonly #behavior: HpaBehavior;
  #recommendations: readonly Recommendation[] = [];
  #ups: readonly ScaleEvent[] = [];
  #downs: readonly ScaleEvent[] = [];

  constructor(behavior: HpaBehavior) {
    this.#behavior = behavior;
  }

  clear(): void {
    this.#recommendations = [];
    this.#ups = [];
    this.#downs = [];
  }

  /** The controller remembers what it found when it first looked. */
  begin(current: number, now: number): void {
    if (this.#recommendations.length === 0) this.#recommendations = [{ replicas: current, atSeconds: now }];
  }

  /**
   * The number that is asked for in the end, and remembers both it and what was wanted.
   *
   * @param wanted what the metric asks for
   */
  apply(
    current: number,
    wanted: number,
    range: { readonly min: number; readonly max: number },
    now: number,
  ): number {
    const replicas = this.#limited(current, this.#stabilized(current, wanted, now), range, now);
    this.remember(current, replicas, now);
    return replicas;
  }

  /** A change that was made, for the rates of later ones. */
  remember(before: number, after: number, now: number): void {
    const recent = (events: readonly ScaleEvent[], { policies }: ScalingRules) => {
      const longest = policies.reduce((most, { periodSeconds }) => Math.max(most, periodSeconds), 0);
      return events.filter(({ atSeconds }) => atSeconds > now - longest);
    };
    this.#ups = recent(this.#ups, this.#behavior.scaleUp);
    this.#downs = recent(this.#downs, this.#behavior.scaleDown);
    if (after > before) this.#ups = [...this.#ups, { change: after - before, atSeconds: now }];
    if (after < before) this.#downs = [...this.#downs, { change: before - after, atSeconds: now }];
  }

  /** Up no further than the least that was wanted within its window, down no further than the most. */
  #stabilized(current: number, wanted: number, now: number): number {
    const { scaleUp, scaleDown } = this.#behavior;
    let up = wanted;
    let down = wanted;
    for (const { replicas, atSeconds } of this.#recommendations) {
      if (atSeconds > now - scaleUp.stabilizationWindowSeconds) up = Math.min(up, replicas);
      if (atSeconds > now - scaleDown.stabilizationWindowSeconds) down = Math.max(down, replicas);
    }
    const longest = Math.max(scaleUp.stabilizationWindowSeconds, scaleDown.stabilizationWindowSeconds);
    this.#recommendations = [
      ...this.#recommendations.filter(({ atSeconds }) => atSeconds >= now - longest),
      { replicas: wanted, atSeconds: now },
    ];
    return Math.min(Math.max(current, up), down);
  }

  #limited(
    current: number,
    wanted: number,
    range: { readonly min: number; readonly max: number },
    now: number,
  ): number {
    if (wanted > current) {
      const limit = Math.max(current, this.#limit(current, this.#behavior.scaleUp, 1, now));
      return Math.min(wanted, range.max, limit);
    }
    if (wanted < current) {
      const limit = Math.min(current, this.#limit(current, this.#behavior.scaleDown, -1, now));
      return Math.max(wanted, range.min, limit);
    }
    return wanted;
  }

  /** The furthest that the policies of a direction allow now. */
  #limit(current: number, { selectPolicy, policies }: ScalingRules, direction: 1 | -1, now: number): number {
    if (selectPolicy === 'Disabled') return current;
    const changed = (events: readonly ScaleEvent[], periodSeconds: number) =>
      events.reduce((sum, { change, atSeconds }) => sum + (atSeconds > now - periodSeconds ? change : 0), 0);
    const limits = policies.map(({ type, value, periodSeconds }) => {
      const before = current - changed(this.#ups, periodSeconds) + changed(this.#downs, periodSeconds);
      if (type === 'Pods') return before + direction * value;
      const share = before * (1 + (direction * value) / 100);
      // Up at least by one; down by whole replicas.
      return direction === 1 ? Math.ceil(share) : Math.trunc(share);
    });
    const isFurthest = selectPolicy === 'Max';
    return (direction === 1) === isFurthest ? Math.max(...limits) : Math.min(...limits);
  }
}
