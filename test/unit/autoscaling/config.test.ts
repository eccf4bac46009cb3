import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  defaultAutoscaling,
  loadAutoscalingConfig,
  parseAutoscalingConfig,
} from '../../../src/autoscaling/config.ts';

/** In the form of KISim's files, with numbers of our own. */
const kisimFile = `{
  "environment": {
    "namespace": "inference",
    "prometheus_url": "http://prometheus.example:9090",
    "locust_url": "http://locust.example:8089",
    "episode_duration": 240,
    "action_interval": 20,
    "max_replicas": 8,
    "min_replicas": 2,
    "observation_window": 40,
    "latency_weight": 0.5,
    "throughput_weight": 0.2,
    "resource_efficiency_weight": 0.2,
    "stability_weight": 0.1
  },
  "agent": {
    "learning_rate": 2e-4,
    "hidden_size": 96,
    "num_layers": 3,
    "buffer_size": 1024,
    "batch_size": 128,
    "ppo_epochs": 5,
    "gamma": 0.98,
    "gae_lambda": 0.9,
    "clip_epsilon": 0.15,
    "entropy_coef": 0.02,
    "value_coef": 0.4,
    "max_grad_norm": 1
  },
  "use_gpu": false,
  "description": "a test",
  "training": { "episodes": 50, "evaluation_interval": 10, "save_interval": 5 }
}`;

test("a file of KISim's form loads: episode, limits, window, weights, agent", () => {
  const { problem, agent, episodes, live } = parseAutoscalingConfig('kisim.json', kisimFile);
  assert.equal(problem.episodeSeconds, 240);
  assert.equal(problem.intervalSeconds, 20);
  assert.equal(problem.windowSeconds, 40);
  assert.deepEqual(problem.limits, { gpu: { min: 2, max: 8 }, cpu: { min: 2, max: 8 } });
  assert.deepEqual(problem.kisimWeights, {
    latency: 0.5,
    throughput: 0.2,
    resourceEfficiency: 0.2,
    stability: 0.1,
  });
  // Written for KISim's reward and raw observations; its defects stay out.
  assert.equal(problem.reward, 'kisim');
  assert.equal(problem.observation, 'kisim');
  assert.deepEqual(problem.defects, { placementIgnored: false, stabilityBlind: false });
  assert.equal(episodes, 50);
  assert.deepEqual(live, { namespace: 'inference', prometheusUrl: 'http://prometheus.example:9090' });
  assert.deepEqual(agent.ppo.hidden, [96, 96, 96]);
  assert.equal(agent.ppo.learningRate, 2e-4);
  assert.equal(agent.ppo.minibatch, 128);
  assert.equal(agent.ppo.lambda, 0.9);
  assert.equal(agent.ppo.maxGradientNorm, 1);
  assert.ok(agent.environments * agent.ppo.rolloutSteps! >= 1024);
});

test('an empty file and one without these keys is the problem as it is', () => {
  assert.deepEqual(parseAutoscalingConfig('x.yaml', '{}'), defaultAutoscaling);
  const described = parseAutoscalingConfig('x.yaml', 'description: mine\n');
  assert.deepEqual(described.problem, defaultAutoscaling.problem);
});

test('what is ours: backends, limits of each backend, reward, objective, defects', () => {
  const { problem } = parseAutoscalingConfig(
    'x.yaml',
    `environment:
  max_gpu_replicas: 4
  initial_gpu_replicas: 1
  reward: own
  objective_milliseconds: 250
  patterns: [spike]
  lowest_load: 5
  highest_load: 50
simulation:
  timeout_seconds: 4
  cpu: { seconds_per_request: 0.05, startup_seconds: [1, 2], idle_watts: 3 }
own_weights: { energy: 2 }
defects: { placement_ignored: true }
`,
  );
  assert.deepEqual(problem.limits, { gpu: { min: 1, max: 4 }, cpu: { min: 1, max: 10 } });
  assert.deepEqual(problem.initial, { gpu: 1, cpu: 3 });
  assert.equal(problem.objectiveSeconds, 0.25);
  assert.deepEqual(problem.patterns, ['spike']);
  assert.deepEqual(problem.load, { low: 5, high: 50 });
  assert.equal(problem.serving.timeoutSeconds, 4);
  assert.equal(problem.serving.backends.cpu.secondsPerRequest, 0.05);
  assert.deepEqual(problem.serving.backends.cpu.startupSeconds, [1, 2]);
  assert.equal(problem.serving.backends.cpu.busyWatts, 30);
  assert.equal(problem.ownWeights.energy, 2);
  assert.equal(problem.ownWeights.late, defaultAutoscaling.problem.ownWeights.late);
  assert.equal(problem.defects.placementIgnored, true);
});

const wrong: readonly (readonly [what: string, text: string, found: RegExp])[] = [
  ['a key that nobody knows', 'environment:\n  max_gpus: 3\n', /x\.yaml:2: environment\.max_gpus/],
  [
    'a pattern that nobody knows',
    'environment:\n  patterns: [spike, wave]\n',
    /x\.yaml:2: environment\.patterns/,
  ],
  [
    'an episode of no whole intervals',
    'environment:\n  action_interval: 45\n  episode_duration: 100\n',
    /x\.yaml:3: episode_duration: 100 s is no whole number of intervals of 45 s/,
  ],
  ['more at least than at most', 'environment:\n  min_replicas: 12\n', /x\.yaml:2: min_replicas/],
  [
    'a beginning outside of the limits',
    'environment:\n  initial_cpu_replicas: 11\n',
    /initial_cpu_replicas: 11 replicas to begin with, of 1 to 10/,
  ],
  ['a lowest load above the highest', 'environment:\n  lowest_load: 500\n', /lowest_load: 500 above/],
  ['more watts idle than busy', 'simulation:\n  gpu: { idle_watts: 500 }\n', /simulation\.gpu: 500 W idle/],
  [
    'a start-up that ends before it begins',
    'simulation:\n  cpu: { startup_seconds: [5, 1] }\n',
    /from 5 to 1/,
  ],
  ['no YAML', 'environment: [\n', /x\.yaml:\d+/],
];
for (const [what, text, found] of wrong)
  test(`${what} is refused by name and line`, () => {
    assert.throws(() => parseAutoscalingConfig('x.yaml', text), {
      code: 'KISIM_E_AUTOSCALE_CONFIG',
      message: found,
    });
  });

test('a file that is not there is refused', () => {
  assert.throws(() => loadAutoscalingConfig('/nonexistent/x.json'), {
    code: 'KISIM_E_AUTOSCALE_CONFIG',
    message: /ENOENT/,
  });
});
