import type { Node } from '../cluster/node.ts';

/** Joules of a core-second at full load, board and idle power included; undefined where no power is known. */
export function joulesPerCoreSecond({ power, cpuMilli }: Node): number | undefined {
  return power === undefined ? undefined : power.fullWatts / (cpuMilli / 1000);
}

/** Nodes whose work costs most first; of equal ones the one that idles at more; those that nothing is known of last. */
export function dearestFirst(a: Node, b: Node): number {
  const byWork = (joulesPerCoreSecond(b) ?? 0) - (joulesPerCoreSecond(a) ?? 0);
  if (byWork !== 0) return byWork;
  const byIdle = (b.power?.idleWatts ?? 0) - (a.power?.idleWatts ?? 0);
  return byIdle !== 0 ? byIdle : a.name < b.name ? -1 : 1;
}
