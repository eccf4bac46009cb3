import { startingPoints } from '../../learning/own-cluster/starting-points.ts';
import type { Twin } from '../../learning/own-cluster/twin.ts';
import { type WeightedRule, weightedPolicy } from '../../policy/energy/weighted-policy.ts';
import type { Policy } from '../../policy/policy.ts';
import { policyByName } from '../../policy/registry.ts';
import { pricedKilowattHours } from '../../simulation/priced-energy.ts';
import type { SimulationInput, SimulationResult } from '../../simulation/simulation.ts';
import { mean } from '../../util/statistics/mean.ts';
import { pairedPercent } from '../../util/statistics/paired.ts';

/** What one policy did on all test workloads. */
interface Runs {
  readonly priced: readonly number[];
  readonly joules: readonly number[];
  readonly waitSeconds: number;
  /** Share of the pods. */
  readonly sloMisses: number;
}

export interface SideBySide {
  readonly waitSeconds: number;
  readonly sloMisses: number;
}

/** A policy against others on the same fresh workloads; per cent by workload, negative: it takes less. */
export interface Comparison {
  /** Priced energy against the rule that simulation picked, and energy alone. */
  readonly againstRule: readonly number[];
  readonly energyAgainstRule: readonly number[];
  /** Against the rule that turns out to be the best of all on these very workloads. */
  readonly hindsight: string;
  readonly againstHindsight: readonly number[];
  /** Against the default scheduler, with awake nodes first where nodes sleep. */
  readonly againstScheduler: readonly number[];
  readonly learned: SideBySide;
  readonly rule: SideBySide;
  readonly scheduler: SideBySide;
}

const SCHEDULER = 'kube-scheduler';

/**
 * @param rivals the rules that the best in hindsight is one of, beside the one that was picked; left out: all
 * @param show what policies see in place of what there is; left out: they see what there is
 */
export function compare(options: {
  readonly twin: Twin;
  readonly simulate: (input: SimulationInput) => SimulationResult;
  readonly learned: WeightedRule;
  readonly rule: WeightedRule;
  readonly seeds: readonly number[];
  readonly rivals?: readonly WeightedRule[];
  readonly show?: (policy: Policy) => Policy;
}): Comparison {
  const { twin, learned, rule, seeds, rivals = startingPoints(twin) } = options;
  const ours = runsOf(weightedPolicy(learned, 'first'), options);
  const theirs = runsOf(weightedPolicy(rule, 'first'), options);
  let hindsight = { name: rule.name, runs: theirs };
  for (const each of rivals) {
    if (each.name === rule.name) continue;
    const runs = runsOf(weightedPolicy(each, 'first'), options);
    if (mean(runs.priced) < mean(hindsight.runs.priced)) hindsight = { name: each.name, runs };
  }
  const name = twin.sleeps ? `${SCHEDULER}+awake-first` : SCHEDULER;
  // It knows nothing of power, so that there is nothing to show it.
  const scheduler = runsOf(policyByName(name), { twin, simulate: options.simulate, seeds });
  return {
    againstRule: [...pairedPercent(ours.priced, theirs.priced)],
    energyAgainstRule: [...pairedPercent(ours.joules, theirs.joules)],
    hindsight: hindsight.name,
    againstHindsight: [...pairedPercent(ours.priced, hindsight.runs.priced)],
    againstScheduler: [...pairedPercent(ours.priced, scheduler.priced)],
    learned: sideOf(ours),
    rule: sideOf(theirs),
    scheduler: sideOf(scheduler),
  };
}

function sideOf({ waitSeconds, sloMisses }: Runs): SideBySide {
  return { waitSeconds, sloMisses };
}

function runsOf(
  policy: Policy,
  {
    twin,
    simulate,
    seeds,
    show = (seen) => seen,
  }: {
    readonly twin: Twin;
    readonly simulate: (input: SimulationInput) => SimulationResult;
    readonly seeds: readonly number[];
    readonly show?: (policy: Policy) => Policy;
  },
): Runs {
  const results = seeds.map((seed) => simulate({ ...twin.situation(seed), policy: show(policy), seed }));
  return {
    priced: results.map(pricedKilowattHours),
    joules: results.map(({ energyJoules }) => energyJoules),
    waitSeconds: mean(results.map(({ meanWaitSeconds }) => meanWaitSeconds)),
    sloMisses: mean(results.map(({ sloMisses, placed }) => (placed === 0 ? 0 : sloMisses / placed))),
  };
}
