import type { EnergyInterval, EntityShare, IntervalSink } from '../../attribution/interval.ts';
import type { NodeEnergySource } from '../../cluster/node-energy.ts';
import type { Entity } from '../../inventory/entity.ts';
import type { EpochCounters, EpochJoules, EpochReading } from '../../kubernetes/energy/epoch-counters.ts';
import { type HostIdentity, matchNodes, type NodeMatches } from '../../kubernetes/energy/match-nodes.ts';
import type { NodeIdentity } from '../../kubernetes/energy/node-identity.ts';
import type { Clock } from '../../util/clock.ts';
import type { Logger } from '../../util/log.ts';
import type { Joules, Milliseconds, Nanoseconds } from '../../util/units.ts';

export interface MeteredCountersOptions {
  readonly host: HostIdentity;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Account {
  joules: Joules;
  epoch: number;
  began: string;
}

interface SeenMachine {
  readonly entity: Entity;
  seenAt: Nanoseconds;
}

/** A guest that burnt nothing for so long does not run any more; its name may be given to another one. */
const FORGET_AFTER: Nanoseconds = 3600e9;

/**
 * The joules of the nodes that this host meters: of itself all that it burns, of its guests and containers what they are
 * charged with. A guest's idle power is the host's: what the host burns when nobody works belongs to no guest.
 */
export class MeteredCounters implements IntervalSink, EpochCounters {
  readonly #options: MeteredCountersOptions;
  readonly #machines = new Map<string, SeenMachine>();
  readonly #accounts = new Map<string, Account>();
  #nodes: readonly NodeIdentity[] = [];
  #names: ReadonlySet<string> = new Set();
  #matches: NodeMatches = { host: undefined, machines: new Map(), reasons: new Map() };
  #isStale = false;
  #epochs = 0;
  #asOf: Milliseconds | undefined;
  #source: NodeEnergySource = 'metered';

  constructor(options: MeteredCountersOptions) {
    this.#options = options;
  }

  /** The nodes of the cluster, whenever one came, went or became another machine. */
  setNodes(nodes: readonly NodeIdentity[]): void {
    this.#nodes = nodes;
    this.#names = new Set(nodes.map(({ name }) => name.toLowerCase()));
    this.#isStale = true;
    this.#match();
  }

  /** The node that a guest of this host is. */
  nodeOf(guest: Entity): string | undefined {
    return guest.kind === 'vm' ? this.#matches.machines.get(guest.key) : undefined;
  }

  /** Nodes that are guests of this host, with a kernel of their own. */
  get guestNodes(): readonly string[] {
    return [...this.#matches.machines].flatMap(([key, node]) =>
      this.#machines.get(key)?.entity.kind === 'vm' ? [node] : [],
    );
  }

  /** Whether this host meters the node. */
  has(node: string): boolean {
    return this.#accounts.has(node);
  }

  accept(interval: EnergyInterval): void {
    const found = this.#look(interval);
    this.#match();
    this.#asOf = interval.endUnixMilliseconds;
    const counted = interval.zones.filter(({ zone }) => zone.counted);
    const source = counted.some(({ zone }) => zone.provenance === 'estimated') ? 'modelled' : 'metered';
    if (source !== this.#source) this.#breakAll(`the source of this host's energy is another`);
    this.#source = source;
    const unknown = counted.filter(({ energyMicrojoules }) => energyMicrojoules === undefined);
    if (unknown.length > 0)
      this.#breakAll(
        `energy of ${unknown.map(({ zone, gap }) => `${zone.id} (${gap})`).join(', ')} was unknown`,
      );
    const { host, machines } = this.#matches;
    if (host !== undefined) this.#accounts.get(host)!.joules += interval.energyMicrojoules / 1e6;
    if (interval.remarks.includes('scan-failed')) {
      for (const node of machines.values()) this.#break(node, 'nobody knows who used the energy for a while');
    }
    for (const { entity, energyMicrojoules } of found) {
      const node = machines.get(entity.key);
      if (node !== undefined) this.#accounts.get(node)!.joules += energyMicrojoules / 1e6;
    }
  }

  read(signal?: AbortSignal): Promise<EpochReading> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const now = this.#options.clock.unixMilliseconds();
    const nodes = new Map<string, EpochJoules>();
    const missing = new Map<string, string>();
    for (const { name } of this.#nodes) {
      const account = this.#accounts.get(name);
      if (account === undefined) missing.set(name, this.#matches.reasons.get(name) ?? 'it is not known yet');
      else if (this.#asOf === undefined) missing.set(name, 'the meter has measured nothing yet');
      else nodes.set(name, { ...account, source: this.#source, asOfUnixMilliseconds: this.#asOf });
    }
    return Promise.resolve({ unixMilliseconds: now, nodes, missing });
  }

  /** The shares of machines that may be nodes. Most of the others are processes: they cost one comparison. */
  #look({ shares, endMonotonicNanoseconds: now }: EnergyInterval): EntityShare[] {
    const found: EntityShare[] = [];
    for (const share of shares) {
      const { entity } = share;
      if (entity.kind !== 'vm' && entity.kind !== 'container') continue;
      if (entity.kind === 'container' && !this.#names.has(entity.name.toLowerCase())) continue;
      found.push(share);
      const known = this.#machines.get(entity.key);
      if (known?.entity === entity) {
        known.seenAt = now;
        continue;
      }
      this.#machines.set(entity.key, { entity, seenAt: now });
      this.#isStale = true;
    }
    for (const [key, { seenAt }] of this.#machines) {
      if (now - seenAt <= FORGET_AFTER) continue;
      this.#machines.delete(key);
      this.#isStale = true;
    }
    return found;
  }

  #match(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    const machines = [...this.#machines.values()].map(({ entity }) => entity);
    this.#matches = matchNodes(this.#nodes, this.#options.host, machines);
    const { host, machines: matched } = this.#matches;
    const now = new Set([...matched.values(), ...(host === undefined ? [] : [host])]);
    for (const node of [...this.#accounts.keys()]) {
      if (now.has(node)) continue;
      this.#accounts.delete(node);
      this.#options.log.info('node-not-metered-here', { node, because: this.#matches.reasons.get(node) });
    }
    for (const node of now) {
      if (this.#accounts.has(node)) continue;
      this.#epochs += 1;
      this.#accounts.set(node, { joules: 0, epoch: this.#epochs, began: 'it is metered here from now on' });
      this.#options.log.info('node-metered-here', {
        node,
        as: node === host ? 'this host' : 'a machine of it',
      });
    }
  }

  #breakAll(why: string): void {
    for (const node of this.#accounts.keys()) this.#break(node, why);
  }

  #break(node: string, why: string): void {
    const account = this.#accounts.get(node)!;
    this.#epochs += 1;
    account.epoch = this.#epochs;
    account.began = why;
  }
}
