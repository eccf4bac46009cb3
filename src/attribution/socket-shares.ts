import type { HostCpuInterval } from './host-cpu.ts';
import type { UsageInterval } from './usage.ts';

/** How much of each socket's active energy a part gets: rows = parts, columns = sockets; one more row = unattributed. */
export interface SocketShares {
  readonly sockets: number;
  /** Row-major, (parts + 1) x sockets; each column with any work sums to 1. */
  readonly bySocket: Float64Array;
  /** (parts + 1): share of the whole machine's work, for zones that belong to no socket. Sums to 1 where any work was done. */
  readonly overall: Float64Array;
}

/** How fast the picture of where a process runs follows what was seen last. */
const FOLLOW = 0.3;
const ROUNDS = 8;
/** What is taken to have run anywhere, of every process: lets the fitting move what was seen in the wrong place. */
const ANYWHERE = 0.005;

/**
 * Places the CPU time of processes on sockets. With one socket there is nothing to place and the shares are exact.
 * With several, a process lies where it was last seen running (a running mean over ticks); a few rounds of
 * iterative proportional fitting make the columns agree with what /proc/stat says each socket did.
 */
export class SocketPlacer {
  readonly #sockets: readonly number[];
  readonly #socketOf: Int32Array;
  /** slot -> share of each socket, by a running mean. */
  readonly #seen = new Map<number, Float64Array>();

  constructor(topology: { readonly sockets: readonly number[]; readonly socketOf: Int32Array }) {
    this.#sockets = topology.sockets;
    this.#socketOf = topology.socketOf;
  }

  place(usage: UsageInterval, host: HostCpuInterval | undefined): SocketShares {
    const sockets = Math.max(1, this.#sockets.length);
    const rows = usage.parts.length + 1;
    const work = new Float64Array(rows);
    for (let row = 0; row < usage.parts.length; row++) {
      const part = usage.parts[row]!;
      const weight = part.lastCpu >= 0 ? (host?.cpuWeight[part.lastCpu] ?? 1) : (host?.meanWeight ?? 1);
      work[row] = part.cpuNanoseconds * weight;
    }
    work[rows - 1] = usage.unattributedNanoseconds * (host?.meanWeight ?? 1);
    const overall = normalised(work);
    if (sockets === 1) return { sockets, bySocket: overall, overall };

    const bySocket = this.#fit(usage, host, work, sockets);
    return { sockets, bySocket, overall };
  }

  /** Forgets a slot whose process is gone, so that the next one in it starts anew. */
  forget(slot: number): void {
    this.#seen.delete(slot);
  }

  #fit(
    usage: UsageInterval,
    host: HostCpuInterval | undefined,
    work: Float64Array,
    sockets: number,
  ): Float64Array {
    const rows = work.length;
    const columns = new Float64Array(sockets);
    const hostBusy = host?.socketBusyNanoseconds;
    const hostTotal = hostBusy?.reduce((sum, value) => sum + value, 0) ?? 0;
    const total = work.reduce((sum, value) => sum + value, 0);
    for (let s = 0; s < sockets; s++)
      columns[s] = hostTotal > 0 ? (hostBusy![s]! / hostTotal) * total : total / sockets;

    const matrix = new Float64Array(rows * sockets);
    for (let row = 0; row < rows; row++) {
      const seen = row < usage.parts.length ? this.#location(usage.parts[row]!, sockets) : undefined;
      for (let s = 0; s < sockets; s++) {
        // Spread as the sockets' work is, so that a picture that agrees with them already is not disturbed.
        const anywhere = columns[s]! / (total || 1);
        const prior = seen === undefined ? anywhere : ANYWHERE * anywhere + (1 - ANYWHERE) * seen[s]!;
        matrix[row * sockets + s] = work[row]! * prior;
      }
    }
    for (let round = 0; round < ROUNDS; round++) {
      scaleColumns(matrix, rows, sockets, columns);
      scaleRows(matrix, rows, sockets, work);
    }
    scaleColumns(matrix, rows, sockets, new Float64Array(sockets).fill(1));
    return matrix;
  }

  #location(part: UsageInterval['parts'][number], sockets: number): Float64Array | undefined {
    if (part.slot < 0) return undefined;
    let seen = this.#seen.get(part.slot);
    const socket = part.lastCpu >= 0 ? this.#sockets.indexOf(this.#socketOf[part.lastCpu] ?? -1) : -1;
    if (socket >= 0) {
      if (seen === undefined) {
        seen = new Float64Array(sockets);
        seen[socket] = 1;
        this.#seen.set(part.slot, seen);
      } else {
        for (let s = 0; s < sockets; s++) seen[s] = seen[s]! * (1 - FOLLOW) + (s === socket ? FOLLOW : 0);
      }
    }
    return seen;
  }
}

function normalised(work: Float64Array): Float64Array {
  let total = 0;
  for (const value of work) total += value;
  return total > 0 ? work.map((value) => value / total) : work;
}

function scaleColumns(matrix: Float64Array, rows: number, columns: number, targets: Float64Array): void {
  for (let column = 0; column < columns; column++) {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += matrix[row * columns + column]!;
    if (sum === 0) continue;
    for (let row = 0; row < rows; row++) matrix[row * columns + column]! *= targets[column]! / sum;
  }
}

function scaleRows(matrix: Float64Array, rows: number, columns: number, targets: Float64Array): void {
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) sum += matrix[row * columns + column]!;
    if (sum === 0) continue;
    for (let column = 0; column < columns; column++) matrix[row * columns + column]! *= targets[row]! / sum;
  }
}
