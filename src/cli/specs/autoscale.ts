import { liveAutoscaleOptions } from '../autoscale/live-options.ts';
import type { CommandSpec } from '../command.ts';

export const autoscaleCommand: CommandSpec = {
  name: 'autoscale',
  summary: 'Replicas under load: compare, train and try autoscaling policies',
  description:
    'Two groups of replicas, one on GPUs and one on CPUs, serve requests that follow the patterns ramp, spike, periodic and ' +
    'random; a policy decides every 15 seconds how many replicas there are and which are preferred. --evaluate compares ' +
    "policies on the same simulated requests: fixed replicas, the best fixed replicas, the algorithm of Kubernetes' " +
    'HorizontalPodAutoscaler, thresholds and learned models. --train learns a policy, --simulate shows one run of one policy ' +
    'interval by interval, --live scales Deployments of a cluster.',
  options: [
    { flags: '--evaluate', description: 'compare policies on the same requests' },
    { flags: '--train', description: 'train a policy; leaves model.onnx, card.json, log.jsonl in a folder' },
    { flags: '--simulate', description: 'one run of one policy, interval by interval' },
    {
      flags: '--problem <file>',
      description: "configuration in KISim's names, JSON or YAML (docs/user/autoscale.md)",
    },
    {
      flags: '--policies <names>',
      description: 'of fixed, fixed-best, hpa, threshold and ppo, by commas; --simulate takes one',
    },
    {
      flags: '--model <file>',
      description: 'a trained model to compare or to simulate besides (repeatable)',
      repeatable: true,
    },
    { flags: '--patterns <names>', description: 'of ramp, spike, periodic and random, by commas' },
    { flags: '--runs <count>', description: 'runs of each pattern and policy', default: '5' },
    { flags: '--seed <number>', description: 'of the workloads, or of the training', default: '1' },
    { flags: '--report <file>', description: 'writes the comparison as a page with plots (HTML)' },
    {
      flags: '--algorithm <name>',
      description: 'ppo, or dqn over all 75 actions',
      choices: ['ppo', 'dqn'],
      default: 'ppo',
    },
    {
      flags: '--steps <count>',
      description: "decisions that a training makes; the problem's episodes, or 1600000",
    },
    { flags: '--out <folder>', description: 'of a training; a new one below kisimd-training if not given' },
    { flags: '--resume <folder>', description: 'go on with the training in this folder' },
    ...liveAutoscaleOptions,
  ],
  examples: [
    {
      command: 'kisimd autoscale --evaluate --report autoscale.html',
      does: 'compares all policies, and draws it',
    },
    {
      command: 'kisimd autoscale --simulate --policies hpa --patterns spike',
      does: 'what the HPA does in a spike',
    },
    { command: 'kisimd autoscale --train --steps 200000 --seed 3', does: 'trains a PPO' },
    {
      command: 'kisimd autoscale --evaluate --policies fixed,hpa --model kisimd-training/x/model.onnx',
      does: 'compares a model of yours',
    },
    {
      command: 'kisimd autoscale --live --cpu shop/web --policies ppo --load spike --url http://web.shop/',
      does: 'scales a Deployment while its load is driven from here',
    },
  ],
  run: async (context) => (await import('../commands/autoscale.ts')).runAutoscale(context),
};
