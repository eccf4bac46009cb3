import type { ClusterState } from '../../cluster/cluster-state.ts';
import { NODE_CLOSED } from '../../cluster/cluster-state.ts';
import { type PodSize, slotsIn, wholeGpusFree } from '../gang.ts';
import type { QueuedJob, QueueState } from '../policy.ts';

/** What is believed of a job that has run longer than was believed of it: as long again as it is over, at least a minute. */
const LEAST_OVERTIME_SECONDS = 60;

/** What a node will have free, from each of some times on. */
class NodeSteps {
  count = 0;
  times = new Float64Array(32);
  cpu = new Float64Array(32);
  memory = new Float64Array(32);
  pods = new Float64Array(32);
  gpus = new Float64Array(32);
  /** Pods that each step has room for, of the size that was looked at last. */
  room = new Float64Array(32);

  look(size: PodSize): void {
    if (this.room.length < this.count) this.room = new Float64Array(this.times.length);
    for (let step = 0; step < this.count; step++) this.room[step] = this.slotsIn(size, step);
  }

  /** Least room from a step on until a time. */
  leastRoom(first: number, to: number): number {
    let least = this.room[first]!;
    for (let step = first + 1; step < this.count && this.times[step]! < to; step++)
      if (this.room[step]! < least) least = this.room[step]!;
    return least;
  }

  begin(now: number, cpu: number, memory: number, pods: number, gpus: number): void {
    this.count = 1;
    this.times[0] = now;
    this.cpu[0] = cpu;
    this.memory[0] = memory;
    this.pods[0] = pods;
    this.gpus[0] = gpus;
  }

  /** The step that begins at a time, made where there is none; `count` for Infinity. */
  cut(time: number): number {
    let at = this.count;
    while (at > 0 && this.times[at - 1]! > time) at--;
    if (at > 0 && this.times[at - 1] === time) return at - 1;
    if (time === Number.POSITIVE_INFINITY) return this.count;
    // Before the first step there is nothing to cut.
    if (at === 0) return 0;
    if (this.count === this.times.length) this.#grow();
    for (const column of [this.times, this.cpu, this.memory, this.pods, this.gpus])
      column.copyWithin(at + 1, at, this.count);
    this.times[at] = time;
    this.cpu[at] = this.cpu[at - 1]!;
    this.memory[at] = this.memory[at - 1]!;
    this.pods[at] = this.pods[at - 1]!;
    this.gpus[at] = this.gpus[at - 1]!;
    this.count++;
    return at;
  }

  /** Adds to what is free between two times. */
  add(size: PodSize, pods: number, from: number, to: number): void {
    const first = this.cut(from);
    const end = this.cut(to);
    for (let step = first; step < end; step++) {
      this.cpu[step]! += pods * size.cpuMilliPerPod;
      this.memory[step]! += pods * size.memoryBytesPerPod;
      this.pods[step]! += pods;
      this.gpus[step]! += pods * size.gpusPerPod;
    }
  }

  /** The earliest time from the first step on from which one pod of a size has room for so long. */
  earliest(size: PodSize, seconds: number): number {
    let start = this.times[0]!;
    for (let step = 0; step < this.count; step++) {
      const end = step + 1 < this.count ? this.times[step + 1]! : Number.POSITIVE_INFINITY;
      if (this.slotsIn(size, step) < 1) start = end;
      else if (end - start >= seconds) return start;
    }
    return start;
  }

  /** The step that a time lies in, looked for from one before it on. */
  stepAt(time: number, from = 0): number {
    let step = from;
    while (step + 1 < this.count && this.times[step + 1]! <= time) step++;
    return step;
  }

  slotsIn(size: PodSize, step: number): number {
    return slotsIn(size, this.cpu[step]!, this.memory[step]!, this.pods[step]!, this.gpus[step]!);
  }

  /** Pods of a size that have room all through a span, which begins in a step that may be told. */
  slots(size: PodSize, from: number, to: number, first = this.stepAt(from)): number {
    let step = first;
    let least = Number.POSITIVE_INFINITY;
    for (; step < this.count && (step === first || this.times[step]! < to); step++) {
      least = Math.min(least, this.slotsIn(size, step));
      if (least === 0) return 0;
    }
    return least;
  }

  #grow(): void {
    const larger = (column: Float64Array) => {
      const copy = new Float64Array(2 * column.length);
      copy.set(column);
      return copy;
    };
    this.times = larger(this.times);
    this.cpu = larger(this.cpu);
    this.memory = larger(this.memory);
    this.pods = larger(this.pods);
    this.gpus = larger(this.gpus);
  }
}

/** Where and when a job is to start. */
export interface Reservation {
  startSeconds: number;
  /** Pods on each node. */
  readonly podsPerNode: Int32Array;
}

/**
 * What will be free on each node, as far as it is believed to be known: running jobs end when they are estimated to, and reservations
 * take their place. It belongs to one question; building it anew costs as many steps as pods run.
 */
export class FreeProfile {
  #nodes: NodeSteps[] = [];
  #now = 0;
  #candidates = new Float64Array(64);
  #steps = new Int32Array(0);

