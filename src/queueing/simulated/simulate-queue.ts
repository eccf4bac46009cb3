import type { Node } from '../../cluster/node.ts';
import type { Policy } from '../../policy/policy.ts';
import { policyByName } from '../../policy/registry.ts';
import type { Admission } from '../../simulation/admission.ts';
import { Simulation } from '../../simulation/engine.ts';
import type { SimulationOptions, SimulationResult } from '../../simulation/simulation.ts';
import type { AdmissionPolicy } from '../policy.ts';
import type { JobWorkload } from '../workload/job.ts';
import type { JobTimes } from './job-times.ts';
import { type PodsOfJobs, podsOfJobs } from './pods-of-jobs.ts';
import { type Chooser, QueueRun } from './queue-run.ts';

/** What places the pods of admitted jobs where nothing else is said. */
export const DEFAULT_PLACEMENT = 'efficiency-first';

export const QUEUE_OPTIONS: SimulationOptions = {
  tickSeconds: 300,
  reconsider: 'departure',
  unplaced: 'queue',
  seriesSeconds: 0,
  sloSeconds: 600,
};

export interface QueueSituation {
  readonly nodes: readonly Node[];
  readonly workload: JobWorkload;
  /** Places the pods of admitted jobs. */
  readonly placement: Policy;
  readonly seriesSeconds?: number;
}

export interface QueueOutcome {
  readonly times: JobTimes;
  readonly result: SimulationResult;
}

const plans = new WeakMap<JobWorkload, { readonly nodes: readonly Node[]; readonly plan: PodsOfJobs }>();

/** The same plan for the same workload on the same nodes: many policies run over one. */
function planOf({ nodes, workload }: QueueSituation): PodsOfJobs {
  const known = plans.get(workload);
  if (known?.nodes === nodes) return known.plan;
  const plan = podsOfJobs(nodes, workload);
  plans.set(workload, { nodes, plan });
  return plan;
}

/** A simulation with a queue in front of it, not begun. */
export function queueSimulation(
  situation: QueueSituation,
  chooser: Chooser,
  seed: number,
): { readonly simulation: Simulation; readonly run: QueueRun } {
  const plan = planOf(situation);
  let run: QueueRun | undefined;
  const admission: Admission = {
    name: chooser.name,
    start: ({ cluster }) => {
      run = new QueueRun(plan, cluster, chooser);
      return run;
    },
  };
  const simulation = new Simulation({
    nodes: situation.nodes,
    workload: plan.workload,
    policy: situation.placement,
    options: { ...QUEUE_OPTIONS, seriesSeconds: situation.seriesSeconds ?? 0 },
    seed,
    admission,
  });
  return { simulation, run: run! };
}

/**
 * One run of an admission policy over a workload, to its last job. The same input gives the same bits.
 *
 * @example
 * const outcome = simulateQueue({ nodes, workload, placement: policyByName('efficiency-first') }, easy(), 1);
 *
 * @throws KISIM_E_QUEUE_..., KISIM_E_SIM_...
 */
export function simulateQueue(
  situation: QueueSituation,
  policy: AdmissionPolicy,
  seed: number,
): QueueOutcome {
  policy.reset(seed);
  const { simulation, run } = queueSimulation(situation, policy, seed);
  simulation.advance();
  return { times: run.times, result: simulation.result() };
}

export function defaultPlacement(): Policy {
  return policyByName(DEFAULT_PLACEMENT, { ties: 'lexicographic' });
}
