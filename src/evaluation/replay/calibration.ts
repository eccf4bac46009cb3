import type { Node } from '../../cluster/node.ts';
import type { StoredNodeEnergy } from '../../history/cluster-reader.ts';
import type { Joules } from '../../util/units.ts';
import type { Stretch } from './stretch.ts';

/** A node counts where so much of the stretch was metered. */
const COVERED_ENOUGH = 0.9;

export interface Calibration {
  /** Nodes whose energy is known for nearly all of the stretch, and how many there are. */
  readonly nodes: number;
  readonly of: number;
  /** Of these nodes. */
  readonly modelledJoules: Joules;
  /** Scaled from the covered time to the whole. Undefined where no node is known. */
  readonly measuredJoules: Joules | undefined;
  /** Share of the stretch that was covered, over these nodes. */
  readonly coveredShare: number;
  /** `metered`, `prometheus`...; `modelled` is no measurement, and there is no error then. */
  readonly sources: readonly string[];
  /** Modelled less measured, scaled to all nodes. */
  readonly error: { readonly joules: Joules; readonly share: number } | undefined;
}

/** How far the model is from what was counted, when it places every pod where it really was. */
export function calibrate(
  nodes: readonly Node[],
  modelledByNode: readonly Joules[],
  energy: readonly StoredNodeEnergy[],
  { from, to }: Pick<Stretch, 'from' | 'to'>,
): Calibration {
  const sources = new Set<string>();
  let count = 0;
  let modelled = 0;
  let measured = 0;
  let covered = 0;
  nodes.forEach((node, i) => {
    const own = energy.filter((each) => each.node === node.name);
    const milliseconds = own.reduce((sum, each) => sum + each.coveredMilliseconds, 0);
    if (milliseconds < COVERED_ENOUGH * (to - from)) return;
    for (const { source } of own) sources.add(source);
    count++;
    modelled += modelledByNode[i]!;
    covered += milliseconds;
    measured += (own.reduce((sum, each) => sum + each.joules, 0) * (to - from)) / milliseconds;
  });
  const all = modelledByNode.reduce((sum, joules) => sum + joules, 0);
  const isMeasured = count > 0 && !sources.has('modelled') && measured > 0 && modelled > 0;
  const share = (modelled - measured) / measured;
  return {
    nodes: count,
    of: nodes.length,
    modelledJoules: modelled,
    measuredJoules: count === 0 ? undefined : measured,
    coveredShare: count === 0 ? 0 : covered / (count * (to - from)),
    sources: [...sources].sort(),
    // What all nodes would have been metered to take, were the model as wrong on all.
    error: isMeasured ? { share, joules: (share / (1 + share)) * all } : undefined,
  };
}
