import { ClusterState, NODE_ASLEEP, NODE_ON } from '../cluster/cluster-state.ts';
import { UNDECIDED, WAIT } from '../policy/policy.ts';
import { type AdmissionRun, NOBODY } from './admission.ts';
import { Decisions } from './decisions.ts';
import { EnergyMeter } from './energy-meter.ts';
import { errors } from './errors.ts';
import { FreedNodes } from './freed-nodes.ts';
import { IndexedHeap } from './indexed-heap.ts';
import { NodeExecution } from './node-execution.ts';
import { NodePower } from './node-power.ts';
import { Outcome } from './outcome.ts';
import { HELD, PendingQueue, type PendingState, UNFIT, WAITING } from './pending-queue.ts';
import type { Plan } from './plan.ts';
import { SeriesSampler } from './series.ts';
import type { SimulationInput, SimulationResult } from './simulation.ts';
import type { SavedSimulation } from './snapshot.ts';
import { stepAt } from './step-at.ts';

/** How far an instant is: what comes next of it. */
const DONE = 0;
const PENDING = 1;
const DEADLINES = 2;
const ARRIVALS = 3;
const ADMISSION = 4;
const BESIDE = 5;

/** What happens in a simulation, instant after instant, in the order that docs/developer/simulation.md declares. */
export class EventLoop {
  readonly cluster: ClusterState;
  readonly #input: SimulationInput;
  readonly #plan: Plan;
  readonly #decisions: Decisions;
  readonly #admission: AdmissionRun | undefined;
  readonly #meter: EnergyMeter;
  readonly #execution: NodeExecution;
  readonly #power: NodePower;
  readonly #queue: PendingQueue;
  readonly #freed: FreedNodes;
  readonly #outcome: Outcome;
  readonly #series: SeriesSampler;
  /** When waiting pods must be placed. */
  readonly #deadlines: IndexedHeap;
  readonly #askAtDepartures: boolean;
  readonly #drops: boolean;
  readonly #tickSeconds: number;
  /** Bound once: making them at every departure would be garbage. */
  readonly #tryNow = (pod: number) => this.#try(pod, this.cluster.now);
  readonly #freedTakes = (cpuMilli: number, memoryBytes: number) => this.#freed.takes(cpuMilli, memoryBytes);
  /** Whether a pod was placed since pending pods were last looked at. */
  #hasCome = false;
  /** Where an instant, or one look at the queue, goes on that stopped because its policy had not decided. */
  #stage = DONE;
  #asksWaiting = false;
  #looksAtAll = false;
  #lookFrom = -1;
  #nextItem = 0;
  /** The pod that was let go and is not placed yet. */
  #admitted = NOBODY;
  /** Pods with an end that are placed and have not come to it. */
  #finiteRunning = 0;
  #events = 0;
  #begun = false;
  #finished = false;

  constructor(input: SimulationInput, plan: Plan, saved?: SavedSimulation) {
    const { nodes, options } = input;
    this.#input = input;
    this.#plan = plan;
    this.cluster = saved ? ClusterState.restored(nodes, saved.cluster) : new ClusterState(nodes);
    this.#meter = new EnergyMeter(this.cluster, plan);
    this.#execution = new NodeExecution(plan, this.cluster, this.#meter, options.tickSeconds);
    this.#power = new NodePower(this.cluster);
    this.#queue = new PendingQueue(plan);
    this.#freed = new FreedNodes(this.cluster);
    this.#outcome = new Outcome(plan, options.sloSeconds);
    this.#series = new SeriesSampler(options.seriesSeconds, this.cluster, this.#meter);
    this.#deadlines = new IndexedHeap(plan.count);
    this.#askAtDepartures = options.reconsider === 'departure';
    this.#drops = options.unplaced === 'drop';
    this.#tickSeconds = options.tickSeconds;
    if (saved === undefined) this.#power.begin(options.beginAsleep === true);
    this.#decisions = new Decisions(input, plan, this.cluster, saved?.decisions);
    this.#admission = input.admission?.start({ cluster: this.cluster, seed: input.seed });
    if (saved !== undefined) this.#restore(saved);
  }

