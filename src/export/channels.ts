import type { ZoneInterval } from '../attribution/interval.ts';
import type { GapReason, Provenance, Zone } from '../meter/power-source.ts';

/**
 * What entities are charged by: all counted zones of one kind together (both packages of a two-socket machine
 * are one channel `package`), except GPUs and zones of no known kind, of which each is a channel of its own.
 */
export interface Channel {
  /** Zone kind, or the zone's id for a GPU or a zone of no known kind. */
  readonly id: string;
  readonly gpu: Zone | undefined;
  /** The weakest provenance among the zones of the channel. */
  provenance: Provenance;
  /** False while a zone of the channel is unknown for a moment: its power is then missing, not smaller. */
  known: boolean;
}

const weakestFirst: readonly Provenance[] = ['estimated', 'recorded', 'integrated', 'measured'];

/** The provenance to tell of a sum: that of its weakest part; undefined for an empty sum. */
export function weakestProvenance(parts: Iterable<Provenance>): Provenance | undefined {
  const present = new Set(parts);
  return weakestFirst.find((provenance) => present.has(provenance));
}

/** A zone with one of these is out until further notice: the node is then the sum of what is left. */
const lasting: ReadonlySet<GapReason> = new Set(['vanished', 'unreadable']);

/**
 * Whether the power of a sum over these zones is known. A passing gap (a first reading, a jump thrown away) makes
 * it unknown; a zone that is gone for good only makes it smaller, and its gap is counted and shown.
 */
export function sumIsKnown(zones: readonly ZoneInterval[]): boolean {
  let readable = 0;
  for (const { energyMicrojoules, gap } of zones) {
    if (energyMicrojoules !== undefined) readable++;
    else if (gap === undefined || !lasting.has(gap)) return false;
  }
  return readable > 0;
}

/** Maps the zones of an interval to channels. Cheap where the zones are the same objects as in the last interval. */
export class ChannelMap {
  readonly channels: Channel[] = [];
  #zones: readonly Zone[] = [];
  #channelOfZone: Int32Array = new Int32Array(0);

  /** Channel of each zone by index, -1 for zones that are not counted. */
  update(zones: readonly ZoneInterval[]): Int32Array {
    if (!this.#same(zones)) this.#rebuild(zones);
    for (const [index, channel] of this.channels.entries()) {
      channel.known = sumIsKnown(zones.filter((_, zone) => this.#channelOfZone[zone] === index));
    }
    return this.#channelOfZone;
  }

  #same(zones: readonly ZoneInterval[]): boolean {
    return zones.length === this.#zones.length && zones.every(({ zone }, i) => zone === this.#zones[i]);
  }

  #rebuild(zones: readonly ZoneInterval[]): void {
    this.#zones = zones.map(({ zone }) => zone);
    this.#channelOfZone = Int32Array.from(this.#zones, (zone) => {
      if (!zone.counted) return -1;
      const id = zone.kind === 'gpu' || zone.kind === 'other' ? zone.id : zone.kind;
      const found = this.channels.findIndex((channel) => channel.id === id);
      if (found >= 0) return found;
      const gpu = zone.kind === 'gpu' ? zone : undefined;
      this.channels.push({ id, gpu, provenance: zone.provenance, known: false });
      return this.channels.length - 1;
    });
    for (const [index, channel] of this.channels.entries()) {
      const parts = this.#zones.filter((_, zone) => this.#channelOfZone[zone] === index);
      channel.provenance = weakestProvenance(parts.map((zone) => zone.provenance)) ?? channel.provenance;
    }
  }
}
