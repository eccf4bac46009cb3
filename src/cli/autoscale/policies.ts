import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BEST_FIXED_SEEDS, bestFixed } from '../../autoscaling/best-fixed.ts';
import { FixedPolicy } from '../../autoscaling/policies/fixed.ts';
import { HpaPolicy } from '../../autoscaling/policies/hpa.ts';
import { type LearnedPolicy, loadLearnedPolicy } from '../../autoscaling/policies/learned.ts';
import { ThresholdPolicy } from '../../autoscaling/policies/threshold.ts';
import type { AutoscalingPolicy } from '../../autoscaling/policy.ts';
import type { AutoscalingProblem } from '../../autoscaling/problem.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { listOption } from '../replay/options.ts';

export const policyNames = ['fixed', 'fixed-best', 'hpa', 'threshold', 'ppo'] as const;
export type PolicyName = (typeof policyNames)[number];

/** Those that learned and tuned policies are compared with. */
export const baselineNames: readonly string[] = ['fixed', 'fixed-best', 'hpa'];

export const shippedModel = fileURLToPath(new URL('../../../models/autoscale-ppo.onnx', import.meta.url));

export interface ChosenPolicies {
  readonly policies: readonly AutoscalingPolicy[];
  /** What is to be said of them, for people. */
  readonly notes: readonly string[];
}

/**
 * @param tell says how far the choice of fixed replicas is
 * @throws KISIM_E_USAGE, KISIM_E_AUTOSCALE_MODEL, KISIM_E_LEARNING_MODEL
 */
export function choosePolicies(
  options: CommandContext['options'],
  problem: AutoscalingProblem,
  usual: readonly PolicyName[],
  tell: (says: string) => void,
): ChosenPolicies {
  const asked = listOption(options, 'policies');
  const files = (options['model'] ?? []) as readonly string[];
  const names = asked ?? (files.length > 0 && usual.length === 1 ? [] : usual);
  const known = names.map(nameOf);
  // Files first: what is wrong with them is soon said, and fixed replicas take a while to choose.
  const models = files.map((file, i) =>
    loadLearnedPolicy(file, files.length === 1 ? 'model' : `model-${i + 1}`),
  );
  const shipped = known.includes('ppo') ? shippedPolicy() : undefined;
  const notes: string[] = [];
  const policies = known.map((name) => (name === 'ppo' ? shipped! : builtIn(name, problem, notes, tell)));
  for (const model of [...(shipped === undefined ? [] : [shipped]), ...models])
    notes.push(...differences(model, problem));
  for (const [i, file] of files.entries()) notes.push(`${models[i]!.name}: ${file}`);
  return { policies: [...policies, ...models], notes };
}

function nameOf(name: string): PolicyName {
  const found = policyNames.find((one) => one === name);
  if (found === undefined)
    throw cliErrors.KISIM_E_USAGE(`--policies ${name}`, { expected: policyNames.join(', ') });
  return found;
}

function builtIn(
  name: Exclude<PolicyName, 'ppo'>,
  problem: AutoscalingProblem,
  notes: string[],
  tell: (says: string) => void,
): AutoscalingPolicy {
  const { limits, initial } = problem;
  switch (name) {
    case 'fixed':
      notes.push(`fixed: ${initial.gpu} GPU and ${initial.cpu} CPU replicas, balanced`);
      return new FixedPolicy(initial.gpu, initial.cpu);
    case 'fixed-best': {
      const best = bestFixed(problem, BEST_FIXED_SEEDS, (done, all) =>
        tell(`the best fixed replicas: ${done} of ${all} combinations`),
      );
      const { gpuReplicas, cpuReplicas, placement } = best;
      notes.push(
        `fixed-best: ${gpuReplicas} GPU and ${cpuReplicas} CPU replicas, ${placement}, chosen with hindsight on workloads of its own`,
      );
      return new FixedPolicy(gpuReplicas, cpuReplicas, placement, 'fixed-best');
    }
    case 'hpa':
      return new HpaPolicy(limits);
    case 'threshold':
      return new ThresholdPolicy(limits);
  }
}

function shippedPolicy(): LearnedPolicy {
  if (!existsSync(shippedModel))
    throw cliErrors.KISIM_E_USAGE(`no model ${shippedModel}`, {
      action: 'train one with `kisimd autoscale --train`, and give it as --model FILE',
    });
  return loadLearnedPolicy(shippedModel, 'ppo');
}

/** A model decides on any problem of its shape; what it was not trained for is said. */
function differences({ name, form }: LearnedPolicy, problem: AutoscalingProblem): readonly string[] {
  const told = (what: string, trained: unknown, here: unknown) =>
    JSON.stringify(trained) === JSON.stringify(here)
      ? []
      : [`${name} was trained with ${what} ${JSON.stringify(trained)}, here ${JSON.stringify(here)}`];
  return [
    ...told('intervals of', form.intervalSeconds, problem.intervalSeconds),
    ...told('a window of', form.windowSeconds, problem.windowSeconds),
    ...told('limits', form.limits, problem.limits),
  ];
}
