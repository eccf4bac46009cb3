import type { Zone } from '../meter/power-source.ts';
import type { Microjoules } from '../util/units.ts';

/** Gives zones indexes that stay, whatever zones later intervals have. */
export class ZoneIndex {
  readonly #zones: Zone[] = [];
  readonly #indexOf = new Map<string, number>();
  #last: readonly Zone[] = [];
  #ofLast: Int32Array = new Int32Array(0);

  /** The lasting index of each zone of an interval. Cheap where they are the same as in the last one. */
  indexes(zones: readonly Zone[]): Int32Array {
    if (zones.length === this.#last.length && zones.every((zone, at) => zone === this.#last[at]))
      return this.#ofLast;
    this.#last = zones;
    this.#ofLast = Int32Array.from(zones, (zone) => {
      const known = this.#indexOf.get(zone.id);
      if (known !== undefined) {
        this.#zones[known] = zone;
        return known;
      }
      this.#indexOf.set(zone.id, this.#zones.length);
      return this.#zones.push(zone) - 1;
    });
    return this.#ofLast;
  }

  /** Amounts by the zones of an interval, moved to lasting indexes. */
  toLasting(amounts: Float64Array, indexes: Int32Array): Float64Array {
    const lasting = new Float64Array(this.#zones.length);
    for (let at = 0; at < indexes.length; at++) lasting[indexes[at]!]! += amounts[at]!;
    return lasting;
  }

  /**
   * The same the other way. What belongs to a counted zone that the interval has not got (it has vanished since) goes to a
   * counted one of the same kind, or to the first counted one: no energy is lost. Undefined where there is none.
   */
  toInterval(lasting: Float64Array, zones: readonly Zone[], indexes: Int32Array): Float64Array | undefined {
    const amounts = new Float64Array(zones.length);
    const placeOf = new Map<number, number>();
    for (let at = 0; at < indexes.length; at++) placeOf.set(indexes[at]!, at);
    for (let index = 0; index < lasting.length; index++) {
      if (lasting[index] === 0) continue;
      const place = placeOf.get(index) ?? this.#substitute(index, zones);
      if (place === undefined) return undefined;
      if (place >= 0) amounts[place]! += lasting[index]!;
    }
    return amounts;
  }

  /** -1: a zone that was in no sum, and is left out. */
  #substitute(index: number, zones: readonly Zone[]): number | undefined {
    const gone = this.#zones[index]!;
    if (!gone.counted) return -1;
    const alike = zones.findIndex(({ counted, kind }) => counted && kind === gone.kind);
    const place = alike >= 0 ? alike : zones.findIndex(({ counted }) => counted);
    return place >= 0 ? place : undefined;
  }
}

/** Sum over the zones that are part of the node's sum. */
export function countedSum(amounts: Float64Array, zones: readonly Zone[]): Microjoules {
  let sum = 0;
  for (let at = 0; at < zones.length; at++) if (zones[at]!.counted) sum += amounts[at]!;
  return sum;
}
