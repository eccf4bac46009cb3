import type { Pod } from '../../cluster/pod.ts';
import { ClusterPower } from '../../policy/energy/cluster-power.ts';
import { RunOut } from '../../policy/energy/run-out.ts';
import { TERM } from '../../policy/energy/term-table.ts';
import { TermMatrix } from '../../policy/energy/terms.ts';
import type { Candidates, PolicyContext, PolicyRun } from '../../policy/policy.ts';
import { Simulation } from '../../simulation/engine.ts';
import type { Situation } from '../../simulation/simulation.ts';
import type { RandomStream } from '../../util/rng.ts';
import type { RecordedTransitions } from '../algorithms/offline-dqn.ts';
import { errors } from '../errors.ts';
import type { RecordedDecisions } from '../own-cluster/twin.ts';
import { DecisionCosts } from './decision-costs.ts';
import { aboutJoules } from './situation-energy.ts';
import { STATE_FEATURES, writeStateFeatures } from './state-features.ts';

/** Nodes of a decision that are learned from: the one that was taken, and others drawn. Memory grows with it. */
export const RECORDED_OPTIONS = 16;
/** Decisions that are learned from, the newest: about 2 * 16 * 80 numbers of 4 bytes each. */
const MOST_ROWS = 20_000;
/** Beyond it a term says no more: far too dear. */
const CLIP = 20;

export interface RecordedDataset {
  readonly transitions: RecordedTransitions;
  /** Numbers of one option: terms times the pod's energy, then what is around. */
  readonly rowFeatures: number;
  /** What each number was divided by. */
  readonly scales: Float64Array;
  /** Decisions that were made by rules of the program. */
  readonly decided: number;
  /** Pods that could not be placed in the simulation where they were placed: nothing is learned from them. */
  readonly departed: number;
}

/**
 * Lives a record through again, every pod placed where it was placed, and writes down of each decision what stood open, what was
 * taken and what that cost: state and next state are what the cluster looked like then, the reward is the run-out energy by the power
 * curves (`DecisionCosts`) with a minus before it.
 *
 * @param positions of the scorer's placement terms that are learned
 * @throws KISIM_E_LEARNING_DATA where not one decision can be lived through again
 */
export function recordedTransitions(
  recorded: RecordedDecisions,
  positions: Int32Array,
  discountSeconds: number,
  random: RandomStream,
): RecordedDataset {
  const situation = recorded.situation();
  let run: RecordingRun | undefined;
  const simulation = new Simulation({
    ...situation,
    policy: {
      name: 'recorded',
      start: (context) => {
        run = new RecordingRun(context, situation, recorded, positions, discountSeconds, random);
        return run;
      },
    },
    seed: 0,
  });
  simulation.advance();
  if (run === undefined || run.rows.length === 0)
    throw errors.KISIM_E_LEARNING_DATA(
      `${situation.workload.items.length} recorded pods, no decision among them`,
    );
  return datasetOf(run, positions.length + STATE_FEATURES);
}

interface Row {
  readonly features: Float32Array;
  readonly options: number;
  readonly action: number;
  readonly reward: number;
  readonly decided: boolean;
}

/** Places every pod where it was placed. */
class RecordingRun implements PolicyRun {
  readonly rows: Row[] = [];
  departed = 0;
  readonly #context: PolicyContext;
  readonly #recorded: RecordedDecisions;
  readonly #positions: Int32Array;
  readonly #discountSeconds: number;
  readonly #random: RandomStream;
  readonly #situation: Situation;
  readonly #costs: DecisionCosts;
  readonly #matrix: TermMatrix;
  readonly #runOut: RunOut;
  readonly #state = new Float64Array(STATE_FEATURES);
  readonly #others: number[] = [];

  constructor(
    context: PolicyContext,
    situation: Situation,
    recorded: RecordedDecisions,
    positions: Int32Array,
    discountSeconds: number,
    random: RandomStream,
  ) {
    const power = new ClusterPower(context.cluster.nodes);
    this.#context = context;
    this.#situation = situation;
    this.#recorded = recorded;
    this.#positions = positions;
    this.#discountSeconds = discountSeconds;
    this.#random = random;
    this.#costs = new DecisionCosts(situation, aboutJoules(situation));
    this.#costs.begin();
    this.#matrix = new TermMatrix(context.cluster, power, [TERM.activeEnergy, ...positions]);
    this.#runOut = new RunOut(context.cluster, power);
  }

