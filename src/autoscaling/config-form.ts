import { z } from 'zod';
import { trainedPatterns } from './problem.ts';

/*
 * The configuration in KISim's names (configs/rl_*_config.json): its files load as they are. What its source has and nobody can
 * have meant is an option of `defects`; what is ours alone is in `simulation`, `own_weights` and in keys that its files do not have.
 */

const positive = z.number().positive();
const share = z.number().min(0).max(1);
const count = z.int().min(1);
const weight = z.number().min(0);

const backendForm = z.strictObject({
  base_seconds: weight.optional(),
  seconds_per_request: positive.optional(),
  variability: share.optional(),
  max_batch: z.int().min(1).max(1024).optional(),
  startup_seconds: z.tuple([weight, weight]).optional(),
  processors: positive.optional(),
  interference: weight.optional(),
  idle_watts: weight.optional(),
  busy_watts: weight.optional(),
  memory_gib: positive.optional(),
});

export const configForm = z.strictObject({
  description: z.string().optional(),
  /** Of KISim's trainer; there is nothing here that a GPU would learn faster. */
  use_gpu: z.boolean().optional(),
  environment: z
    .strictObject({
      namespace: z.string().optional(),
      prometheus_url: z.string().optional(),
      locust_url: z.string().optional(),
      episode_duration: positive.optional(),
      action_interval: positive.optional(),
      observation_window: positive.optional(),
      max_replicas: z.int().min(1).max(1000).optional(),
      min_replicas: z.int().min(0).max(1000).optional(),
      max_gpu_replicas: z.int().min(0).max(1000).optional(),
      max_cpu_replicas: z.int().min(0).max(1000).optional(),
      initial_gpu_replicas: z.int().min(0).max(1000).optional(),
      initial_cpu_replicas: z.int().min(0).max(1000).optional(),
      latency_weight: weight.optional(),
      throughput_weight: weight.optional(),
      resource_efficiency_weight: weight.optional(),
      stability_weight: weight.optional(),
      reward: z.enum(['own', 'kisim']).optional(),
      observation: z.enum(['normalised', 'kisim']).optional(),
      objective_milliseconds: positive.optional(),
      patterns: z.array(z.enum(trainedPatterns)).min(1).optional(),
      lowest_load: positive.optional(),
      highest_load: positive.optional(),
    })
    .optional(),
  own_weights: z
    .strictObject({
      energy: weight.optional(),
      late: weight.optional(),
      latency: weight.optional(),
      replicas: weight.optional(),
      change: weight.optional(),
    })
    .optional(),
  defects: z
    .strictObject({ placement_ignored: z.boolean().optional(), stability_blind: z.boolean().optional() })
    .optional(),
  simulation: z
    .strictObject({
      gpu: backendForm.optional(),
      cpu: backendForm.optional(),
      timeout_seconds: positive.optional(),
      queue_limit: count.optional(),
      memory_gib: positive.optional(),
    })
    .optional(),
  agent: z
    .strictObject({
      learning_rate: positive.optional(),
      hidden_size: z.int().min(1).max(4096).optional(),
      num_layers: z.int().min(1).max(8).optional(),
      buffer_size: count.optional(),
      batch_size: count.optional(),
      ppo_epochs: count.optional(),
      gamma: share.optional(),
      gae_lambda: share.optional(),
      clip_epsilon: share.optional(),
      entropy_coef: weight.optional(),
      value_coef: weight.optional(),
      max_grad_norm: weight.optional(),
    })
    .optional(),
  training: z
    .strictObject({
      episodes: count.optional(),
      evaluation_interval: count.optional(),
      save_interval: count.optional(),
    })
    .optional(),
});

export type ConfigForm = z.infer<typeof configForm>;
