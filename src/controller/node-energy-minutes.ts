import type { NodeEnergyReading, NodeJoules } from '../cluster/node-energy.ts';
import type { NodeEnergyRecord } from '../history/node-energy-record.ts';

const MINUTE = 60_000;

/** Makes minutes out of readings of counters. What two readings have between them is spread evenly over the time between. */
export class NodeEnergyMinutes {
  readonly #last = new Map<string, NodeJoules>();

  /** What was counted since the reading before; nothing of a node that is there for the first time, or again. */
  take({ nodes, missing }: NodeEnergyReading): readonly NodeEnergyRecord[] {
    const records: NodeEnergyRecord[] = [];
    // A counter that began anew says nothing of the time between.
    for (const node of this.#last.keys()) if (missing.has(node) || !nodes.has(node)) this.#last.delete(node);
    for (const [node, now] of nodes) {
      const before = this.#last.get(node);
      // The source has not counted since: its joules come with its next count.
      if (before !== undefined && now.asOfUnixMilliseconds <= before.asOfUnixMilliseconds) continue;
      this.#last.set(node, now);
      if (before === undefined || before.source !== now.source || now.joules < before.joules) continue;
      spread(node, before, now, records);
    }
    return records;
  }
}

/** The parts add up to the whole, to the microjoule and millisecond. */
function spread(node: string, before: NodeJoules, now: NodeJoules, records: NodeEnergyRecord[]): void {
  const from = Math.round(before.asOfUnixMilliseconds);
  const to = Math.round(now.asOfUnixMilliseconds);
  const microjoules = Math.round((now.joules - before.joules) * 1e6);
  let told = 0;
  for (let at = from; at < to; ) {
    const minute = Math.floor(at / MINUTE);
    const end = Math.min(to, (minute + 1) * MINUTE);
    const until = Math.round((microjoules * (end - from)) / (to - from));
    records.push({
      node,
      unixSeconds: minute * 60,
      microjoules: until - told,
      source: now.source,
      coveredMilliseconds: end - at,
    });
    told = until;
    at = end;
  }
}
