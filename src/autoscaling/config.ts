import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../util/errors.ts';
import { readYamlForm } from '../util/yaml-form.ts';
import type { BackendSpec } from './backend.ts';
import { type ConfigForm, configForm } from './config-form.ts';
import { autoscalingErrors } from './errors.ts';
import { type AutoscalingProblem, defaultProblem } from './problem.ts';
import { type AgentSettings, defaultAgentSettings } from './training.ts';

export interface AutoscalingConfig {
  readonly problem: AutoscalingProblem;
  readonly agent: AgentSettings;
  /** What a training is as long as, in episodes; undefined where the file does not say. */
  readonly episodes: number | undefined;
  /** For the live loop; undefined where the file does not say. */
  readonly live: {
    readonly namespace: string | undefined;
    readonly prometheusUrl: string | undefined;
  };
}

export const defaultAutoscaling: AutoscalingConfig = {
  problem: defaultProblem,
  agent: defaultAgentSettings,
  episodes: undefined,
  live: { namespace: undefined, prometheusUrl: undefined },
};

/** @throws KISIM_E_AUTOSCALE_CONFIG, with file and line */
export function loadAutoscalingConfig(path: string): AutoscalingConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw refuse(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, cause);
  }
  return parseAutoscalingConfig(path, text);
}

/**
 * YAML or JSON. A file that names KISim's reward weights has KISim's reward and the observation as it is measured, unless it
 * says otherwise: it was written for those.
 *
 * @param path for messages alone
 * @throws KISIM_E_AUTOSCALE_CONFIG
 */
export function parseAutoscalingConfig(path: string, text: string): AutoscalingConfig {
  const { data, place } = readYamlForm(configForm, path, text, (found) => refuse(found));
  const environment = data.environment ?? {};
  const wrong = (key: string, found: string) => refuse(`${place(['environment', key])}: ${key}: ${found}`);
  const kisimKeys = ['latency_weight', 'throughput_weight', 'resource_efficiency_weight', 'stability_weight'];
  const isKisim = Object.keys(environment).some((key) => kisimKeys.includes(key));
  const usual = defaultProblem;
  const min = environment.min_replicas ?? usual.limits.gpu.min;
  const most = environment.max_replicas ?? usual.limits.gpu.max;
  const limits = {
    gpu: { min, max: environment.max_gpu_replicas ?? most },
    cpu: { min, max: environment.max_cpu_replicas ?? most },
  };
  for (const [name, { max }] of Object.entries(limits))
    if (max < min || max === 0)
      throw wrong('min_replicas', `at least ${min} and at most ${max} ${name} replicas`);
  const start = (
    given: number | undefined,
    key: string,
    range: { min: number; max: number },
    usualOne: number,
  ) => {
    if (given !== undefined && (given < range.min || given > range.max))
      throw wrong(key, `${given} replicas to begin with, of ${range.min} to ${range.max}`);
    return given ?? Math.min(Math.max(usualOne, range.min), range.max);
  };
  const { initial_gpu_replicas: gpuAtFirst, initial_cpu_replicas: cpuAtFirst } = environment;
  const initial = {
    gpu: start(gpuAtFirst, 'initial_gpu_replicas', limits.gpu, usual.initial.gpu),
    cpu: start(cpuAtFirst, 'initial_cpu_replicas', limits.cpu, usual.initial.cpu),
  };
  const intervalSeconds = environment.action_interval ?? usual.intervalSeconds;
  const episodeSeconds = environment.episode_duration ?? usual.episodeSeconds;
  const windowSeconds = environment.observation_window ?? intervalSeconds;
  for (const [key, seconds] of [
    ['episode_duration', episodeSeconds],
    ['observation_window', windowSeconds],
  ] as const)
    if (!Number.isInteger(seconds / intervalSeconds))
      throw wrong(key, `${seconds} s is no whole number of intervals of ${intervalSeconds} s`);
  const load = {
    low: environment.lowest_load ?? usual.load.low,
    high: environment.highest_load ?? usual.load.high,
  };
  if (load.low > load.high) throw wrong('lowest_load', `${load.low} above the highest, ${load.high}`);
  const weights = usual.kisimWeights;
  const objective = environment.objective_milliseconds;
  return {
    problem: {
      serving: servingOf(data, path),
      limits,
      initial,
      episodeSeconds,
      intervalSeconds,
      windowSeconds,
      patterns: environment.patterns ?? usual.patterns,
      load,
      objectiveSeconds: objective === undefined ? usual.objectiveSeconds : objective / 1000,
      observation: environment.observation ?? (isKisim ? 'kisim' : usual.observation),
      reward: environment.reward ?? (isKisim ? 'kisim' : usual.reward),
      kisimWeights: {
        latency: environment.latency_weight ?? weights.latency,
        throughput: environment.throughput_weight ?? weights.throughput,
        resourceEfficiency: environment.resource_efficiency_weight ?? weights.resourceEfficiency,
        stability: environment.stability_weight ?? weights.stability,
      },
      ownWeights: { ...usual.ownWeights, ...given(data.own_weights) },
      defects: {
        placementIgnored: data.defects?.placement_ignored ?? usual.defects.placementIgnored,
        stabilityBlind: data.defects?.stability_blind ?? usual.defects.stabilityBlind,
      },
    },
    agent: agentOf(data, episodeSeconds / intervalSeconds),
    episodes: data.training?.episodes,
    live: { namespace: environment.namespace, prometheusUrl: environment.prometheus_url },
  };
}

