import type { Node } from '../../cluster/node.ts';
import type { Pod } from '../../cluster/pod.ts';
import { perturbed, TEN_PERCENT_OFF } from '../../power-model/perturb.ts';
import type { SimulationOptions, Situation } from '../../simulation/simulation.ts';
import type { WorkItem } from '../../simulation/workload.ts';
import { exp } from '../../util/portable-math.ts';
import { RandomStream } from '../../util/rng.ts';
import { errors } from '../errors.ts';
import { restoreNodes, type SavedNodes } from './saved-node.ts';
import type { Twin } from './twin.ts';

/** A pod that came, as JSON. */
export interface SavedArrival {
  readonly name: string;
  readonly namespace: string;
  readonly kind: 'batch' | 'service';
  /** Since the beginning of the record. */
  readonly arrivalSeconds: number;
  /** It ran before the beginning. */
  readonly prefill?: true;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly useMilli: number;
  /** From having a node to its end, on a node of speed 1 where it is batch; null: it had not ended. */
  readonly seconds: number | null;
  readonly slackSeconds: number;
  /** What it said of itself; null: nothing. */
  readonly expectedSeconds: number | null;
  /** Where it was placed, by its place in `nodes`; left out: on none of them. */
  readonly node?: number;
  /** A rule of the program decided that. */
  readonly decided?: true;
}

/** How sure a replay is of what it cannot know: every workload is drawn around it. */
export interface ReplayUncertainty {
  /** Standard deviation of the logarithm of the predictions of pods that said nothing, from this range. */
  readonly prediction: readonly [number, number];
  /** Curves off by some ten percent in level, tilt and idle, times this. */
  readonly curves: number;
}

/** What was recorded, to be lived through again arrival for arrival, as JSON. */
export interface ReplayTwinPlan extends SavedNodes {
  readonly kind: 'replay';
  readonly name: string;
  /** `clusterDigest` of the nodes as they are, without what is taken off for pods that belong to them. */
  readonly digest: string;
  readonly arrivals: readonly SavedArrival[];
  readonly windowSeconds: number;
  /** Jobs that the arrivals belong to. */
  readonly jobs: number;
  /** Share of the nodes' CPU that arrivals ask for, in the mean. */
  readonly load: number;
  /** Left out: exactly as recorded. */
  readonly uncertainty?: ReplayUncertainty;
  readonly assumptions: readonly string[];
}

/** As those of twins that draw their pods. */
export const REPLAY_OPTIONS: SimulationOptions = {
  tickSeconds: 300,
  reconsider: 'tick',
  unplaced: 'queue',
  beginAsleep: true,
  seriesSeconds: 0,
  sloSeconds: 600,
};

/** @throws KISIM_E_LEARNING_TWIN for a plan without nodes or arrivals */
export function replayTwin(plan: ReplayTwinPlan): Twin {
  if (plan.nodes.length === 0) throw errors.KISIM_E_LEARNING_TWIN('no node');
  if (plan.arrivals.length === 0) throw errors.KISIM_E_LEARNING_TWIN('no pods that were placed');
  const shapes = new Map<string, number>();
  const shapeOf = ({ cpuMilli, memoryBytes }: SavedArrival) => {
    const key = `${cpuMilli}/${memoryBytes}`;
    const shape = shapes.get(key) ?? shapes.size;
    shapes.set(key, shape);
    return shape;
  };
  const situationOf = (nodes: readonly Node[], predicted: (arrival: SavedArrival) => number): Situation => ({
    nodes,
    workload: {
      items: plan.arrivals.map((arrival, id) => itemOf(arrival, id, shapeOf(arrival), predicted(arrival))),
      windowSeconds: plan.windowSeconds,
    },
    options: REPLAY_OPTIONS,
  });
  const said = ({ expectedSeconds }: SavedArrival) => expectedSeconds ?? Number.POSITIVE_INFINITY;
  return {
    name: plan.name,
    sleeps: plan.nodes.some(({ sleep }) => sleep !== undefined),
    waits: plan.arrivals.some(({ slackSeconds }) => slackSeconds > 0),
    recorded: {
      situation: () => situationOf(restoreNodes(plan), said),
      nodes: Int32Array.from(plan.arrivals, ({ node }) => node ?? -1),
      decided: Uint8Array.from(plan.arrivals, ({ decided }) => (decided === true ? 1 : 0)),
    },
    situation(seed) {
      const { uncertainty } = plan;
      if (uncertainty === undefined) return situationOf(restoreNodes(plan), said);
      const random = new RandomStream(seed).fork('replay twin');
      const curves = random.fork('curves');
      const { level, tilt, idle } = TEN_PERCENT_OFF;
      const times = uncertainty.curves;
      const nodes = restoreNodes(plan, (curve) =>
        times === 0
          ? curve
          : perturbed(curve, curves, { level: times * level, tilt: times * tilt, idle: times * idle }),
      );
      const sigma = random.uniform(...uncertainty.prediction);
      return situationOf(nodes, ({ expectedSeconds, seconds }) => {
        // Drawn for all, so that what one of them says changes no other.
        const off = exp(sigma * random.normal());
        return expectedSeconds ?? (seconds === null ? Number.POSITIVE_INFINITY : seconds * off);
      });
    },
  };
}

function itemOf(arrival: SavedArrival, id: number, shape: number, predictedSeconds: number): WorkItem {
  const { name, namespace, cpuMilli, memoryBytes, useMilli, slackSeconds, seconds } = arrival;
  const pod: Pod = {
    id,
    name,
    namespace,
    cpuMilli,
    memoryBytes,
    predictedCpuMilli: cpuMilli,
    predictedSeconds,
    slackSeconds,
    shape,
  };
  return {
    pod,
    arrivalSeconds: arrival.arrivalSeconds,
    kind: arrival.kind,
    useMilli,
    seconds: seconds ?? Number.POSITIVE_INFINITY,
    ...(arrival.prefill === true ? { prefill: true } : {}),
  };
}
