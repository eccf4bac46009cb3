import type { Watts } from '../util/units.ts';
import { powerModelErrors } from './errors.ts';
import type { CurveProvenance, PowerCurve } from './power-curve.ts';

export interface SocketParameters {
  /** Hardware threads (virtual CPUs) of the node. */
  readonly threads: number;
  readonly threadsPerCore: number;
  readonly coresPerSocket: number;
  /** Of one socket with no core at work, and with any. */
  readonly idleWattsPerSocket: Watts;
  readonly activeWattsPerSocket: Watts;
}

/** Numbers of PWR for every node of its cluster, a Xeon E5-2682 v4 (Lettich et al., CCGrid 2025, arXiv 2412.17484). */
export const PWR_SOCKETS: Omit<SocketParameters, 'threads'> = {
  threadsPerCore: 2,
  coresPerSocket: 16,
  idleWattsPerSocket: 15,
  activeWattsPerSocket: 120,
};

/** What sums of shares can be off a whole thread. */
const ROUNDING = 1e-6;

/**
 * PWR's steps: threads in use fill cores, cores fill sockets, and a socket draws its full watts as soon as one core of it
 * works. cores = ceil(threads / 2); at work = cores - floor(free threads / 2); active sockets = ceil(at work / 16).
 */
export class SocketCurve implements PowerCurve {
  readonly kind = 'sockets';
  readonly idleWatts: Watts;
  readonly fullWatts: Watts;
  readonly provenance: CurveProvenance;
  readonly parameters: SocketParameters;
  readonly sockets: number;
  readonly #cores: number;

  /** @throws KISIM_E_CURVE_FALLS, KISIM_E_CURVE_INVALID */
  constructor(parameters: SocketParameters, provenance: CurveProvenance) {
    const { threads, threadsPerCore, coresPerSocket, idleWattsPerSocket, activeWattsPerSocket } = parameters;
    const usable =
      [threads, threadsPerCore, coresPerSocket].every((each) => each > 0 && Number.isFinite(each)) &&
      idleWattsPerSocket >= 0 &&
      Number.isFinite(activeWattsPerSocket);
    if (!usable) throw powerModelErrors.KISIM_E_CURVE_INVALID(`sockets of ${JSON.stringify(parameters)}`);
    if (activeWattsPerSocket < idleWattsPerSocket) {
      const fall = `a socket falls from ${idleWattsPerSocket} W to ${activeWattsPerSocket} W`;
      throw powerModelErrors.KISIM_E_CURVE_FALLS(fall);
    }
    this.parameters = parameters;
    this.provenance = provenance;
    this.#cores = Math.ceil(threads / threadsPerCore);
    this.sockets = Math.ceil(this.#cores / coresPerSocket);
    this.idleWatts = this.sockets * idleWattsPerSocket;
    this.fullWatts = this.sockets * activeWattsPerSocket;
  }

  /** @throws KISIM_E_CURVE_UTILISATION for NaN */
  watts(utilisation: number): Watts {
    if (!(utilisation > 0)) {
      if (Number.isNaN(utilisation)) throw powerModelErrors.KISIM_E_CURVE_UTILISATION('NaN');
      return this.idleWatts;
    }
    if (utilisation >= 1) return this.fullWatts;
    return this.wattsWhenFree(this.parameters.threads * (1 - utilisation));
  }

  /** Watts with so many threads free, 0 to all. */
  wattsWhenFree(freeThreads: number): Watts {
    const { threadsPerCore, coresPerSocket, idleWattsPerSocket, activeWattsPerSocket } = this.parameters;
    const atWork = this.#cores - Math.floor((freeThreads + ROUNDING) / threadsPerCore);
    const active = Math.ceil(atWork / coresPerSocket);
    return active * activeWattsPerSocket + (this.sockets - active) * idleWattsPerSocket;
  }
}
