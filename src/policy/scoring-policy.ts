import type { ClusterState } from '../cluster/cluster-state.ts';
import { feasibleNodes } from '../cluster/feasible.ts';
import type { Pod } from '../cluster/pod.ts';
import type { Candidates, ExplainedTerm, Policy, PolicyContext, PolicyRun, TieRule } from './policy.ts';
import type { ScorePlugin, ScoreRun } from './score-plugin.ts';
import { TieBreaker } from './ties.ts';

/** A plugin and what its score is multiplied by, as in the scheduler configuration of Kubernetes. */
export interface PluginWeight {
  readonly plugin: ScorePlugin;
  readonly weight: number;
}

interface Part {
  readonly name: string;
  readonly weight: number;
  readonly run: ScoreRun;
}

/** The policy that takes the node with the greatest weighted sum of its plugins' scores. */
export function scoringPolicy(name: string, plugins: readonly PluginWeight[], ties: TieRule): Policy {
  return {
    name,
    start(context) {
      const parts = plugins.map(({ plugin, weight }) => ({
        name: plugin.name,
        weight,
        run: plugin.start(context),
      }));
      return new ScoringRun(context, parts, ties);
    },
  };
}

/** The part of the greatest weight, the first among equals: its plugin chooses the GPUs if it cares to. */
function heaviest(parts: readonly Part[]): ScoreRun | undefined {
  let best: Part | undefined;
  for (const part of parts) if (best === undefined || part.weight > best.weight) best = part;
  return best?.run;
}

class ScoringRun implements PolicyRun {
  readonly chooseGpus?: NonNullable<PolicyRun['chooseGpus']>;
  readonly #cluster: ClusterState;
  readonly #parts: readonly Part[];
  readonly #ties: TieBreaker;
  readonly #total: Float64Array;
  readonly #one: Float64Array;

  constructor(context: PolicyContext, parts: readonly Part[], ties: TieRule) {
    this.#cluster = context.cluster;
    this.#parts = parts;
    this.#ties = new TieBreaker(ties, context);
    this.#total = new Float64Array(context.cluster.size);
    this.#one = new Float64Array(context.cluster.size);
    const run = heaviest(parts);
    if (run?.chooseGpus !== undefined) this.chooseGpus = (pod, node, out) => run.chooseGpus!(pod, node, out);
  }

  choose(pod: Pod, candidates: Candidates): number {
    this.scores(pod, candidates, this.#total);
    return this.#ties.greatest(this.#total, candidates);
  }

  scores(pod: Pod, candidates: Candidates, out: Float64Array): void {
    const { count } = candidates;
    const one = this.#one;
    for (let p = 0; p < this.#parts.length; p++) {
      const { weight, run } = this.#parts[p]!;
      run.score(pod, candidates, one);
      run.normalise?.(one, count);
      if (p === 0) for (let i = 0; i < count; i++) out[i] = weight * one[i]!;
      else for (let i = 0; i < count; i++) out[i]! += weight * one[i]!;
    }
  }

  /** What a plugin normalises is told among all nodes that the pod fits now; the rest in the plugin's own parts. */
  explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    return this.#parts.flatMap((part) => {
      if (part.run.normalise !== undefined)
        return [{ term: part.name, amount: this.#normalised(part, pod, node), unit: 'points' as const }];
      return part.run.explain(pod, node).map((term) => ({ ...term, amount: term.amount * part.weight }));
    });
  }

  placed(pod: Pod, node: number): void {
    for (let p = 0; p < this.#parts.length; p++) this.#parts[p]!.run.placed?.(pod, node);
  }

  removed(pod: Pod, node: number): void {
    for (let p = 0; p < this.#parts.length; p++) this.#parts[p]!.run.removed?.(pod, node);
  }

  save(): unknown {
    return this.#parts.map((part) => part.run.save?.() ?? null);
  }

  restore(saved: unknown): void {
    const states = saved as readonly unknown[];
    this.#parts.forEach((part, p) => {
      part.run.restore?.(states[p]);
    });
  }

  #normalised(part: Part, pod: Pod, node: number): number {
    const nodes = new Int32Array(this.#cluster.size + 1);
    let count = feasibleNodes(this.#cluster, pod, nodes);
    let at = nodes.subarray(0, count).indexOf(node);
    if (at < 0) {
      at = count++;
      nodes[at] = node;
    }
    const out = new Float64Array(count);
    part.run.score(pod, { nodes, count }, out);
    part.run.normalise?.(out, count);
    return part.weight * out[at]!;
  }
}
