import { setImmediate } from 'node:timers/promises';
import { ClusterState, NODE_ASLEEP, NODE_ON, NODE_WAKING } from '../cluster/cluster-state.ts';
import { feasibleNodes, fits } from '../cluster/feasible.ts';
import type { Pod } from '../cluster/pod.ts';
import { type ConstraintFilter, constraintFilter } from '../policy/kube/constraint-filter.ts';
import { type PolicyRun, WAIT } from '../policy/policy.ts';
import { type Clock, systemClock } from '../util/clock.ts';
import { RandomStream } from '../util/rng.ts';
import { EnergyMeter, maySleep } from './energy-meter.ts';
import { errors } from './errors.ts';
import { fullestGpus } from './gpu-choice.ts';
import { IndexedHeap } from './indexed-heap.ts';
import { NodeExecution } from './node-execution.ts';
import { Outcome } from './outcome.ts';
import { PendingQueue, UNFIT, WAITING } from './pending-queue.ts';
import { fingerprint, type Plan, planOf } from './plan.ts';
import { ProgressMeter, type SimulationProgress } from './progress.ts';
import { SeriesSampler } from './series.ts';
import type { SimulationInput, SimulationResult } from './simulation.ts';
import { decodeSnapshot, encodeSnapshot, type SavedSimulation, type SimulationSnapshot } from './snapshot.ts';
import { stepAt } from './step-at.ts';

/** Instants between two looks at the clock and the signal. */
const INSTANTS_AT_ONCE = 5000;

export interface RunOptions {
  /** Stops between two instants; the simulation can go on from there, or be saved. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SimulationProgress) => void;
  /** Everything up to and at this instant happens. Left out: to the end. */
  readonly untilSeconds?: number;
  /** Times the progress, and nothing else. */
  readonly clock?: Clock;
}

/**
 * One run of a policy over a workload, event by event; see docs/developer/simulation.md for the order of events at one
 * instant and for what energy is counted. The same input gives the same bits on every machine, however often it is
 * stopped, copied or saved on the way.
 *
 * @example
 * const simulation = new Simulation(input);
 * simulation.advance(3600); // the first hour
 * const ahead = simulation.clone();
 * ahead.advance();
 * ahead.result().energyJoules;
 */
export class Simulation {
  readonly cluster: ClusterState;
  readonly #input: SimulationInput;
  readonly #plan: Plan;
  readonly #random: RandomStream;
  readonly #policy: PolicyRun;
  /** Undefined where nothing but resources keeps pods off nodes. */
  readonly #constraints: ConstraintFilter | undefined;
  readonly #meter: EnergyMeter;
  readonly #execution: NodeExecution;
  readonly #queue: PendingQueue;
  readonly #outcome: Outcome;
  readonly #series: SeriesSampler;
  /** When waking nodes are up, when empty ones fall asleep, when waiting pods must be placed. */
  readonly #wakes: IndexedHeap;
  readonly #sleeps: IndexedHeap;
  readonly #deadlines: IndexedHeap;
  readonly #maySleep: Uint8Array;
  /** Pods that were placed on a node which is not up yet, in the order of their placement. */
  readonly #booked: number[][];
  readonly #candidates: { nodes: Int32Array; count: number; slackLeft: number };
  readonly #gpuScratch: Int32Array;
  readonly #askAtDepartures: boolean;
  readonly #drops: boolean;
  readonly #tickSeconds: number;
  /** Nodes on which something was freed since pending pods were last looked at. */
  readonly #freed: Int32Array;
  readonly #isFreed: Uint8Array;
  #freedCount = 0;
  /** Whether a pod was placed since pending pods were last looked at. */
  #hasCome = false;
  #nextItem = 0;
  /** Pods with an end that are placed and have not come to it. */
  #finiteRunning = 0;
  #events = 0;
  #begun = false;
  #finished = false;

