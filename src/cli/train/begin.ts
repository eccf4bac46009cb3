import { join, resolve } from 'node:path';
import type { TwinPlan } from '../../learning/own-cluster/twin-plan.ts';
import type { CommandContext } from '../command.ts';
import type { TrainOptions } from './options.ts';
import { twinPlanOf } from './plan.ts';

/** The twin of a new training, and the folder that it keeps its files in; what was taken as usual is told. @throws as `twinPlanOf` */
export async function planAndPath(
  context: CommandContext,
  begin: NonNullable<TrainOptions['begin']>,
  out: string | undefined,
): Promise<{ readonly plan: TwinPlan; readonly path: string }> {
  const plan = await twinPlanOf(context, begin);
  if (plan.kind === 'replay')
    context.stderr.write(
      `note: ${plan.arrivals.length} recorded pods, of ${plan.jobs} Jobs and others, arrive as they did\n`,
    );
  if (plan.kind !== 'scenario')
    for (const assumption of plan.assumptions) context.stderr.write(`note: ${assumption}\n`);
  const name = plan.kind === 'scenario' ? plan.scenario : plan.name.replace(/\W+/g, '-');
  const time = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return { plan, path: resolve(out ?? join('kisimd-training', `${name}-${time}`)) };
}
