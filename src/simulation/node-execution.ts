import type { ClusterState } from '../cluster/cluster-state.ts';
import { sin } from '../util/portable-math.ts';
import { CompensatedSums, type SavedSums } from './compensated-sums.ts';
import type { EnergyMeter } from './energy-meter.ts';
import { IndexedHeap, type SavedHeap } from './indexed-heap.ts';
import type { Plan } from './plan.ts';
import { PodHeap } from './pod-heap.ts';
import { stepAt } from './step-at.ts';

export interface SavedExecution {
  readonly running: Int32Array;
  readonly steadyUse: Float64Array;
  readonly serviceUse: Float64Array;
  readonly rhythmUse: Float64Array;
  readonly virtual: Float64Array;
  readonly rate: Float64Array;
  readonly virtualEnd: Float64Array;
  readonly batch: readonly Int32Array[];
  readonly batchEnds: SavedHeap;
  readonly serviceEnds: SavedHeap;
  readonly served: SavedSums;
  readonly rhythmPods: Int32Array;
  readonly rhythmNodes: Int32Array;
  readonly rhythmStep: number;
  readonly gpuUse: Float64Array;
  readonly gpuPods: Int32Array;
}

/**
 * What runs on the nodes and how fast. All batch pods of a node get the same share of what they could use, so that one
 * virtual clock a node tells all their ends (Parekh and Gallager's fluid processor sharing): it advances at `rate`, and a
 * pod ends when it shows the time of its start plus the seconds that it takes alone.
 */
export class NodeExecution {
  /** When the next batch pod of each node ends, as things are. */
  readonly batchEnds: IndexedHeap;
  /** When each service ends. */
  readonly serviceEnds: IndexedHeap;
  readonly #plan: Plan;
  readonly #cluster: ClusterState;
  readonly #meter: EnergyMeter;
  readonly #tickSeconds: number;
  /** Cores' worth of milli-cores, and what each milli-core beyond them adds. */
  readonly #cores: Float64Array;
  readonly #yield: Float64Array;
  readonly #speed: Float64Array;
  readonly #running: Int32Array;
  /** Milli-cores that pods of constant use want; the part of it that services want; what services with a rhythm want. */
  readonly #steadyUse: Float64Array;
  readonly #serviceUse: Float64Array;
  readonly #rhythmUse: Float64Array;
  readonly #virtual: Float64Array;
  readonly #rate: Float64Array;
  readonly #virtualEnd: Float64Array;
  readonly #batch: PodHeap[];
  /** Core-seconds that the services of each node were given. */
  readonly #served: CompensatedSums;
  readonly #rhythmPods: Int32Array;
  readonly #rhythmNodes: Int32Array;
  readonly #rhythmPlace: Int32Array;
  readonly #factors: Float64Array;
  #rhythmCount = 0;
  #rhythmStep = -1;
  /** Thousandths of each GPU in use, and how many pods use it. */
  readonly #gpuUse: Float64Array;
  readonly #gpuPods: Int32Array;

  constructor(plan: Plan, cluster: ClusterState, meter: EnergyMeter, tickSeconds: number) {
    const { size, nodes } = cluster;
    this.#plan = plan;
    this.#cluster = cluster;
    this.#meter = meter;
    this.#tickSeconds = tickSeconds;
    this.batchEnds = new IndexedHeap(size);
    this.serviceEnds = new IndexedHeap(plan.count);
    this.#cores = Float64Array.from(nodes, (node) => node.cpuMilli / (node.smt?.threadsPerCore ?? 1));
    this.#yield = Float64Array.from(nodes, (node) => node.smt?.secondThreadYield ?? 0);
    this.#speed = Float64Array.from(nodes, (node) => node.speed ?? 1);
    this.#running = new Int32Array(size);
    this.#steadyUse = new Float64Array(size);
    this.#serviceUse = new Float64Array(size);
    this.#rhythmUse = new Float64Array(size);
    this.#virtual = new Float64Array(size);
    this.#rate = this.#speed.slice();
    this.#virtualEnd = new Float64Array(plan.count);
    this.#batch = nodes.map(() => new PodHeap(this.#virtualEnd));
    this.#served = new CompensatedSums(size);
    const rhythmic = plan.rhythms.length === 0 ? 0 : plan.count;
    this.#rhythmPods = new Int32Array(rhythmic);
    this.#rhythmNodes = new Int32Array(rhythmic);
    this.#rhythmPlace = new Int32Array(rhythmic);
    this.#factors = new Float64Array(plan.rhythms.length);
    this.#gpuUse = new Float64Array(cluster.gpuFree.length);
    this.#gpuPods = new Int32Array(cluster.gpuFree.length);
  }

  /** How many services with a rhythm run: while some do, every tick changes something. */
  get rhythmic(): number {
    return this.#rhythmCount;
  }

  /** Core-seconds that services were given, up to where their nodes are settled. */
  get servedCoreSeconds(): number {
    return this.#served.total();
  }