  choose(pod: Pod, candidates: Candidates): number {
    const wanted = this.#recorded.nodes[pod.id]!;
    const { nodes, count } = candidates;
    let index = 0;
    while (index < count && nodes[index] !== wanted) index++;
    if (index === count) {
      // It had room there then: the simulation is not that exact. Whatever is done now is no decision of the record.
      this.departed++;
      return nodes[0]!;
    }
    if (this.#situation.workload.items[pod.id]!.prefill !== true) this.#write(pod, candidates, index);
    return wanted;
  }

  explain(): readonly [] {
    return [];
  }

  #write(pod: Pod, candidates: Candidates, taken: number): void {
    const { cluster } = this.#context;
    const matrix = this.#matrix;
    matrix.fill(pod, candidates);
    matrix.totals.renew();
    const { ownJoules, seconds, columns, stride } = matrix.decision;
    const energy = ownJoules / this.#costs.meanJoules;
    const node = candidates.nodes[taken]!;
    const joules = matrix.at(TERM.activeEnergy, taken) * ownJoules + this.#runOut.idleJoules(node, seconds);
    const cost = this.#costs.placing(pod, node, cluster, ownJoules, joules);
    writeStateFeatures(
      {
        cluster,
        totals: matrix.totals,
        pod,
        energy,
        seconds,
        secondsLeft: this.#situation.workload.windowSeconds - cluster.now,
        discountSeconds: this.#discountSeconds,
      },
      this.#state,
      0,
    );
    const options = this.#options(candidates.count, taken);
    const width = this.#positions.length + STATE_FEATURES;
    const features = new Float32Array(options.length * width);
    let at = 0;
    for (const i of options) {
      for (const position of this.#positions)
        features[at++] = energy * Math.max(-CLIP, Math.min(CLIP, columns[position * stride + i]!));
      for (let k = 0; k < STATE_FEATURES; k++) features[at++] = this.#state[k]!;
    }
    this.rows.push({
      features,
      options: options.length,
      action: options.indexOf(taken),
      reward: -cost,
      decided: this.#recorded.decided[pod.id] === 1,
    });
    if (this.rows.length > MOST_ROWS) this.rows.shift();
  }

  /** All, or so many drawn, of which the one that was taken is one, at a place that says nothing. */
  #options(count: number, taken: number): readonly number[] {
    const others = this.#others;
    others.length = 0;
    for (let i = 0; i < count; i++) if (i !== taken) others.push(i);
    const kept = others.length < RECORDED_OPTIONS ? others : this.#random.shuffle(others);
    return this.#random.shuffle([taken, ...kept.slice(0, RECORDED_OPTIONS - 1)]);
  }
}

function datasetOf({ rows, departed }: RecordingRun, width: number): RecordedDataset {
  const scales = scalesOf(rows, width);
  const size = RECORDED_OPTIONS * width;
  const observations = new Float32Array(rows.length * size);
  const masks = new Uint8Array(rows.length * RECORDED_OPTIONS);
  for (const [r, { features, options }] of rows.entries()) {
    for (let i = 0; i < features.length; i++) observations[r * size + i] = features[i]! / scales[i % width]!;
    masks.fill(1, r * RECORDED_OPTIONS, r * RECORDED_OPTIONS + options);
  }
  // What follows a decision is the next one; the last one has none, and what stands there is not looked at.
  const last = rows.length - 1;
  const nextObservations = new Float32Array(observations.length);
  nextObservations.set(observations.subarray(size));
  nextObservations.set(observations.subarray(last * size), last * size);
  const nextMasks = new Uint8Array(masks.length);
  nextMasks.set(masks.subarray(RECORDED_OPTIONS));
  nextMasks.set(masks.subarray(last * RECORDED_OPTIONS), last * RECORDED_OPTIONS);
  const terminated = new Uint8Array(rows.length);
  terminated[last] = 1;
  return {
    transitions: {
      rows: rows.length,
      observations,
      masks,
      actions: Int32Array.from(rows, ({ action }) => action),
      rewards: Float32Array.from(rows, ({ reward }) => reward),
      nextObservations,
      nextMasks,
      terminated,
      truncated: new Uint8Array(rows.length),
    },
    rowFeatures: width,
    scales,
    decided: rows.filter(({ decided }) => decided).length,
    departed,
  };
}

/** Root mean square of each number; 1 where it is always 0. */
function scalesOf(rows: readonly Row[], width: number): Float64Array {
  const squares = new Float64Array(width);
  let count = 0;
  for (const { features, options } of rows) {
    for (let i = 0; i < features.length; i++) squares[i % width]! += features[i]! * features[i]!;
    count += options;
  }
  return squares.map((sum) => (sum > 0 ? Math.sqrt(sum / count) : 1));
}
