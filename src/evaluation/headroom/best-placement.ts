import { policyByName } from '../../policy/registry.ts';
import type { PowerCurve } from '../../power-model/power-curve.ts';
import { simulate } from '../../simulation/engine.ts';
import type { SimulationOptions } from '../../simulation/simulation.ts';
import { KisimError } from '../../util/errors.ts';
import type { Watts } from '../../util/units.ts';
import { RecordedPolicy } from '../offline/assigned-policy.ts';
import { annealOffline } from '../offline-annealer.ts';
import { type Placement, wattsOf } from './machine-power.ts';
import { type Situation, standingWorkload, withoutConstraints } from './snapshot.ts';

export interface SearchSize {
  readonly policies: readonly string[];
  readonly seed: number;
  /** Of the search with hindsight; 0: none. */
  readonly moves: number;
  /** Told before each step that may take seconds. */
  readonly onProgress?: ((step: string) => void) | undefined;
}

export interface RulePlacement extends Placement {
  readonly policy: string;
  readonly watts: Watts;
  /** Pods for which it left no room: what is saved by not running them is no saving. */
  readonly unplaced: number;
}

export interface FoundPlacement extends Placement {
  readonly watts: Watts;
  /** The rule, or `search`. */
  readonly by: string;
}

export interface Placements {
  readonly rules: readonly RulePlacement[];
  /** The least of all that place every pod; undefined where none does. */
  readonly best: FoundPlacement | undefined;
  /** Why there was no search for a better one; undefined: there was. */
  readonly noSearch: string | undefined;
}

/** Everything stands from the beginning; nodes that may sleep are asleep until something is placed on them. */
const OPTIONS: SimulationOptions = {
  tickSeconds: 1,
  reconsider: 'departure',
  unplaced: 'drop',
  beginAsleep: true,
  seriesSeconds: 0,
  sloSeconds: 0,
};

/** All pods placed anew by each rule, one after the other, and by a search from the best of them. */
export function placeAnew(situation: Situation, sleeps: boolean, size: SearchSize): Placements {
  const nodes = sleeps ? situation.nodes : situation.nodes.map(({ sleep: _, ...node }) => node);
  const workload = standingWorkload(situation);
  const ownCurve = curvesOf(situation);
  const rules = size.policies.map((name): RulePlacement => {
    size.onProgress?.(`placing ${situation.pods.length} pods by ${name}`);
    const policy = new RecordedPolicy(policyByName(name), situation.pods.length);
    const { dropped } = simulate({ nodes, workload, policy, seed: size.seed, options: OPTIONS });
    const placement = { nodeOf: policy.nodes, sleeps };
    return { policy: name, ...placement, watts: wattsOf(situation, placement, ownCurve), unplaced: dropped };
  });
  const full = rules.filter(({ unplaced }) => unplaced === 0);
  const first = full.reduce<RulePlacement | undefined>(
    (least, rule) => (least === undefined || rule.watts < least.watts ? rule : least),
    undefined,
  );
  if (first === undefined) return { rules, best: undefined, noSearch: 'no rule places every pod' };
  const best: FoundPlacement = { nodeOf: first.nodeOf, sleeps, watts: first.watts, by: first.policy };
  const searched = search({ ...situation, nodes }, first, sleeps, size);
  if (typeof searched === 'string') return { rules, best, noSearch: searched };
  const watts = wattsOf(situation, searched, ownCurve);
  return {
    rules,
    best: watts < best.watts ? { ...searched, watts, by: 'search' } : best,
    noSearch: undefined,
  };
}

export function curvesOf({ nodes }: Pick<Situation, 'nodes'>): (node: number) => PowerCurve {
  return (node) => nodes[node]!.power!;
}

/** The placement, or why there is none. */
function search(
  situation: Situation,
  start: RulePlacement,
  sleeps: boolean,
  { seed, moves, onProgress }: SearchSize,
): Placement | string {
  if (moves === 0) return 'not asked for';
  if (situation.machines < situation.nodes.length) return 'nodes share machines';
  const plain = withoutConstraints(situation);
  if (plain === undefined) return 'pods may not run on every node';
  onProgress?.(`searching for a better placement than that of ${start.policy}`);
  try {
    const { assignment } = annealOffline(
      {
        nodes: plain.nodes,
        workload: standingWorkload({ pods: plain.pods, useMilli: situation.useMilli }),
        options: OPTIONS,
      },
      { start: policyByName(start.policy), seed, moves },
    );
    return { nodeOf: assignment.map((node) => plain.index[node]!), sleeps };
  } catch (error) {
    if (error instanceof KisimError && /^KISIM_E_OFFLINE_(UNSUPPORTED|QUEUES)$/.test(error.code))
      return error.found;
    throw error;
  }
}
