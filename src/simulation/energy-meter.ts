import { type ClusterState, NODE_ASLEEP, NODE_WAKING } from '../cluster/cluster-state.ts';
import { CompensatedSums, type SavedSums } from './compensated-sums.ts';
import { errors } from './errors.ts';
import { maySleep } from './node-power.ts';

/** Until when what is counted; the same for every policy. */
export interface MeterPeriods {
  /** Idle power of nodes that never sleep is counted up to here. */
  readonly windowSeconds: number;
  /** Idle, sleeping and waking of nodes that may sleep are counted up to here. */
  readonly horizonSeconds: number;
}

export interface NodeEnergy {
  readonly active: number;
  readonly idle: number;
  readonly sleep: number;
  readonly wake: number;
  readonly gpu: number;
}

export interface SavedMeter {
  readonly since: Float64Array;
  readonly activeWatts: Float64Array;
  readonly gpuWatts: Float64Array;
  readonly active: SavedSums;
  readonly gpu: SavedSums;
  readonly on: SavedSums;
  readonly asleep: SavedSums;
  readonly waking: SavedSums;
}

/**
 * Energy of every node, exact: power is constant between two changes of a node, so that it is watts times seconds. Of
 * idle, sleep and wake the seconds are summed, and multiplied once.
 */
export class EnergyMeter {
  readonly #cluster: ClusterState;
  readonly #periods: MeterPeriods;
  readonly #sleeps: Uint8Array;
  /** Up to when each node is settled. */
  readonly #since: Float64Array;
  /** Watts above idle: of processors, and of GPUs. */
  readonly #activeWatts: Float64Array;
  readonly #gpuWatts: Float64Array;
  readonly #active: CompensatedSums;
  readonly #gpu: CompensatedSums;
  readonly #on: CompensatedSums;
  readonly #asleep: CompensatedSums;
  readonly #waking: CompensatedSums;

  /** @throws KISIM_E_SIM_POWER_UNKNOWN for a node without a curve, or with GPUs of unknown power */
  constructor(cluster: ClusterState, periods: MeterPeriods) {
    for (const node of cluster.nodes) {
      const unknown = node.power === undefined ? 'no power curve' : 'GPUs of unknown power';
      if (node.power === undefined || (node.gpus !== undefined && node.gpus.power === undefined))
        throw errors.KISIM_E_SIM_POWER_UNKNOWN(`node ${node.name} has ${unknown}`);
    }
    const { size } = cluster;
    this.#cluster = cluster;
    this.#periods = periods;
    this.#sleeps = Uint8Array.from(cluster.nodes, (node) => (maySleep(node) ? 1 : 0));
    this.#since = new Float64Array(size);
    this.#activeWatts = new Float64Array(size);
    this.#gpuWatts = new Float64Array(size);
    this.#active = new CompensatedSums(size);
    this.#gpu = new CompensatedSums(size);
    this.#on = new CompensatedSums(size);
    this.#asleep = new CompensatedSums(size);
    this.#waking = new CompensatedSums(size);
  }

  get nodes(): number {
    return this.#cluster.size;
  }

  since(node: number): number {
    return this.#since[node]!;
  }

  /** Counts a node up to now, in the state that it has been in until now: to be called before each change of it. */
  settle(node: number, now: number): void {
    const since = this.#since[node]!;
    if (now <= since) return;
    this.#since[node] = now;
    const seconds = now - since;
    const active = this.#activeWatts[node]!;
    if (active !== 0) this.#active.add(node, active * seconds);
    const gpu = this.#gpuWatts[node]!;
    if (gpu !== 0) this.#gpu.add(node, gpu * seconds);
    if (this.#sleeps[node] === 1) this.#stateOf(node).add(node, this.#counted(since, now));
  }

  /** Sets what a node takes above idle from now on. */
  setWatts(node: number, active: number, gpu: number): void {
    this.#activeWatts[node] = active;
    this.#gpuWatts[node] = gpu;
  }

  /** What all nodes take at this moment. */
  get totalWatts(): number {
    let watts = 0;
    for (let node = 0; node < this.#cluster.size; node++) watts += this.watts(node);
    return watts;
  }

  /** What a node takes at this moment, all in. */
  watts(node: number): number {
    const { power, sleep, gpus } = this.#cluster.nodes[node]!;
    const state = this.#cluster.power[node]!;
    if (state === NODE_ASLEEP) return sleep!.sleepWatts;
    if (state === NODE_WAKING) return sleep!.wakeWatts;
    const idle = power!.idleWatts + (gpus === undefined ? 0 : gpus.count * gpus.power!.idleWatts);
    return idle + this.#activeWatts[node]! + this.#gpuWatts[node]!;
  }

  /** Joules of a node from 0 to `now`, without settling it: asking changes no later sum. */
  energy(node: number, now: number): NodeEnergy {
    const { power, sleep, gpus } = this.#cluster.nodes[node]!;
    const since = this.#since[node]!;
    const state = this.#cluster.power[node]!;
    const open = Math.max(0, now - since);
    const openState = this.#sleeps[node] === 1 ? this.#counted(since, Math.max(since, now)) : 0;
    const isOn = state !== NODE_ASLEEP && state !== NODE_WAKING;
    const on =
      this.#sleeps[node] === 1
        ? this.#on.value(node) + (isOn ? openState : 0)
        : Math.min(now, this.#periods.windowSeconds);
    return {
      active: this.#active.value(node) + this.#activeWatts[node]! * open,
      idle: on * power!.idleWatts,
      sleep: sleep
        ? (this.#asleep.value(node) + (state === NODE_ASLEEP ? openState : 0)) * sleep.sleepWatts
        : 0,
      wake: sleep
        ? (this.#waking.value(node) + (state === NODE_WAKING ? openState : 0)) * sleep.wakeWatts
        : 0,
      gpu:
        this.#gpu.value(node) +
        this.#gpuWatts[node]! * open +
        (gpus === undefined ? 0 : on * gpus.count * gpus.power!.idleWatts),
    };
  }

  save(): SavedMeter {
    return {
      since: this.#since.slice(),
      activeWatts: this.#activeWatts.slice(),
      gpuWatts: this.#gpuWatts.slice(),
      active: this.#active.save(),
      gpu: this.#gpu.save(),
      on: this.#on.save(),
      asleep: this.#asleep.save(),
      waking: this.#waking.save(),
    };
  }

  restore(saved: SavedMeter): void {
    this.#since.set(saved.since);
    this.#activeWatts.set(saved.activeWatts);
    this.#gpuWatts.set(saved.gpuWatts);
    this.#active.restore(saved.active);
    this.#gpu.restore(saved.gpu);
    this.#on.restore(saved.on);
    this.#asleep.restore(saved.asleep);
    this.#waking.restore(saved.waking);
  }

  /** Seconds between two instants that lie before the horizon. */
  #counted(from: number, to: number): number {
    const horizon = this.#periods.horizonSeconds;
    return Math.max(0, Math.min(to, horizon) - Math.min(from, horizon));
  }

  #stateOf(node: number): CompensatedSums {
    const state = this.#cluster.power[node]!;
    if (state === NODE_ASLEEP) return this.#asleep;
    return state === NODE_WAKING ? this.#waking : this.#on;
  }
}