  get now(): number {
    return this.cluster.now;
  }

  get finished(): boolean {
    return this.#finished;
  }

  get events(): number {
    return this.#events;
  }

  get watts(): number {
    return this.#meter.totalWatts;
  }

  get energyJoules(): number {
    return this.#outcome.energy(this.#meter, this.now).total;
  }

  /**
   * Everything up to and at an instant happens, but no more than so many instants.
   *
   * @returns whether it stopped because they are through, or because its policy has not decided
   */
  advance(untilSeconds: number, most: number): boolean {
    if (this.isUndecided && this.#begun && !this.#goOn(this.now)) return true;
    if (!this.#begun && !this.#begin()) return true;
    const horizon = this.#plan.horizonSeconds;
    for (let instants = 0; !this.#finished; instants++) {
      if (instants >= most) return true;
      const next = this.#nextInstant();
      if (this.#isQuiet() && next >= horizon) {
        const end = Math.max(this.now, horizon);
        if (end > untilSeconds) return false;
        this.#finish(end);
      } else if (next > untilSeconds) return false;
      else if (!this.#instant(next)) return true;
    }
    return false;
  }

  /** Whether it stopped in the middle of an instant, before a decision. */
  get isUndecided(): boolean {
    return this.#stage !== DONE;
  }

  /** Only once it is finished. */
  result(): SimulationResult {
    const served = this.#execution.servedCoreSeconds;
    const { name } = this.#input.policy;
    return this.#outcome.result(name, this.#decisions.count, this.#meter, served, this.#series);
  }

  save(): SavedSimulation {
    return {
      cluster: this.cluster.save(),
      decisions: this.#decisions.save(),
      meter: this.#meter.save(),
      execution: this.#execution.save(),
      queue: this.#queue.save(),
      outcome: this.#outcome.save(),
      series: this.#series.save(),
      power: this.#power.save(),
      deadlines: this.#deadlines.save(),
      nextItem: this.#nextItem,
      finiteRunning: this.#finiteRunning,
      events: this.#events,
      begun: this.#begun,
      finished: this.#finished,
    };
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
    if (this.#power.wakes.nextKey < next) next = this.#power.wakes.nextKey;
    if (this.#power.sleeps.nextKey < next) next = this.#power.sleeps.nextKey;
    if (this.#deadlines.nextKey < next) next = this.#deadlines.nextKey;
    if (this.#queue.waiting > 0 || this.#execution.rhythmic > 0) {
      const tick = (stepAt(this.now, this.#tickSeconds) + 1) * this.#tickSeconds;
      if (tick < next) next = tick;
    }
    if (next === Number.POSITIVE_INFINITY && !this.#isQuiet()) throw this.#stuck();
    return next;
  }

  /** All that happens at one instant, in the declared order. False where it stopped before a decision. */
  #instant(now: number): boolean {
    const { batchEnds, serviceEnds } = this.#execution;
    const isLater = now > this.now;
    this.#hasCome = false;
    if (this.#series.nextSeconds < now) this.#series.before(now);
    this.cluster.now = now;
    while (batchEnds.nextKey === now) this.#endBatch(batchEnds.nextId, now);
    while (serviceEnds.nextKey === now) {
      const pod = serviceEnds.nextId;
      serviceEnds.remove(pod);
      this.#end(pod, this.cluster.nodeOf(pod)!, now);
    }
    let woke = false;
    while (this.#power.wakes.nextKey === now) {
      this.#wake(this.#power.wakes.nextId, now);
      woke = true;
    }
    const waits = this.#queue.waiting > 0;
    const ticks = isLater && (waits || this.#execution.rhythmic > 0) && this.#tick(now);
    this.#asksWaiting = waits && (ticks || (this.#askAtDepartures && (woke || this.#freed.count > 0)));
    this.#stage = PENDING;
    return this.#goOn(now);
  }

  /** What is left of an instant. False where it stopped before a decision. */
  #goOn(now: number): boolean {
    if (this.#stage === PENDING) {
      if (this.#queue.count > 0 && !this.#lookAgain(this.#asksWaiting)) return false;
      this.#freed.clear();
      this.#stage = DEADLINES;
    }
    if (this.#stage === DEADLINES) {
      while (this.#deadlines.nextKey === now) {
        const pod = this.#deadlines.nextId;
        if (!this.#try(pod, now)) return false;
        this.#deadlines.remove(pod);
        this.#events++;
      }
      this.#stage = ARRIVALS;
    }
    if (this.#stage === ARRIVALS) {
      while (this.#nextItem < this.#plan.count && this.#plan.arrival[this.#nextItem] === now) {
        if (this.#admission !== undefined) this.#hold(this.#nextItem, now);
        else if (!this.#try(this.#nextItem, now)) return false;
        this.#nextItem++;
        this.#events++;
      }
      this.#stage = ADMISSION;
    }
    if (this.#stage === ADMISSION) {
      if (this.#admission !== undefined && !this.#admit(this.#admission, now)) return false;
      this.#stage = BESIDE;
    }
    if (!this.#lookBeside()) return false;
    while (this.#power.sleeps.nextKey === now) this.#fallAsleep(this.#power.sleeps.nextId, now);
    this.#stage = DONE;
    return true;
  }

  /** Prefilled pods take their places, at time 0 and ahead of all arrivals. False where it stopped before a decision. */
  #begin(): boolean {
    this.#stage = BESIDE;
    while (this.#nextItem < this.#plan.prefilled) {
      if (!this.#try(this.#nextItem, 0)) return false;
      this.#nextItem++;
      this.#events++;
    }
    if (!this.#lookBeside()) return false;
    this.#stage = DONE;
    this.#begun = true;
    return true;
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
   * fitted nowhere can fit only where something was freed since, but where constraints look at other nodes and pods too. False
   * where it stopped before a decision.
   */
  #lookAgain(asksWaiting: boolean): boolean {
    if (this.#lookFrom < 0) {
      this.#looksAtAll = this.#decisions.lookBeside && (this.#hasCome || this.#freed.count > 0);
      this.#hasCome = false;
    }
    const all = this.#looksAtAll;
    if (!all && !asksWaiting && this.#freed.count === 0) return true;
    const mayFit = all ? undefined : this.#freedTakes;
    this.#lookFrom = this.#queue.forEach(asksWaiting, mayFit, this.#tryNow, Math.max(0, this.#lookFrom));
    return this.#lookFrom < 0;
  }

  /** Whoever came may be whom others want to be near. */
  #lookBeside(): boolean {
    while (this.#lookFrom >= 0 || (this.#hasCome && this.#decisions.lookBeside && this.#queue.unfit > 0))
      if (!this.#lookAgain(false)) return false;
    return true;
  }

  /** Offers a pod to the policy where it fits somewhere; places, queues or drops it. False: it is not decided. */
  #try(pod: number, now: number): boolean {
    const slackLeft = Math.max(0, this.#plan.deadline[pod]! - now);
    const choice = this.#decisions.choose(pod, slackLeft);
    if (choice === UNDECIDED) return false;
    if (choice >= 0) this.#place(pod, choice, now);
    else if (choice === WAIT) {
      this.#enqueue(pod, WAITING);
      this.#deadlines.set(pod, this.#plan.deadline[pod]!);
    } else if (this.#drops && slackLeft === 0) this.#drop(pod);
    else this.#enqueue(pod, UNFIT);
    return true;
  }

  #hold(pod: number, now: number): void {
    this.#enqueue(pod, HELD);
    this.#admission!.arrived(pod, now);
  }

  /** Places whoever is let go, one pod after another. False where it stopped before a decision. */
  #admit(admission: AdmissionRun, now: number): boolean {
    for (;;) {
      if (this.#admitted === NOBODY) {
        if (this.#queue.held === 0) return true;
        const mayWait = this.#finiteRunning > 0 || this.#nextItem < this.#plan.count;
        const pod = admission.next(now, mayWait);
        if (pod === UNDECIDED) return false;
        if (pod === NOBODY) return true;
        if (this.#queue.state(pod) !== HELD) throw this.#badAdmission(pod, 'which it does not hold');
        this.#admitted = pod;
      }
      const choice = this.#decisions.choose(this.#admitted, 0, admission);
      if (choice === UNDECIDED) return false;
      if (choice < 0) throw this.#badAdmission(this.#admitted, 'which fits nowhere that is left to it');
      this.#place(this.#admitted, choice, now);
      admission.placed(this.#admitted, choice, now);
      this.#admitted = NOBODY;
    }
  }

  #place(pod: number, node: number, now: number): void {
    const { cluster } = this;
    this.#leave(pod);
    this.#power.occupied(node);
    const gpus = this.#decisions.gpus(pod, node);
    if (cluster.power[node] === NODE_ASLEEP) this.#rouse(pod, node, now);
    if (cluster.power[node] === NODE_ON) {
      this.#execution.settle(node, now);
      this.#execution.start(pod, node, now, gpus);
      this.#execution.refresh(node, now);
      this.#started(pod, now);
    } else this.#power.book(pod, node);
    cluster.place(this.#plan.pods[pod]!, node, gpus);
    this.#hasCome = true;
    if (this.#plan.seconds[pod]! < Number.POSITIVE_INFINITY) this.#finiteRunning++;
    this.#decisions.placed(pod, node);
  }

  #started(pod: number, now: number): void {
    this.#outcome.started(pod, now);
    this.#admission?.started(pod, now);
  }

  #enqueue(pod: number, state: PendingState): void {
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
    this.#events++;
    this.#execution.settle(node, now);
    this.#execution.stop(pod, node, this.cluster.gpusOf(pod));
    this.#execution.refresh(node, now);
    this.cluster.remove(this.#plan.pods[pod]!);
    this.#outcome.ended(pod, now);
    this.#admission?.ended(pod, now);
    if (this.#plan.seconds[pod]! < Number.POSITIVE_INFINITY) this.#finiteRunning--;
    this.#power.emptied(node);
    this.#freed.add(node);
    this.#decisions.removed(pod, node);
  }

  #fallAsleep(node: number, now: number): void {
    this.#events++;
    this.#execution.settle(node, now);
    this.#power.fallAsleep(node);
  }

  #rouse(pod: number, node: number, now: number): void {
    this.#execution.settle(node, now);
    // What runs since before the beginning runs on a node that has been up since then.
    if (now === 0 && pod < this.#plan.prefilled) this.cluster.power[node] = NODE_ON;
    else {
      this.#power.startWaking(node, now);
      this.#outcome.wakes++;
    }
  }

  /** A node is up: the pods that were placed on it begin. */
  #wake(node: number, now: number): void {
    this.#events++;
    this.#execution.settle(node, now);
    for (const pod of this.#power.up(node)) {
      this.#execution.start(pod, node, now, this.cluster.gpusOf(pod));
      this.#started(pod, now);
    }
    this.#execution.refresh(node, now);
    this.cluster.touch(node);
  }

  #restore(saved: SavedSimulation): void {
    this.#meter.restore(saved.meter);
    this.#execution.restore(saved.execution);
    this.#queue.restore(saved.queue);
    this.#outcome.restore(saved.outcome);
    this.#series.restore(saved.series);
    this.#power.restore(saved.power);
    this.#deadlines.restore(saved.deadlines);
    this.#nextItem = saved.nextItem;
    this.#finiteRunning = saved.finiteRunning;
    this.#events = saved.events;
    this.#begun = saved.begun;
    this.#finished = saved.finished;
  }

  #badAdmission(pod: number, why: string): Error {
    const { namespace, name } = this.#plan.pods[pod] ?? { namespace: '?', name: String(pod) };
    const who = this.#input.admission?.name;
    return errors.KISIM_E_SIM_ADMISSION(`${who} let ${namespace}/${name} go at ${this.now} s, ${why}`);
  }

  #stuck(): Error {
    const { count, first } = this.#queue;
    const { namespace, name } = this.#plan.pods[first]!;
    return errors.KISIM_E_SIM_STUCK(`${count} pods at ${this.now} s, the first of them ${namespace}/${name}`);
  }
}