  /** @param state whose running jobs are all that takes anything */
  begin({ cluster, running, nowSeconds }: QueueState): void {
    this.#now = nowSeconds;
    while (this.#nodes.length < cluster.size) this.#nodes.push(new NodeSteps());
    this.#nodes.length = cluster.size;
    for (let node = 0; node < cluster.size; node++) this.#beginNode(node, cluster);
    for (const { job, podNodes, admittedSeconds } of running) {
      const end = believedEnd(job, admittedSeconds, nowSeconds);
      for (let i = 0; i < podNodes.length; i++)
        if (podNodes[i]! >= 0) this.#nodes[podNodes[i]!]!.add(job, 1, end, Number.POSITIVE_INFINITY);
    }
  }

  /** Pods of a job that a node has room for from a time on, as long as it is estimated to run. */
  slots(node: number, job: QueuedJob, from: number): number {
    return this.#nodes[node]!.slots(job, from, from + job.estimatedSeconds);
  }

  /**
   * The earliest start from now on at which all pods of a job have room, and nodes for them; on as few as will do. Undefined where there
   * is none, as with nodes that were closed.
   *
   * @param before only a start before this one is looked for
   */
  earliest(job: QueuedJob, before = Number.POSITIVE_INFINITY): Reservation | undefined {
    if (job.pods === 1) return this.#earliestOfOne(job, before);
    const count = this.#collectTimes();
    if (this.#steps.length < this.#nodes.length) this.#steps = new Int32Array(this.#nodes.length);
    this.#steps.fill(0);
    for (let node = 0; node < this.#nodes.length; node++) this.#nodes[node]!.look(job);
    for (let i = 0; i < count; i++) {
      const start = this.#candidates[i]!;
      if (start >= before) return undefined;
      if (this.#hasRoomFor(job, start)) return { startSeconds: start, podsPerNode: this.#spread(job, start) };
    }
    return undefined;
  }

  /** Takes the place of a job (sign -1), or gives it back (1). */
  book(job: QueuedJob, { startSeconds, podsPerNode }: Reservation, sign: 1 | -1): void {
    const end = startSeconds + job.estimatedSeconds;
    for (let node = 0; node < podsPerNode.length; node++)
      if (podsPerNode[node]! > 0) this.#nodes[node]!.add(job, sign * podsPerNode[node]!, startSeconds, end);
  }

  /** Whether a reservation, moved to now where it lies before, still has its room. */
  holds(job: QueuedJob, { startSeconds, podsPerNode }: Reservation): boolean {
    const start = Math.max(this.#now, startSeconds);
    for (let node = 0; node < podsPerNode.length; node++)
      if (podsPerNode[node]! > 0 && this.slots(node, job, start) < podsPerNode[node]!) return false;
    return true;
  }

  /** To be asked of ascending starts: where each node is in its steps is kept. */
  #hasRoomFor(job: QueuedJob, start: number): boolean {
    const nodes = this.#nodes;
    const steps = this.#steps;
    // At the start alone first: that rules out most of them.
    let left = job.pods;
    for (let node = 0; node < nodes.length; node++) {
      steps[node] = nodes[node]!.stepAt(start, steps[node]);
      left -= nodes[node]!.room[steps[node]!]!;
    }
    if (left > 0) return false;
    left = job.pods;
    const end = start + job.estimatedSeconds;
    for (let node = 0; node < nodes.length && left > 0; node++)
      left -= nodes[node]!.leastRoom(steps[node]!, end);
    return left <= 0;
  }

  #earliestOfOne(job: QueuedJob, before: number): Reservation | undefined {
    let best = -1;
    let earliest = before;
    for (let node = 0; node < this.#nodes.length; node++) {
      const start = this.#nodes[node]!.earliest(job, job.estimatedSeconds);
      if (!(start < earliest)) continue;
      best = node;
      earliest = start;
    }
    if (best < 0) return undefined;
    const podsPerNode = new Int32Array(this.#nodes.length);
    podsPerNode[best] = 1;
    return { startSeconds: earliest, podsPerNode };
  }

  #beginNode(node: number, cluster: ClusterState): void {
    const isOpen = cluster.power[node] !== NODE_CLOSED;
    this.#nodes[node]!.begin(
      this.#now,
      isOpen ? cluster.freeCpu[node]! : 0,
      isOpen ? cluster.freeMemory[node]! : 0,
      isOpen ? cluster.freePods[node]! : Number.NEGATIVE_INFINITY,
      isOpen ? wholeGpusFree(cluster, node) : 0,
    );
  }

  /** Nodes with the most room first, so that the fewest are touched. */
  #spread(job: QueuedJob, start: number): Int32Array {
    const slots = Int32Array.from(this.#nodes, (_, node) => Math.min(job.pods, this.slots(node, job, start)));
    const podsPerNode = new Int32Array(slots.length);
    for (let left = job.pods; left > 0; ) {
      let most = 0;
      for (let node = 1; node < slots.length; node++) if (slots[node]! > slots[most]!) most = node;
      const taken = Math.min(left, slots[most]!);
      podsPerNode[most] = taken;
      slots[most] = 0;
      left -= taken;
    }
    return podsPerNode;
  }

  /** Times at which anything changes, ascending and once each: an earliest start is one of them. */
  #collectTimes(): number {
    let count = 0;
    for (const { times, count: steps } of this.#nodes) {
      if (this.#candidates.length < count + steps) {
        const larger = new Float64Array(2 * (count + steps));
        larger.set(this.#candidates);
        this.#candidates = larger;
      }
      for (let step = 0; step < steps; step++) this.#candidates[count++] = times[step]!;
    }
    this.#candidates.subarray(0, count).sort();
    let kept = 0;
    for (let i = 0; i < count; i++)
      if (i === 0 || this.#candidates[i] !== this.#candidates[kept - 1])
        this.#candidates[kept++] = this.#candidates[i]!;
    return kept;
  }
}

/** When a running job is believed to end: after its estimate, and always later than now. */
export function believedEnd(job: QueuedJob, admittedSeconds: number, nowSeconds: number): number {
  const end = admittedSeconds + job.estimatedSeconds;
  return end > nowSeconds ? end : nowSeconds + Math.max(LEAST_OVERTIME_SECONDS, nowSeconds - end);
}
