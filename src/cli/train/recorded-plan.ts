import type { Node } from '../../cluster/node.ts';
import { DescribedNodes, type NodeDescription } from '../../cluster/node-description.ts';
import type { ClusterHistory, StoredNode } from '../../history/cluster-reader.ts';
import { errors as learningErrors } from '../../learning/errors.ts';
import { replayPlan } from '../../learning/own-cluster/replay-plan.ts';
import type { ReplayTwinPlan } from '../../learning/own-cluster/replay-twin.ts';
import { baseOf, basesOf } from './bases.ts';

export interface RecordedPlanOptions {
  readonly history: ClusterHistory;
  /** Uids of Jobs by those of their pods. */
  readonly jobs: ReadonlyMap<string, string>;
  /** Unix milliseconds. */
  readonly period: { readonly from: number; readonly to: number };
  readonly describe: (node: Node) => Node;
  readonly name: string;
  readonly exact: boolean;
}

/**
 * The whole of a period that was watched at all, stops and all, arrival for arrival.
 *
 * @throws KISIM_E_LEARNING_HISTORY, KISIM_E_LEARNING_TWIN
 */
export function recordedPlan(options: RecordedPlanOptions): ReplayTwinPlan {
  const { history, jobs, period, describe, name, exact } = options;
  const { watched, nodes, pods } = history;
  const first = watched[0];
  const last = watched.at(-1);
  if (first === undefined || last === undefined || nodes.length === 0)
    throw learningErrors.KISIM_E_LEARNING_HISTORY('no nodes in the period');
  const from = Math.max(period.from, first.from);
  const to = Math.min(period.to, last.to);
  // Pods come a moment before somebody looks: what the first list tells had come before.
  const watchedMilliseconds = watched.reduce(
    (sum, each) => sum + Math.max(0, Math.min(each.to, to) - Math.max(each.from, from)),
    0,
  );
  const described = new DescribedNodes();
  return replayPlan(
    {
      name,
      from,
      to,
      nodes: longestOfEach(nodes).map(({ node, cpuMilli, memoryBytes, labels, description }) =>
        describe(
          described.node({ name: node, cpuMilli, memoryBytes, labels }, description as NodeDescription),
        ),
      ),
      bases: basesOf(pods.flatMap((run) => baseOf(run, { from, to }))),
      pods: pods.filter(({ placeable }) => placeable),
      jobOf: (uid) => jobs.get(uid),
      unwatchedMilliseconds: Math.max(0, to - from - watchedMilliseconds),
    },
    exact,
  );
}

/** Each node as it was for most of the time, by name. */
function longestOfEach(rows: readonly StoredNode[]): readonly StoredNode[] {
  const longest = new Map<string, StoredNode>();
  const lengthOf = (row: StoredNode) => row.lastUnixMilliseconds - row.firstUnixMilliseconds;
  for (const row of rows) {
    const known = longest.get(row.node);
    if (known === undefined || lengthOf(row) > lengthOf(known)) longest.set(row.node, row);
  }
  return [...longest.values()];
}
