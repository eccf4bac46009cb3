import { clusterOptions } from '../cluster-options.ts';
import type { OptionSpec } from '../command.ts';
import { liveLoopOptions } from '../live-loop-options.ts';

/** Of `kisimd autoscale --live`. */
export const liveAutoscaleOptions: readonly OptionSpec[] = [
  {
    flags: '--live',
    description: 'scale Deployments of a cluster that have the label kisimd.io/scale=enabled',
  },
  { flags: '--gpu <deployment>', description: 'with --live: NAMESPACE/NAME of the backend on GPUs' },
  { flags: '--cpu <deployment>', description: 'with --live: NAMESPACE/NAME of the backend on CPUs' },
  {
    flags: '--query <name=promql>',
    description:
      'with --live: what measures p95-ms, throughput, cpu-percent, memory-percent, gpu-percent, cpu-pods or gpu-pods ' +
      '(repeatable)',
    repeatable: true,
  },
  {
    flags: '--prometheus <url>',
    description: 'with --live: who is asked (kubernetes.prometheus-url, else prometheus_url of --problem)',
  },
  {
    flags: '--load <pattern>',
    description:
      'with --live: drive this load from here, as spike:low=10,high=100,duration=10m, and measure by it',
  },
  {
    flags: '--url <address>',
    description: 'with --load: where the requests go, as URL, or as gpu=URL and cpu=URL (repeatable)',
    repeatable: true,
  },
  ...liveLoopOptions,
  ...clusterOptions,
];
