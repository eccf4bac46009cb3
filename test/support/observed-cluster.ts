import type { ObservedCluster } from '../../src/learning/own-cluster/observed-cluster.ts';
import type { ObservedPod } from '../../src/learning/own-cluster/observed-pods.ts';
import { RandomStream } from '../../src/util/rng.ts';
import { GIBIBYTE, SLEEP, server } from './random-cluster.ts';

/** A Thursday's midnight. */
export const OBSERVED_FROM = 1_700_092_800;

export interface ObservedKind {
  readonly perHour: number;
  readonly pod: Pick<ObservedPod, 'kind' | 'cpuMilli' | 'memoryBytes' | 'slackSeconds'>;
  readonly medianSeconds: number;
  readonly sigma: number;
  readonly useOfRequest: number;
  /** Of arrivals, over the day. */
  readonly amplitude?: number;
}

export const observedKinds: readonly [ObservedKind, ObservedKind] = [
  {
    perHour: 30,
    pod: { kind: 'batch', cpuMilli: 4000, memoryBytes: 8 * GIBIBYTE, slackSeconds: 0 },
    medianSeconds: 1200,
    sigma: 0.5,
    useOfRequest: 0.8,
  },
  {
    perHour: 6,
    pod: { kind: 'service', cpuMilli: 2000, memoryBytes: 2 * GIBIBYTE, slackSeconds: 0 },
    medianSeconds: 5400,
    sigma: 0.3,
    useOfRequest: 0.3,
  },
];

/** Six nodes of three types that sleep, and pods that really came by the laws of some kinds. */
export function observedCluster(
  kinds: readonly ObservedKind[],
  hours: number,
  seed = 1,
): ObservedCluster & { readonly watch: { readonly fromSeconds: number; readonly toSeconds: number } } {
  const random = new RandomStream(seed);
  const toSeconds = OBSERVED_FROM + hours * 3600;
  const pods: ObservedPod[] = [];
  for (const { perHour, pod, medianSeconds, sigma, useOfRequest, amplitude = 0 } of kinds) {
    const most = (perHour / 3600) * (1 + amplitude);
    for (
      let at = OBSERVED_FROM + random.exponential(1 / most);
      at < toSeconds;
      at += random.exponential(1 / most)
    ) {
      const rate = 1 + amplitude * Math.sin((2 * Math.PI * (at % 86_400)) / 86_400);
      if (random.next() * (1 + amplitude) > rate) continue;
      const seconds = random.logNormal(medianSeconds, sigma);
      pods.push({
        ...pod,
        createdSeconds: at,
        endedSeconds: at + seconds < toSeconds ? at + seconds : undefined,
        expectedSeconds: seconds * random.logNormal(1, 0.4),
        useMilli: pod.cpuMilli * random.logNormal(useOfRequest, 0.2),
      });
    }
  }
  const nodes = Array.from({ length: 6 }, (_, i) => server(`node-${i}`, i % 3, SLEEP));
  return {
    name: 'observed',
    nodes,
    bases: new Map(),
    pods,
    watch: { fromSeconds: OBSERVED_FROM, toSeconds },
  };
}
