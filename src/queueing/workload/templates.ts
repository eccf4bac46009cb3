import { DurationLaw } from '../../simulation/generators/duration.ts';
import type { JobType } from '../policy.ts';

/** A kind of job: what jobs of it ask for, and what they really do. Own figures, in the ranges that the kinds are known for. */
export interface JobTemplate {
  readonly name: string;
  readonly type: JobType;
  /** Drawn from, all equally likely. */
  readonly pods: readonly number[];
  readonly coresPerPod: readonly number[];
  readonly gibPerPod: readonly number[];
  /** Median and deviation of the logarithm. */
  readonly duration: { readonly medianSeconds: number; readonly sigma: number };
  /** Lowest and highest, both possible. */
  readonly priority: readonly [number, number];
  /** Mean use of CPU as a share of the request. */
  readonly cpuOfRequest: number;
  /** Median of the peak of memory as a share of the request, and the deviation of its logarithm: who passes 1 is killed. */
  readonly memoryOfRequest: { readonly median: number; readonly sigma: number };
}

export const defaultTemplates: readonly JobTemplate[] = [
  {
    name: 'spark',
    type: 'spark',
    pods: [3, 4, 6, 8],
    coresPerPod: [2, 4],
    gibPerPod: [8, 16],
    duration: { medianSeconds: 900, sigma: 0.9 },
    priority: [3, 7],
    cpuOfRequest: 0.75,
    memoryOfRequest: { median: 0.72, sigma: 0.18 },
  },
  {
    name: 'ml',
    type: 'ml',
    pods: [1, 1, 2],
    coresPerPod: [4, 8, 16],
    gibPerPod: [16, 32],
    duration: { medianSeconds: 4500, sigma: 0.9 },
    priority: [5, 9],
    cpuOfRequest: 0.9,
    memoryOfRequest: { median: 0.72, sigma: 0.17 },
  },
  {
    name: 'etl',
    type: 'etl',
    pods: [1, 2],
    coresPerPod: [2, 4],
    gibPerPod: [8, 16],
    duration: { medianSeconds: 1200, sigma: 0.8 },
    priority: [3, 6],
    cpuOfRequest: 0.6,
    memoryOfRequest: { median: 0.7, sigma: 0.18 },
  },
  {
    name: 'realtime',
    type: 'realtime',
    pods: [1],
    coresPerPod: [0.5, 1, 2],
    gibPerPod: [1, 2, 4],
    duration: { medianSeconds: 90, sigma: 0.9 },
    priority: [7, 10],
    cpuOfRequest: 0.5,
    memoryOfRequest: { median: 0.6, sigma: 0.22 },
  },
  {
    name: 'batch',
    type: 'batch',
    pods: [1, 1, 1, 4],
    coresPerPod: [1, 2, 4, 8],
    gibPerPod: [2, 4, 8],
    duration: { medianSeconds: 1200, sigma: 1.3 },
    priority: [1, 5],
    cpuOfRequest: 0.85,
    memoryOfRequest: { median: 0.7, sigma: 0.18 },
  },
  {
    name: 'generic',
    type: 'generic',
    pods: [1],
    coresPerPod: [0.5, 1, 2, 4],
    gibPerPod: [1, 2, 8],
    duration: { medianSeconds: 420, sigma: 1.2 },
    priority: [1, 8],
    cpuOfRequest: 0.6,
    memoryOfRequest: { median: 0.65, sigma: 0.22 },
  },
];

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Core-seconds that a job of this kind asks for, in the mean. */
export function meanCoreSeconds({ pods, coresPerPod, duration }: JobTemplate): number {
  return mean(pods) * mean(coresPerPod) * new DurationLaw(duration.medianSeconds, duration.sigma).meanSeconds;
}
