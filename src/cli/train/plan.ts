import { resolve } from 'node:path';
import { digestOfFile, type TwinPlan } from '../../learning/own-cluster/twin-plan.ts';
import { scenarioByName } from '../../simulation/scenarios/scenarios.ts';
import type { CommandContext } from '../command.ts';
import type { TrainOptions } from './options.ts';

/** The twin that is asked for. @throws KISIM_E_SCENARIO_UNKNOWN, KISIM_E_LEARNING_TWIN */
export async function twinPlanOf(
  _context: CommandContext,
  { source }: NonNullable<TrainOptions['begin']>,
): Promise<TwinPlan> {
  if (source.kind !== 'scenario') throw new Error('TODO');
  const { name, load, clusterSeed, hardware } = source;
  // A wrong name is told before a folder is made.
  scenarioByName(name);
  return {
    kind: 'scenario',
    scenario: name,
    load,
    clusterSeed,
    ...(hardware === undefined
      ? {}
      : { hardware: { path: resolve(hardware), sha256: digestOfFile(hardware) } }),
  };
}
