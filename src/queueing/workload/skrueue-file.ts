import { z } from 'zod';
import { type Strategy, weekOf } from './strategies.ts';
import { defaultTemplates, type JobTemplate } from './templates.ts';
import type { WorkloadFile } from './workload-file.ts';

const count = z.int().min(1);
const names = z.array(z.string().min(1)).min(1);

/** The keys of SKRueue's configuration file (config/settings.py), all of them; whatever else stands in it is a mistake. */
export const skrueueForm = z.strictObject({
  kueue: z
    .strictObject({
      namespaces: names.optional(),
      max_queue_size: count.optional(),
      admit_interval: z.number().gt(0).optional(),
    })
    .optional(),
  rl: z
    .strictObject({
      algorithm: z.enum(['DQN', 'PPO', 'A2C']).optional(),
      state_dim: z.int().optional(),
      learning_rate: z.number().gt(0).optional(),
      buffer_size: count.optional(),
      training_steps: count.optional(),
      model_save_dir: z.string().optional(),
      reward_weights: z
        .strictObject({
          throughput: z.number().optional(),
          utilization: z.number().optional(),
          wait_penalty: z.number().optional(),
          failure_penalty: z.number().optional(),
        })
        .optional(),
    })
    .optional(),
  data: z
    .strictObject({
      collection_interval: z.number().gt(0).optional(),
      retention_days: z.number().gt(0).optional(),
      db_path: z.string().optional(),
      export_path: z.string().optional(),
    })
    .optional(),
  workload: z
    .strictObject({
      job_templates_path: z.string().optional(),
      submission_interval: z.number().gt(0).optional(),
      max_concurrent_jobs: count.optional(),
      simulation_duration_hours: z.number().gt(0).optional(),
      hourly_patterns: z
        .record(
          z.string(),
          z.strictObject({
            hours: z.array(z.int().min(0).max(23)).min(1),
            job_rate: z.number().min(0),
            templates: names.optional(),
            template_weights: z.record(z.string(), z.number().min(0)).optional(),
          }),
        )
        .optional(),
    })
    .optional(),
  test: z
    .strictObject({
      test_duration_minutes: z.number().gt(0).optional(),
      algorithms_to_test: z.array(z.enum(['DQN', 'PPO', 'A2C'])).optional(),
      baseline_scheduler: z.string().optional(),
      output_dir: z.string().optional(),
    })
    .optional(),
  cluster_name: z.string().optional(),
  environment: z.string().optional(),
  log_level: z.string().optional(),
});

/** What of SKRueue's configuration is about training and episodes. */
export interface SkrueueWorkload {
  readonly algorithm: 'dqn' | 'ppo' | 'a2c' | undefined;
  readonly trainingSteps: number | undefined;
  readonly rewardWeights: Readonly<Record<string, number>> | undefined;
  readonly hours: number | undefined;
}

/** SKRueue's template names, and the kind of job here that each is. */
const TEMPLATES: Readonly<Record<string, string>> = {
  'cpu-intensive': 'batch',
  'memory-intensive': 'spark',
  'io-intensive': 'generic',
  'ml-training': 'ml',
  'etl-pipeline': 'etl',
  'big-data-aggregation': 'spark',
  'realtime-analytics': 'realtime',
  'quick-task': 'realtime',
};

const STATE_SIZE = 67;
const WINDOW = 10;

type Refuse = (keys: readonly PropertyKey[], says: string) => Error;

/** @throws what `refuse` makes, for values that mean something else here */
export function skrueueWorkload(
  path: string,
  { kueue, rl, workload }: z.infer<typeof skrueueForm>,
  refuse: Refuse,
): WorkloadFile {
  if (rl?.state_dim !== undefined && rl.state_dim !== STATE_SIZE)
    throw refuse(['rl', 'state_dim'], `is ${rl.state_dim}, the state skrueue has ${STATE_SIZE} numbers`);
  if (kueue?.max_queue_size !== undefined && kueue.max_queue_size !== WINDOW)
    throw refuse(
      ['kueue', 'max_queue_size'],
      `is ${kueue.max_queue_size}, the state skrueue shows ${WINDOW} jobs`,
    );
  const weights = rl?.reward_weights;
  return {
    strategy: strategyOf(path, workload?.hourly_patterns, refuse),
    templates: templatesOf(),
    load: undefined,
    ratesAreJobsPerHour: true,
    skrueue: {
      algorithm: rl?.algorithm?.toLowerCase() as SkrueueWorkload['algorithm'],
      trainingSteps: rl?.training_steps,
      rewardWeights:
        weights === undefined
          ? undefined
          : Object.fromEntries(
              Object.entries(weights).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
            ),
      hours: workload?.simulation_duration_hours,
    },
  };
}

type Patterns = NonNullable<z.infer<typeof skrueueForm>['workload']>['hourly_patterns'];

/** Hours that no pattern names have no jobs, as there. */
function strategyOf(path: string, patterns: Patterns, refuse: Refuse): Strategy {
  if (patterns === undefined)
    throw refuse(['workload', 'hourly_patterns'], 'is missing: nothing says when jobs come');
  const parts = Object.entries(patterns).map(([name, { hours, job_rate, templates, template_weights }]) => {
    const given =
      template_weights ?? Object.fromEntries((templates ?? Object.keys(TEMPLATES)).map((each) => [each, 1]));
    for (const template of Object.keys(given))
      if (TEMPLATES[template] === undefined)
        throw refuse(
          [
            'workload',
            'hourly_patterns',
            name,
            template_weights === undefined ? 'templates' : 'template_weights',
          ],
          `no template ${template}, one of ${Object.keys(TEMPLATES).join(', ')}`,
        );
    return { days: [1, 2, 3, 4, 5, 6, 7], hours, rate: job_rate, weights: given };
  });
  return { name: path, pieces: weekOf(parts) };
}

/** The kinds of job here under SKRueue's names. */
function templatesOf(): readonly JobTemplate[] {
  return Object.entries(TEMPLATES).map(([name, own]) => ({
    ...defaultTemplates.find((template) => template.name === own)!,
    name,
  }));
}
