import { createHash } from 'node:crypto';
import type { Node } from '../../cluster/node.ts';

const GIB = 2 ** 30;

/**
 * Tells clusters apart by what a policy is trained for: the types of node that there are, by CPU, memory (whole GiB), power,
 * speed and sleep. How many there are does not count, nor do names: nodes come and go, and the model stays.
 */
export function clusterDigest(nodes: readonly Node[]): string {
  const types = nodes.map(({ cpuMilli, memoryBytes, power, sleep, speed }) => {
    const watts =
      power === undefined ? 'unknown' : [0, 0.25, 0.5, 0.75, 1].map((use) => power.watts(use).toFixed(1));
    const slumber = sleep === undefined ? 'never sleeps' : `${sleep.sleepWatts} W, ${sleep.wakeSeconds} s`;
    return `${cpuMilli} m, ${Math.round(memoryBytes / GIB)} GiB, ${String(watts)} W, ${slumber}, speed ${speed ?? 1}`;
  });
  const text = [...new Set(types)].sort().join('\n');
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