  /** @throws KISIM_E_SIM_... for a workload, nodes or options that cannot be simulated, before anything runs */
  constructor(input: SimulationInput, resumed?: { readonly plan: Plan; readonly saved: SavedSimulation }) {
    const { nodes, options, policy, seed } = input;
    const plan = resumed?.plan ?? planOf(input);
    const saved = resumed?.saved;
    this.#input = input;
    this.#plan = plan;
    this.cluster = saved ? ClusterState.restored(nodes, saved.cluster) : new ClusterState(nodes);
    this.#meter = new EnergyMeter(this.cluster, plan);
    this.#execution = new NodeExecution(plan, this.cluster, this.#meter, options.tickSeconds);
    this.#queue = new PendingQueue(plan);
    this.#outcome = new Outcome(plan, options.sloSeconds);
    this.#series = new SeriesSampler(options.seriesSeconds, this.cluster, this.#meter);
    this.#wakes = new IndexedHeap(nodes.length);
    this.#sleeps = new IndexedHeap(nodes.length);
    this.#deadlines = new IndexedHeap(plan.count);
    this.#maySleep = Uint8Array.from(nodes, (node) => (maySleep(node) ? 1 : 0));
    this.#booked = nodes.map(() => []);
    this.#candidates = { nodes: new Int32Array(nodes.length), count: 0, slackLeft: 0 };
    this.#gpuScratch = new Int32Array(Math.max(1, ...nodes.map((node) => node.gpus?.count ?? 0)));
    this.#askAtDepartures = options.reconsider === 'departure';
    this.#drops = options.unplaced === 'drop';
    this.#tickSeconds = options.tickSeconds;
    this.#freed = new Int32Array(nodes.length);
    this.#isFreed = new Uint8Array(nodes.length);
    this.#constraints = plan.isConstrained ? constraintFilter(this.cluster) : undefined;
    if (options.beginAsleep === true && saved === undefined) this.#beginAsleep();
    this.#random = new RandomStream(seed).fork('policy');
    // Streams that the policy forks while it starts are the same ones in a copy; its own state then follows.
    this.#policy = policy.start({ cluster: this.cluster, random: this.#random });
    if (saved !== undefined) this.#restore(saved);
    else for (let node = 0; node < nodes.length; node++) this.#planSleep(node);
  }

