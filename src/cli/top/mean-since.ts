import type { Known, NowEntity, NowSnapshot } from '../../export/now-snapshot.ts';

/**
 * The later snapshot with powers that are means over the time since the earlier one, from the sums of both. Given back
 * as it is where there is no more than one interval in between, or where the sums cannot be compared (the daemon was
 * started anew, the clock was set back). A gap in between makes the powers unknown: the sums lack its energy.
 */
export function meanSince(earlier: NowSnapshot, later: NowSnapshot): NowSnapshot {
  const milliseconds = later.unixMilliseconds - earlier.unixMilliseconds;
  const intervals = later.sequence - earlier.sequence;
  if (intervals <= 1 || milliseconds <= 0 || later.node.joules < earlier.node.joules) return later;
  const seconds = milliseconds / 1000;
  const complete = countedGaps(later) === countedGaps(earlier);
  const mean = (after: number, before: number): Known =>
    complete ? Math.max(0, after - before) / seconds : null;
  const before = new Map(earlier.entities.map((entity) => [entity.key, entity]));
  const entities = later.entities.map((entity): NowEntity => {
    const { joules = 0, cpuSeconds = 0 } = before.get(entity.key) ?? {};
    const cpus = Math.max(0, entity.cpuSeconds - cpuSeconds) / seconds;
    return { ...entity, watts: mean(entity.joules, joules), cpus };
  });
  const { node } = later;
  return {
    ...later,
    intervalMilliseconds: milliseconds,
    node: {
      ...node,
      watts: mean(node.joules, earlier.node.joules),
      idleWatts: mean(node.idleJoules, earlier.node.idleJoules),
      activeWatts: mean(node.activeJoules, earlier.node.activeJoules),
      unattributedWatts: mean(node.unattributedJoules, earlier.node.unattributedJoules),
    },
    entities,
  };
}

function countedGaps({ zones }: NowSnapshot): number {
  let sum = 0;
  for (const { counted, gaps, gap } of zones) {
    // A zone that is gone for good is not part of the sum any more.
    if (!counted || gap === 'vanished' || gap === 'unreadable') continue;
    for (const count of Object.values(gaps)) sum += count;
  }
  return sum;
}
