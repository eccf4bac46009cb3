import { createHash } from 'node:crypto';
import type { Node } from '../../cluster/node.ts';

/**
 * Tells clusters apart by what a policy is trained for: how many nodes there are of each size, power and sleep. Names and
 * order do not count, since nodes come and go under other names.
 */
export function clusterDigest(nodes: readonly Node[]): string {
  const lines = nodes.map(({ cpuMilli, memoryBytes, power, sleep, speed }) => {
    const watts =
      power === undefined ? 'unknown' : [0, 0.25, 0.5, 0.75, 1].map((use) => power.watts(use).toFixed(1));
    const slumber = sleep === undefined ? 'never sleeps' : `${sleep.sleepWatts} W, ${sleep.wakeSeconds} s`;
    return `${cpuMilli} ${memoryBytes} ${String(watts)} ${slumber} ${speed ?? 1}`;
  });
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 16);
}