const GIB = 2 ** 30;

function servingOf({ simulation = {} }: ConfigForm, path: string): AutoscalingProblem['serving'] {
  const usual = defaultProblem.serving;
  const backend = (name: 'gpu' | 'cpu'): BackendSpec => {
    const own = simulation[name] ?? {};
    const spec = usual.backends[name];
    const merged: BackendSpec = {
      baseSeconds: own.base_seconds ?? spec.baseSeconds,
      secondsPerRequest: own.seconds_per_request ?? spec.secondsPerRequest,
      variability: own.variability ?? spec.variability,
      maxBatch: own.max_batch ?? spec.maxBatch,
      startupSeconds: own.startup_seconds ?? spec.startupSeconds,
      processors: own.processors ?? spec.processors,
      interference: own.interference ?? spec.interference,
      idleWatts: own.idle_watts ?? spec.idleWatts,
      busyWatts: own.busy_watts ?? spec.busyWatts,
      memoryBytes: own.memory_gib === undefined ? spec.memoryBytes : own.memory_gib * GIB,
    };
    const [least, most] = merged.startupSeconds;
    if (least > most) throw refuse(`${path}: simulation.${name}.startup_seconds: from ${least} to ${most}`);
    if (merged.idleWatts > merged.busyWatts)
      throw refuse(`${path}: simulation.${name}: ${merged.idleWatts} W idle and ${merged.busyWatts} W busy`);
    return merged;
  };
  return {
    backends: { gpu: backend('gpu'), cpu: backend('cpu') },
    timeoutSeconds: simulation.timeout_seconds ?? usual.timeoutSeconds,
    queueLimit: simulation.queue_limit ?? usual.queueLimit,
    memoryBytes: simulation.memory_gib === undefined ? usual.memoryBytes : simulation.memory_gib * GIB,
  };
}

/** KISim's agent is a PPO with layers of one size; its buffer is what one rollout holds. */
function agentOf({ agent }: ConfigForm, intervals: number): AgentSettings {
  if (agent === undefined) return defaultAgentSettings;
  const { ppo } = defaultAgentSettings;
  const { hidden_size: size, num_layers: layers, buffer_size: buffer, batch_size: minibatch } = agent;
  const usualHidden = ppo.hidden ?? [];
  const hidden =
    size === undefined && layers === undefined
      ? usualHidden
      : Array.from({ length: layers ?? usualHidden.length }, () => size ?? usualHidden[0]!);
  // As many environments beside each other as whole episodes fit into the buffer, and one at least.
  const environments =
    buffer === undefined
      ? defaultAgentSettings.environments
      : Math.min(defaultAgentSettings.environments, Math.max(1, Math.floor(buffer / intervals)));
  const rolloutSteps = buffer === undefined ? ppo.rolloutSteps! : Math.ceil(buffer / environments);
  return {
    ...defaultAgentSettings,
    environments,
    ppo: {
      ...ppo,
      hidden,
      rolloutSteps,
      minibatch: Math.min(minibatch ?? ppo.minibatch!, rolloutSteps * environments),
      ...given({
        learningRate: agent.learning_rate,
        epochs: agent.ppo_epochs,
        gamma: agent.gamma,
        lambda: agent.gae_lambda,
        clip: agent.clip_epsilon,
        entropyCoefficient: agent.entropy_coef,
        valueCoefficient: agent.value_coef,
        maxGradientNorm: agent.max_grad_norm,
      }),
    },
  };
}

/** Without the keys that were not given. */
function given<T extends object>(values: T | undefined): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

function refuse(found: string, cause?: unknown): Error {
  return autoscalingErrors.KISIM_E_AUTOSCALE_CONFIG(found, cause === undefined ? {} : { cause });
}
