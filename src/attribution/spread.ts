import type { Entity } from '../inventory/entity.ts';
import type { Nanoseconds } from '../util/units.ts';

/** What is still to be handed on for one entity. */
export interface Pending {
  readonly entity: Entity;
  /** By lasting zone index. */
  readonly zoneMicrojoules: Float64Array;
  cpuNanoseconds: Nanoseconds;
}

export interface Handed {
  readonly entity: Entity;
  readonly zoneMicrojoules: Float64Array;
  readonly cpuNanoseconds: Nanoseconds;
}

interface Layer {
  readonly until: Nanoseconds;
  readonly pending: readonly Pending[];
}

/** Hands amounts on evenly over a time to come. All of a window has been handed on when its time is over. */
export class Spread {
  #layers: Layer[] = [];

  get isEmpty(): boolean {
    return this.#layers.length === 0;
  }

  /** @param until monotonic; what is left then goes with the interval that ends at or after it */
  add(pending: readonly Pending[], until: Nanoseconds): void {
    const some = pending.filter(
      ({ zoneMicrojoules, cpuNanoseconds }) => cpuNanoseconds > 0 || zoneMicrojoules.some((each) => each > 0),
    );
    if (some.length > 0) this.#layers.push({ until, pending: some });
  }

  /** The part of an interval; entities may be there more than once. */
  take(end: Nanoseconds, duration: Nanoseconds): Handed[] {
    const handed: Handed[] = [];
    this.#layers = this.#layers.filter(({ until, pending }) => {
      const left = until - (end - duration);
      const part = end >= until || left <= 0 ? 1 : duration / left;
      for (const each of pending) handed.push(partOf(each, part));
      return part < 1;
    });
    return handed;
  }

  /** Entities of which something is still to be handed on. */
  *waiting(): Iterable<string> {
    for (const { pending } of this.#layers) for (const { entity } of pending) yield entity.key;
  }
}

function partOf(pending: Pending, part: number): Handed {
  const { entity, zoneMicrojoules } = pending;
  const taken = zoneMicrojoules.map((energy) => energy * part);
  for (let zone = 0; zone < taken.length; zone++)
    zoneMicrojoules[zone] = part === 1 ? 0 : zoneMicrojoules[zone]! - taken[zone]!;
  const cpuNanoseconds = pending.cpuNanoseconds * part;
  pending.cpuNanoseconds -= cpuNanoseconds;
  return { entity, zoneMicrojoules: taken, cpuNanoseconds };
}