  /** Seconds since the beginning of what happened last. */
  get now(): number {
    return this.cluster.now;
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** Arrivals, ends, wakes, sleeps and ticks until now. */
  get events(): number {
    return this.#events;
  }

  /** What all nodes take at this moment. */
  get watts(): number {
    let watts = 0;
    for (let node = 0; node < this.cluster.size; node++) watts += this.#meter.watts(node);
    return watts;
  }

  /** Joules from the beginning to now, counted as in a result. Asking changes nothing. */
  get energyJoules(): number {
    return this.#outcome.energy(this.#meter, this.cluster.size, this.now).total;
  }

  /**
   * Runs on, without a pause.
   *
   * @param untilSeconds everything up to and at this instant happens; left out: to the end
   * @returns whether the end is reached
   * @throws KISIM_E_SIM_BAD_CHOICE, KISIM_E_SIM_WAIT_REFUSED for what a policy must not do
   */
  advance(untilSeconds = Number.POSITIVE_INFINITY): boolean {
    this.#advance(untilSeconds, Number.POSITIVE_INFINITY);
    return this.#finished;
  }

  /** Runs on, with room for others between some thousand instants. Resolves to whether the end is reached. */
  async run(options: RunOptions = {}): Promise<boolean> {
    const { signal, onProgress, untilSeconds = Number.POSITIVE_INFINITY, clock = systemClock } = options;
    const end = Math.min(untilSeconds, this.#plan.horizonSeconds);
    const progress = onProgress && new ProgressMeter(clock, end, onProgress, this.now, this.#events);
    while (signal?.aborted !== true) {
      const paused = this.#advance(untilSeconds, INSTANTS_AT_ONCE);
      progress?.tell(this.now, this.#events, !paused);
      if (!paused) break;
      await setImmediate();
    }
    return this.#finished;
  }

  /** @throws KISIM_E_SIM_UNFINISHED before the end */
  result(): SimulationResult {
    if (!this.#finished) throw errors.KISIM_E_SIM_UNFINISHED(`stopped at ${this.now} s`);
    const served = this.#execution.servedCoreSeconds;
    return this.#outcome.result(
      this.#input.policy.name,
      this.#meter,
      this.cluster.size,
      served,
      this.#series,
    );
  }

  /** An independent copy that goes on in the same way, for lookahead. Nodes and workload are shared. */
  clone(): Simulation {
    return new Simulation(this.#input, { plan: this.#plan, saved: this.#save() });
  }

  /** All that `Simulation.resume` needs beside the input, as JSON. */
  snapshot(): SimulationSnapshot {
    return encodeSnapshot(this.#save(), fingerprint(this.#input, this.#plan));
  }

  /** @throws KISIM_E_SIM_SNAPSHOT for a snapshot of another input or version */
  static resume(snapshot: SimulationSnapshot, input: SimulationInput): Simulation {
    const plan = planOf(input);
    return new Simulation(input, { plan, saved: decodeSnapshot(snapshot, fingerprint(input, plan)) });
  }

  /** Whether it stopped because `most` instants are through. */
  #advance(untilSeconds: number, most: number): boolean {
    if (!this.#begun) this.#begin();
    for (let instants = 0; !this.#finished; instants++) {
      if (instants >= most) return true;
      const next = this.#nextInstant();
      const horizon = this.#plan.horizonSeconds;
      if (this.#isQuiet() && next >= horizon) {
        const end = Math.max(this.now, horizon);
        if (end > untilSeconds) return false;
        this.#finish(end);
      } else if (next > untilSeconds) return false;
      else this.#instant(next);
    }
    return false;
  }

  #isQuiet(): boolean {
    return this.#finiteRunning === 0 && this.#nextItem === this.#plan.count && this.#queue.count === 0;
  }

  #nextInstant(): number {
    let next = this.#execution.batchEnds.nextKey;
    const service = this.#execution.serviceEnds.nextKey;
    if (service < next) next = service;
    if (this.#nextItem < this.#plan.count) {
      const arrival = this.#plan.arrival[this.#nextItem]!;
      if (arrival < next) next = arrival;
    }
    if (this.#wakes.nextKey < next) next = this.#wakes.nextKey;
    if (this.#sleeps.nextKey < next) next = this.#sleeps.nextKey;
    if (this.#deadlines.nextKey < next) next = this.#deadlines.nextKey;
    if (this.#queue.waiting > 0 || this.#execution.rhythmic > 0) {
      const tick = (stepAt(this.now, this.#tickSeconds) + 1) * this.#tickSeconds;
      if (tick < next) next = tick;
    }
    if (next === Number.POSITIVE_INFINITY && !this.#isQuiet()) throw this.#stuck();
    return next;
  }

  /** All that happens at one instant, in the declared order. */
  #instant(now: number): void {
    const { batchEnds, serviceEnds } = this.#execution;
    const isLater = now > this.now;
    if (this.#series.nextSeconds < now) this.#series.before(now);
    this.cluster.now = now;
    while (batchEnds.nextKey === now) this.#endBatch(batchEnds.nextId, now);
    while (serviceEnds.nextKey === now) {
      const pod = serviceEnds.nextId;
      serviceEnds.remove(pod);
      this.#end(pod, this.cluster.nodeOf(pod)!, now);
    }
    let woke = false;
    while (this.#wakes.nextKey === now) {
      this.#wake(this.#wakes.nextId, now);
      woke = true;
    }
    const waits = this.#queue.waiting > 0;
    const ticks = isLater && (waits || this.#execution.rhythmic > 0) && this.#tick(now);
    if (this.#queue.count > 0) {
      const asks = waits && (ticks || (this.#askAtDepartures && (woke || this.#freedCount > 0)));
      this.#lookAgain(asks, now);
    }
    this.#clearFreed();
    while (this.#deadlines.nextKey === now) {
      const pod = this.#deadlines.nextId;
      this.#deadlines.remove(pod);
      this.#events++;
      this.#try(pod, now);
    }
    while (this.#nextItem < this.#plan.count && this.#plan.arrival[this.#nextItem] === now) {
      this.#events++;
      this.#try(this.#nextItem++, now);
    }
    // Whoever came may be whom others want to be near.
    while (this.#hasCome && this.#constraints !== undefined && this.#queue.unfit > 0)
      this.#lookAgain(false, now);
    while (this.#sleeps.nextKey === now) this.#fallAsleep(this.#sleeps.nextId, now);
  }

  /** Prefilled pods take their places, at time 0 and ahead of all arrivals. */
  #begin(): void {
    this.#begun = true;
    while (this.#nextItem < this.#plan.prefilled) {
      this.#events++;
      this.#try(this.#nextItem++, 0);
    }
  }

  #beginAsleep(): void {
    for (let node = 0; node < this.cluster.size; node++)
      if (this.#maySleep[node] === 1) this.cluster.power[node] = NODE_ASLEEP;
  }

  #finish(end: number): void {
    this.#series.upTo(end);
    this.cluster.now = end;
    for (let node = 0; node < this.cluster.size; node++) this.#execution.settle(node, end);
    this.#outcome.finish(end, this.#execution.serviceEnds.save().ids);
    this.#finished = true;
  }

  /** Whether an instant is one of the ticks; rhythms then take their next step. */
  #tick(now: number): boolean {
    const step = stepAt(now, this.#tickSeconds);
    if (step * this.#tickSeconds !== now) return false;
    this.#events++;
    if (this.#execution.rhythmic > 0) this.#execution.step(now, step, (node) => this.cluster.touch(node));
    return true;
  }

  /**
   * Pending pods in the order of their arrival, each on its own: one that does not fit holds nobody back. A pod that
   * fitted nowhere can fit only where something was freed since, but where constraints look at other nodes and pods too.
   */
  #lookAgain(asksWaiting: boolean, now: number): void {
    const queue = this.#queue;
    const all = this.#constraints !== undefined && (this.#hasCome || this.#freedCount > 0);
    const looksUnfit = queue.unfit > 0 && (all || this.#freedTakes(queue.leastCpu, queue.leastMemory));
    if (!looksUnfit && !asksWaiting) return;
    this.#hasCome = false;
    const { cpuMilli, memoryBytes } = this.#plan;
    let leastCpu = Number.POSITIVE_INFINITY;
    let leastMemory = Number.POSITIVE_INFINITY;
    for (let pod = queue.first; pod >= 0; ) {
      const next = queue.next(pod);
      const isUnfit = queue.state(pod) === UNFIT;
      if (isUnfit ? looksUnfit && (all || this.#freedTakes(cpuMilli[pod]!, memoryBytes[pod]!)) : asksWaiting)
        this.#try(pod, now);
      if (queue.state(pod) === UNFIT) {
        leastCpu = Math.min(leastCpu, cpuMilli[pod]!);
        leastMemory = Math.min(leastMemory, memoryBytes[pod]!);
      }
      pod = next;
    }
    queue.setLeast(leastCpu, leastMemory);
  }

  #freedTakes(cpuMilli: number, memoryBytes: number): boolean {
    const { freeCpu, freeMemory } = this.cluster;
    for (let i = 0; i < this.#freedCount; i++) {
      const node = this.#freed[i]!;
      if (cpuMilli <= freeCpu[node]! && memoryBytes <= freeMemory[node]!) return true;
    }
    return false;
  }

  #clearFreed(): void {
    while (this.#freedCount > 0) this.#isFreed[this.#freed[--this.#freedCount]!] = 0;
  }

  /** Offers a pod to the policy where it fits somewhere; places, queues or drops it. */
  #try(pod: number, now: number): void {
    const candidates = this.#candidates;
    const request = this.#plan.pods[pod]!;
    const slackLeft = Math.max(0, this.#plan.deadline[pod]! - now);
    candidates.count = feasibleNodes(this.cluster, request, candidates.nodes);
    if (this.#constraints !== undefined)
      candidates.count = this.#constraints.filter(request, candidates.nodes, candidates.count);
    if (candidates.count === 0) {
      if (this.#drops && slackLeft === 0) this.#drop(pod);
      else this.#enqueue(pod, UNFIT);
      return;
    }
    candidates.slackLeft = slackLeft;
    this.#outcome.decisions++;
    const choice = this.#policy.choose(request, candidates);
    if (choice === WAIT) {
      if (!(slackLeft > 0)) throw this.#refused(pod);
      this.#enqueue(pod, WAITING);
      this.#deadlines.set(pod, this.#plan.deadline[pod]!);
    } else if (this.#isCandidate(choice, request)) {
      this.#place(pod, choice, now);
    } else throw this.#badChoice(pod, choice);
  }

  #isCandidate(choice: number, request: Pod): boolean {
    if (!(choice >= 0 && choice < this.cluster.size && fits(this.cluster, request, choice))) return false;
    if (this.#constraints === undefined) return true;
    const { nodes, count } = this.#candidates;
    for (let i = 0; i < count; i++) if (nodes[i] === choice) return true;
    return false;
  }

  #place(pod: number, node: number, now: number): void {
    const { cluster } = this;
    const request = this.#plan.pods[pod]!;
    this.#leave(pod);
    this.#sleeps.remove(node);
    let gpus: Int32Array | undefined;
    if (request.gpu !== undefined && request.gpu.count > 0) {
      const count = this.#policy.chooseGpus
        ? this.#policy.chooseGpus(request, node, this.#gpuScratch)
        : fullestGpus(cluster, request, node, this.#gpuScratch);
      gpus = this.#gpuScratch.subarray(0, count);
    }
    if (cluster.power[node] === NODE_ASLEEP) {
      // What runs since before the beginning runs on a node that has been up since then.
      if (pod < this.#plan.prefilled) cluster.power[node] = NODE_ON;
      else this.#startWaking(node, now);
    }
    if (cluster.power[node] === NODE_ON) {
      this.#execution.settle(node, now);
      this.#execution.start(pod, node, now, gpus);
      this.#execution.refresh(node, now);
      this.#outcome.started(pod, now);
    } else this.#booked[node]!.push(pod);
    cluster.place(request, node, gpus);
    this.#hasCome = true;
    this.#constraints?.placed(request, node);
    if (this.#plan.seconds[pod]! < Number.POSITIVE_INFINITY) this.#finiteRunning++;
    this.#policy.placed?.(request, node);
  }

  #enqueue(pod: number, state: typeof UNFIT | typeof WAITING): void {
    this.#queue.mark(pod, state);
    this.cluster.pending = this.#queue.count;
  }

  #leave(pod: number): void {
    this.#deadlines.remove(pod);
    this.#queue.remove(pod);
    this.cluster.pending = this.#queue.count;
  }

  #drop(pod: number): void {
    this.#leave(pod);
    this.#outcome.dropped++;
  }

  #endBatch(node: number, now: number): void {
    this.#execution.settle(node, now);
    this.#end(this.#execution.takeBatch(node), node, now);
  }

  #end(pod: number, node: number, now: number): void {
    const request = this.#plan.pods[pod]!;
    this.#events++;
    this.#execution.settle(node, now);
    this.#execution.stop(pod, node, this.cluster.gpusOf(pod));
    this.#execution.refresh(node, now);
    this.cluster.remove(request);
    this.#constraints?.removed(request, node);
    this.#outcome.ended(pod, now);
    if (this.#plan.seconds[pod]! < Number.POSITIVE_INFINITY) this.#finiteRunning--;
    this.#planSleep(node);
    if (this.#isFreed[node] === 0) {
      this.#isFreed[node] = 1;
      this.#freed[this.#freedCount++] = node;
    }
    this.#policy.removed?.(request, node);
  }

  /** An empty node that is up falls asleep after its time. */
  #planSleep(node: number): void {
    if (this.#maySleep[node] === 0 || this.cluster.emptySince[node] === Number.POSITIVE_INFINITY) return;
    if (this.cluster.power[node] === NODE_ASLEEP) return;
    this.#sleeps.set(node, this.cluster.emptySince[node]! + this.cluster.nodes[node]!.sleep!.emptySeconds);
  }

  #fallAsleep(node: number, now: number): void {
    this.#events++;
    this.#sleeps.remove(node);
    this.#execution.settle(node, now);
    this.cluster.power[node] = NODE_ASLEEP;
    this.cluster.touch(node);
  }

  #startWaking(node: number, now: number): void {
    this.#execution.settle(node, now);
    this.cluster.power[node] = NODE_WAKING;
    this.cluster.awakeAt[node] = now + this.cluster.nodes[node]!.sleep!.wakeSeconds;
    this.#wakes.set(node, this.cluster.awakeAt[node]!);
    this.#outcome.wakes++;
  }

  /** A node is up: the pods that were placed on it begin. */
  #wake(node: number, now: number): void {
    this.#events++;
    this.#wakes.remove(node);
    this.#execution.settle(node, now);
    this.cluster.power[node] = NODE_ON;
    for (const pod of this.#booked[node]!) {
      this.#execution.start(pod, node, now, this.cluster.gpusOf(pod));
      this.#outcome.started(pod, now);
    }
    this.#booked[node] = [];
    this.#execution.refresh(node, now);
    this.cluster.touch(node);
  }

  #save(): SavedSimulation {
    return {
      cluster: this.cluster.save(),
      random: this.#random.state,
      policy: this.#policy.save?.(),
      constraints: this.#constraints?.save(),
      meter: this.#meter.save(),
      execution: this.#execution.save(),
      queue: this.#queue.save(),
      outcome: this.#outcome.save(),
      series: this.#series.save(),
      wakes: this.#wakes.save(),
      sleeps: this.#sleeps.save(),
      deadlines: this.#deadlines.save(),
      booked: this.#booked.map((pods) => pods.slice()),
      nextItem: this.#nextItem,
      finiteRunning: this.#finiteRunning,
      events: this.#events,
      begun: this.#begun,
      finished: this.#finished,
    };
  }

  #restore(saved: SavedSimulation): void {
    this.#random.restore(saved.random);
    if (saved.policy !== undefined) this.#policy.restore?.(saved.policy);
    this.#constraints?.restore(saved.constraints);
    this.#meter.restore(saved.meter);
    this.#execution.restore(saved.execution);
    this.#queue.restore(saved.queue);
    this.#outcome.restore(saved.outcome);
    this.#series.restore(saved.series);
    this.#wakes.restore(saved.wakes);
    this.#sleeps.restore(saved.sleeps);
    this.#deadlines.restore(saved.deadlines);
    saved.booked.forEach((pods, node) => {
      this.#booked[node] = pods.slice();
    });
    this.#nextItem = saved.nextItem;
    this.#finiteRunning = saved.finiteRunning;
    this.#events = saved.events;
    this.#begun = saved.begun;
    this.#finished = saved.finished;
  }

  #describe(pod: number): string {
    const { namespace, name } = this.#plan.pods[pod]!;
    return `${namespace}/${name} at ${this.now} s`;
  }

  #refused(pod: number): Error {
    return errors.KISIM_E_SIM_WAIT_REFUSED(`${this.#input.policy.name} about ${this.#describe(pod)}`);
  }

  #badChoice(pod: number, choice: number): Error {
    const name = this.cluster.nodes[choice]?.name;
    const node =
      name === undefined ? `node ${choice}` : `node ${name}, which does not have what it asks for,`;
    return errors.KISIM_E_SIM_BAD_CHOICE(
      `${this.#input.policy.name} chose ${node} for ${this.#describe(pod)}`,
    );
  }

  #stuck(): Error {
    const { count, first } = this.#queue;
    return errors.KISIM_E_SIM_STUCK(`${count} pods, the first of them ${this.#describe(first)}`);
  }
}

/**
 * Runs a policy over a workload, to the end.
 *
 * @throws KISIM_E_SIM_... for what cannot be simulated, before anything runs, and for choices that a policy must not make
 */
export function simulate(input: SimulationInput): SimulationResult {
  const simulation = new Simulation(input);
  simulation.advance();
  return simulation.result();
}
