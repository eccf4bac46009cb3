import type { Resource } from './burden.ts';

/** A resource that is held has a mean within this share of what was asked for. */
export const TOLERANCE = 0.05;

export interface Holding {
  readonly resource: Resource;
  /** In cores, bytes, or bytes per second. */
  readonly asked: number;
  /** The mean, of the same unit; undefined before the first window has ended. */
  readonly held: number | undefined;
  /** held / asked - 1. */
  readonly deviation: number | undefined;
  readonly windows: number;
  /** Share of the windows within 5 % of what was asked for. */
  readonly windowsWithin: number | undefined;
  /** The deviation of the window that was furthest away. */
  readonly worstWindow: number | undefined;
  readonly lastWindow: number | undefined;
}

/** Compares what was held with what was asked for, by windows of equal length as good as the clock gives them. */
export class Tally {
  readonly #resource: Resource;
  readonly #asked: number;
  #sum = 0;
  #seconds = 0;
  #windows = 0;
  #within = 0;
  #worst: number | undefined;
  #last: number | undefined;

  constructor(resource: Resource, asked: number) {
    this.#resource = resource;
    this.#asked = asked;
  }

  /** A window that has ended: its mean rate or level, and its length. */
  window(mean: number, seconds: number): void {
    this.#sum += mean * seconds;
    this.#seconds += seconds;
    this.#windows++;
    const deviation = mean / this.#asked - 1;
    if (Math.abs(deviation) <= TOLERANCE) this.#within++;
    if (this.#worst === undefined || Math.abs(deviation) > Math.abs(this.#worst)) this.#worst = deviation;
    this.#last = mean;
  }

  holding(): Holding {
    const seen = this.#windows > 0;
    const held = seen ? this.#sum / this.#seconds : undefined;
    return {
      resource: this.#resource,
      asked: this.#asked,
      held,
      deviation: held === undefined ? undefined : held / this.#asked - 1,
      windows: this.#windows,
      windowsWithin: seen ? this.#within / this.#windows : undefined,
      worstWindow: this.#worst,
      lastWindow: this.#last,
    };
  }
}

export function isHeld({ deviation }: Holding): boolean {
  return deviation !== undefined && Math.abs(deviation) <= TOLERANCE;
}