  /** Brings a node's clocks and sums up to now. */
  settle(node: number, now: number): void {
    const seconds = now - this.#meter.since(node);
    if (!(seconds > 0)) return;
    this.#meter.settle(node, now);
    if (this.#running[node] === 0) return;
    this.#virtual[node]! += this.#rate[node]! * seconds;
    const wanted = this.#serviceUse[node]! + this.#rhythmUse[node]!;
    if (wanted === 0) return;
    const use = this.#steadyUse[node]! + this.#rhythmUse[node]!;
    const capacity = this.#cluster.cpuCapacity[node]!;
    const given = use > capacity ? (wanted * capacity) / use : wanted;
    this.#served.add(node, (given * seconds) / 1000);
  }

  /** A pod begins on a settled node; `refresh` must follow. */
  start(pod: number, node: number, now: number, gpus: Int32Array | undefined): void {
    const plan = this.#plan;
    this.#running[node]!++;
    const rhythm = plan.rhythm[pod]!;
    if (plan.isBatch[pod] === 1) {
      this.#steadyUse[node]! += plan.useMilli[pod]!;
      this.#virtualEnd[pod] = this.#virtual[node]! + plan.seconds[pod]!;
      this.#batch[node]!.push(pod);
    } else {
      this.serviceEnds.set(pod, Math.max(now, Math.min(now + plan.seconds[pod]!, this.#lastEnd(pod))));
      if (rhythm < 0) {
        this.#steadyUse[node]! += plan.useMilli[pod]!;
        this.#serviceUse[node]! += plan.useMilli[pod]!;
      } else this.#startRhythm(pod, node, now);
    }
    if (gpus !== undefined) this.#bookGpus(pod, node, gpus, 1);
  }

  /** The pod whose batch ends first on a node, taken off its heap: its clock shows that end exactly. */
  takeBatch(node: number): number {
    const heap = this.#batch[node]!;
    const pod = heap.first;
    heap.pop();
    this.#virtual[node] = this.#virtualEnd[pod]!;
    this.batchEnds.remove(node);
    return pod;
  }

  /** A pod ends on a settled node (a batch pod is off its heap already); `refresh` must follow. */
  stop(pod: number, node: number, gpus: Int32Array | undefined): void {
    const plan = this.#plan;
    const use = plan.useMilli[pod]!;
    this.#running[node]!--;
    if (plan.rhythm[pod]! >= 0) this.#stopRhythm(pod, node);
    else {
      this.#steadyUse[node]! -= use;
      if (plan.isBatch[pod] === 0) this.#serviceUse[node]! -= use;
    }
    if (gpus !== undefined) this.#bookGpus(pod, node, gpus, -1);
    if (this.#running[node] !== 0) return;
    // What sums of differences leave behind is not use; and a clock that nobody reads starts anew, with all its bits.
    this.#steadyUse[node] = 0;
    this.#serviceUse[node] = 0;
    this.#rhythmUse[node] = 0;
    this.#virtual[node] = 0;
  }

  /** Works out power, speed and the next end of a node that has changed, and what a meter would read of it. */
  refresh(node: number, now: number): void {
    const use = this.#steadyUse[node]! + this.#rhythmUse[node]!;
    const capacity = this.#cluster.cpuCapacity[node]!;
    const taken = Math.min(use, capacity);
    this.#cluster.measuredUse[node] = taken;
    const { power } = this.#cluster.nodes[node]!;
    const active = use > 0 ? power!.watts(taken / capacity) - power!.idleWatts : 0;
    this.#meter.setWatts(node, active, this.#cluster.gpuCount[node] === 0 ? 0 : this.#gpuWatts(node));
    const cores = this.#cores[node]!;
    const done = taken <= cores ? taken : cores + (taken - cores) * this.#yield[node]!;
    const rate = done < use ? (this.#speed[node]! * done) / use : this.#speed[node]!;
    this.#rate[node] = rate;
    const heap = this.#batch[node]!;
    if (heap.count === 0) return;
    const left = this.#virtualEnd[heap.first]! - this.#virtual[node]!;
    this.batchEnds.set(node, left > 0 ? now + left / rate : now);
  }

  /** A step of the rhythms: nodes with rhythmic services are settled, take their new use and are written to `changed`. */
  step(now: number, step: number, changed: (node: number) => void): void {
    const seen = new Set<number>();
    for (let i = 0; i < this.#rhythmCount; i++) seen.add(this.#rhythmNodes[i]!);
    for (const node of seen) {
      this.settle(node, now);
      this.#rhythmUse[node] = 0;
    }
    this.#setFactors(step);
    for (let i = 0; i < this.#rhythmCount; i++)
      this.#rhythmUse[this.#rhythmNodes[i]!]! += this.#useNow(this.#rhythmPods[i]!);
    for (const node of seen) {
      this.refresh(node, now);
      changed(node);
    }
  }

  save(): SavedExecution {
    return {
      running: this.#running.slice(),
      steadyUse: this.#steadyUse.slice(),
      serviceUse: this.#serviceUse.slice(),
      rhythmUse: this.#rhythmUse.slice(),
      virtual: this.#virtual.slice(),
      rate: this.#rate.slice(),
      virtualEnd: this.#virtualEnd.slice(),
      batch: this.#batch.map((heap) => heap.ids),
      batchEnds: this.batchEnds.save(),
      serviceEnds: this.serviceEnds.save(),
      served: this.#served.save(),
      rhythmPods: this.#rhythmPods.slice(0, this.#rhythmCount),
      rhythmNodes: this.#rhythmNodes.slice(0, this.#rhythmCount),
      rhythmStep: this.#rhythmStep,
      gpuUse: this.#gpuUse.slice(),
      gpuPods: this.#gpuPods.slice(),
    };
  }

  restore(saved: SavedExecution): void {
    this.#running.set(saved.running);
    this.#steadyUse.set(saved.steadyUse);
    this.#serviceUse.set(saved.serviceUse);
    this.#rhythmUse.set(saved.rhythmUse);
    this.#virtual.set(saved.virtual);
    this.#rate.set(saved.rate);
    this.#virtualEnd.set(saved.virtualEnd);
    saved.batch.forEach((ids, node) => {
      for (const id of ids) this.#batch[node]!.push(id);
    });
    this.batchEnds.restore(saved.batchEnds);
    this.serviceEnds.restore(saved.serviceEnds);
    this.#served.restore(saved.served);
    this.#rhythmPods.set(saved.rhythmPods);
    this.#rhythmNodes.set(saved.rhythmNodes);
    this.#rhythmCount = saved.rhythmPods.length;
    for (let i = 0; i < this.#rhythmCount; i++) this.#rhythmPlace[this.#rhythmPods[i]!] = i;
    if (saved.rhythmStep >= 0) this.#setFactors(saved.rhythmStep);
    this.#gpuUse.set(saved.gpuUse);
    this.#gpuPods.set(saved.gpuPods);
  }

  /** Pods without an end stay to the horizon. */
  #lastEnd(pod: number): number {
    return this.#plan.seconds[pod] === Number.POSITIVE_INFINITY
      ? this.#plan.horizonSeconds
      : Number.POSITIVE_INFINITY;
  }

  #startRhythm(pod: number, node: number, now: number): void {
    const step = stepAt(now, this.#tickSeconds);
    if (step !== this.#rhythmStep) this.#setFactors(step);
    this.#rhythmPods[this.#rhythmCount] = pod;
    this.#rhythmNodes[this.#rhythmCount] = node;
    this.#rhythmPlace[pod] = this.#rhythmCount++;
    this.#rhythmUse[node]! += this.#useNow(pod);
  }

  #stopRhythm(pod: number, node: number): void {
    const place = this.#rhythmPlace[pod]!;
    const last = --this.#rhythmCount;
    const moved = this.#rhythmPods[last]!;
    this.#rhythmPods[place] = moved;
    this.#rhythmNodes[place] = this.#rhythmNodes[last]!;
    this.#rhythmPlace[moved] = place;
    this.#rhythmUse[node]! -= this.#useNow(pod);
  }

  #useNow(pod: number): number {
    return this.#plan.useMilli[pod]! * this.#factors[this.#plan.rhythm[pod]!]!;
  }

  #setFactors(step: number): void {
    this.#rhythmStep = step;
    const seconds = step * this.#tickSeconds;
    for (const [i, { amplitude, periodSeconds, phaseSeconds }] of this.#plan.rhythms.entries()) {
      const turn = ((seconds + phaseSeconds) / periodSeconds) % 1;
      this.#factors[i] = 1 + amplitude * sin(2 * Math.PI * turn);
    }
  }

  #bookGpus(pod: number, node: number, gpus: Int32Array, sign: 1 | -1): void {
    const use = this.#plan.pods[pod]!.gpu!.milliEach * this.#plan.gpuUse[pod]!;
    for (let i = 0; i < gpus.length; i++) {
      const gpu = this.#cluster.gpuOffset[node]! + gpus[i]!;
      this.#gpuPods[gpu]! += sign;
      this.#gpuUse[gpu] = this.#gpuPods[gpu] === 0 ? 0 : this.#gpuUse[gpu]! + sign * use;
    }
  }

  /** What the GPUs of a node take above idle. */
  #gpuWatts(node: number): number {
    const { idleWatts, fullWatts, law } = this.#cluster.nodes[node]!.gpus!.power!;
    const from = this.#cluster.gpuOffset[node]!;
    const to = from + this.#cluster.gpuCount[node]!;
    let share = 0;
    for (let gpu = from; gpu < to; gpu++) {
      const use = Math.min(1, this.#gpuUse[gpu]! / 1000);
      share += law === 'proportional' || use === 0 ? use : 1;
    }
    return share * (fullWatts - idleWatts);
  }
}
