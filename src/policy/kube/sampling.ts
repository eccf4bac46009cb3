const FEWEST_NODES = 100;
const LEAST_PERCENT = 5;

/**
 * How many feasible nodes are enough: all of fewer than 100, otherwise between 50 % and 5 % of the cluster, never less
 * than 100 (numFeasibleNodesToFind of schedule_one.go).
 *
 * @param percentage percentageOfNodesToScore of the configuration; 0: the share that adapts to the size
 */
export function enoughFeasibleNodes(nodes: number, percentage: number): number {
  if (nodes < FEWEST_NODES) return nodes;
  const percent = percentage === 0 ? Math.max(LEAST_PERCENT, 50 - Math.floor(nodes / 125)) : percentage;
  return Math.max(FEWEST_NODES, Math.floor((nodes * percent) / 100));
}
