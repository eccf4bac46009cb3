import type { Pod } from '../../../src/cluster/pod.ts';
import { simulate } from '../../../src/simulation/engine.ts';
import type { WorkItem } from '../../../src/simulation/workload.ts';
import { RandomStream } from '../../../src/util/rng.ts';
import { simInput, simNode } from '../../support/simulation-input.ts';
import { controlledMean } from './controlled-mean.ts';

/** A queue of Poisson arrivals and exponential lives (mean 1 s) before a node of `servers` cores. */
export interface MmcCell {
  readonly servers: number;
  readonly load: number;
  readonly replications: number;
}

export interface MmcEstimate {
  readonly exact: number;
  readonly mean: number;
  readonly half: number;
  readonly plainHalf: number;
  /** Greatest difference of one pod's wait from Kiefer and Wolfowitz' recursion over the same arrivals, in mean lives. */
  readonly pathError: number;
  readonly arrivals: number;
}

const ARRIVALS = 50_000;

/** Mean wait in M/M/c with lives of mean 1 (Erlang's C formula, by his B recursion). */
export function erlangWait(servers: number, load: number): number {
  const offered = servers * load;
  let blocked = 1;
  for (let n = 1; n <= servers; n++) blocked = (offered * blocked) / (n + offered * blocked);
  const waits = blocked / (1 - load * (1 - blocked));
  return waits / (servers * (1 - load));
}

/** Arrivals until the empty start is forgotten: 25 relaxation times of the heavy-traffic queue, 1 / (1 - sqrt(load))^2. */
function warmUp(load: number): number {
  return Math.ceil(25 / (1 - Math.sqrt(load)) ** 2);
}

/** One replication's mean wait, and how far the controls were from what is known of them. */
class Replication {
  readonly #cell: MmcCell;
  readonly #skip: number;
  readonly #pods: readonly Pod[];

  constructor(cell: MmcCell) {
    this.#cell = cell;
    this.#skip = warmUp(cell.load);
    this.#pods = Array.from({ length: this.#skip + ARRIVALS }, (_, id) => ({
      id,
      name: `pod-${id}`,
      namespace: 'default',
      cpuMilli: 1000,
      memoryBytes: 1,
      predictedCpuMilli: 1000,
      predictedSeconds: 1,
      slackSeconds: 0,
      shape: 0,
    }));
  }

  run(random: RandomStream): { wait: number; controls: number[]; pathError: number } {
    const { servers, load } = this.#cell;
    const meanGap = 1 / (servers * load);
    let now = 0;
    const items = this.#pods.map((pod): WorkItem => {
      now += random.exponential(meanGap);
      return { pod, arrivalSeconds: now, kind: 'service', useMilli: 1000, seconds: random.exponential(1) };
    });
    const node = simNode('node', { cpuMilli: 1000 * servers, memoryBytes: 1e18, pods: 1e6 });
    const { waits } = simulate(simInput([node], items, { windowSeconds: now }));
    return { ...this.#controls(items, meanGap), ...this.#compare(items, waits) };
  }

  #compare(items: readonly WorkItem[], waits: Float64Array): { wait: number; pathError: number } {
    const freeAt = new Float64Array(this.#cell.servers);
    let pathError = 0;
    let sum = 0;
    for (const [i, { arrivalSeconds, seconds }] of items.entries()) {
      let first = 0;
      for (let server = 1; server < freeAt.length; server++)
        if (freeAt[server]! < freeAt[first]!) first = server;
      const start = Math.max(arrivalSeconds, freeAt[first]!);
      freeAt[first] = start + seconds;
      pathError = Math.max(pathError, Math.abs(waits[i]! - (start - arrivalSeconds)));
      if (i >= this.#skip) sum += waits[i]!;
    }
    return { wait: sum / ARRIVALS, pathError };
  }

  /**
   * Gaps, lives, their squares and their product; and the mean wait at one server that is as fast as all of them
   * together, fed with the same pods (M/M/1), or with pods of equal lives where that would be the queue itself (M/D/1).
   */
  #controls(items: readonly WorkItem[], meanGap: number): { controls: number[] } {
    const { servers, load } = this.#cell;
    const sums = [0, 0, 0, 0, 0, 0];
    let freeAt = 0;
    for (let i = 1; i < items.length; i++) {
      const { arrivalSeconds, seconds } = items[i]!;
      const gap = arrivalSeconds - items[i - 1]!.arrivalSeconds;
      const start = Math.max(arrivalSeconds, freeAt);
      freeAt = start + (servers === 1 ? 1 : seconds / servers);
      if (i < this.#skip) continue;
      const each = [
        gap,
        seconds,
        gap * gap,
        seconds * seconds,
        gap * items[i - 1]!.seconds,
        start - arrivalSeconds,
      ];
      for (let k = 0; k < 6; k++) sums[k]! += each[k]!;
    }
    const single = servers === 1 ? load / (2 * (1 - load)) : load / (servers * (1 - load));
    const known = [meanGap, 1, 2 * meanGap * meanGap, 2, meanGap, single];
    return { controls: sums.map((sum, k) => sum / ARRIVALS - known[k]!) };
  }
}

/** Mean wait of the engine's queue, with an interval of the given confidence from independent replications. */
export function simulateMmc(cell: MmcCell, seed: number, confidence: number): MmcEstimate {
  const replication = new Replication(cell);
  const values: number[] = [];
  const controls: number[][] = [];
  let pathError = 0;
  for (let r = 0; r < cell.replications; r++) {
    const random = new RandomStream(seed).fork(`M/M/${cell.servers} ${cell.load} ${r}`);
    const one = replication.run(random);
    values.push(one.wait);
    controls.push(one.controls);
    pathError = Math.max(pathError, one.pathError);
  }
  return {
    exact: erlangWait(cell.servers, cell.load),
    ...controlledMean(values, controls, confidence),
    pathError,
    arrivals: cell.replications * ARRIVALS,
  };
}
