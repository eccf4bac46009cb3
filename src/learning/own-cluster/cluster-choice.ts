import { awakeFirst } from '../../policy/awake-first.ts';
import { type WeightedRule, weightedPolicy } from '../../policy/energy/weighted-policy.ts';
import type { Policy } from '../../policy/policy.ts';
import { simulate } from '../../simulation/engine.ts';
import { contestingPolicies } from '../contest.ts';
import { choosingPolicy, type PortfolioStanding } from '../portfolio.ts';
import { CHOICE, CHOICE_SEEDS } from './acceptance-gate.ts';
import { startingPoints } from './starting-points.ts';
import type { Twin } from './twin.ts';

/** A trained model that could place the pods of a cluster. */
export interface ModelCandidate {
  readonly sha256: string;
  readonly policy: Policy;
}

/** A model beside the best rule. Changes are shares of the price: -0.01 is one percent less. */
export interface ModelStanding {
  readonly sha256: string;
  /** Whether the portfolio put it before all rules. */
  readonly isFirst: boolean;
  /** On workloads that nothing was chosen by. */
  readonly change: number;
  readonly low: number;
  readonly high: number;
  readonly workloads: number;
}

export interface ClusterChoice {
  /** The best rule. */
  readonly rule: WeightedRule;
  /** Rules and models: finalists first, each group by its mean price. */
  readonly standings: readonly PortfolioStanding[];
  /** In the order of the candidates. */
  readonly models: readonly ModelStanding[];
}

export interface ClusterChoiceOptions {
  readonly twin: Twin;
  readonly models: readonly ModelCandidate[];
  /** Where nodes sleep: every policy then takes those that are awake first, as the live loop has it. */
  readonly awakeFirst: boolean;
  /** Left out: as long as it takes. */
  readonly hasTime?: () => boolean;
}

const CONTEST_WORKLOADS = 24;
const AWAKE_FIRST = '+awake-first';

/**
 * Which policy is best on a cluster, by simulation on its twin: all rules and some models by the portfolio, then each model beside the
 * best rule on further workloads. Every workload is made once and forgotten, so that large clusters do not fill the memory. Stops before
 * every simulation, and tells what comes next.
 *
 * @throws KISIM_E_LEARNING_TWIN, KISIM_E_SCENARIO_...
 */
export function* choosingForCluster(options: ClusterChoiceOptions): Generator<string, ClusterChoice> {
  const { twin, hasTime = () => true } = options;
  const rules = startingPoints(twin).filter(
    ({ name }) => !options.awakeFirst || !twin.sleeps || name.includes(AWAKE_FIRST),
  );
  const policies = rules.map((rule) => weightedPolicy(rule, 'first'));
  const models = options.models.map(({ policy }) => (options.awakeFirst ? awakeFirst(policy) : policy));
  const choosing = choosingPolicy([...policies, ...models], {
    situations: { length: CHOICE_SEEDS, at: (i) => twin.situation(CHOICE + i) },
    simulate,
    hasTime,
    ...(twin.waits ? { firstSituations: 1, finalists: 16 } : {}),
  });
  let step = choosing.next();
  for (; step.done !== true; step = choosing.next()) {
    const { situation, situations, policy } = step.value;
    yield `workload ${situation} of ${situations}, ${policy}`;
  }
  const { policy, standings } = step.value;
  const best = standings.find((standing) => policies.includes(standing.policy))!.policy;
  const beside: ModelStanding[] = [];
  for (const [i, model] of models.entries()) {
    const contesting = contestingPolicies({
      twin,
      challenger: model,
      holder: best,
      workloads: CONTEST_WORKLOADS,
      hasTime,
    });
    let part = contesting.next();
    for (; part.done !== true; part = contesting.next())
      yield `further workload ${part.value} of ${CONTEST_WORKLOADS}, ${model.name} beside ${best.name}`;
    const { mean, interval, count } = part.value;
    beside.push({
      sha256: options.models[i]!.sha256,
      isFirst: model === policy,
      change: mean,
      low: interval!.low,
      high: interval!.high,
      workloads: count,
    });
  }
  return { rule: rules[policies.indexOf(best)]!, standings, models: beside };
}
