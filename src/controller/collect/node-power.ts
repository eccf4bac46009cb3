import type { NodeEnergyReading, NodeJoules } from '../../cluster/node-energy.ts';
import type { Milliseconds, Watts } from '../../util/units.ts';

interface LastPower {
  readonly joules: NodeJoules;
  readonly watts: Watts | undefined;
}

/** A source is asked again long before; Prometheus may scrape once a minute. */
const STALE: Milliseconds = 180_000;

/** The power of all nodes together, from their joules. */
export class NodePower {
  #last = new Map<string, LastPower>();

  take({ nodes }: NodeEnergyReading): void {
    const now = new Map<string, LastPower>();
    for (const [node, joules] of nodes) {
      const before = this.#last.get(node);
      now.set(node, before === undefined ? { joules, watts: undefined } : after(before, joules));
    }
    // A node that is missing is not known, and its joules may begin anew.
    this.#last = now;
  }

  /** Undefined where it is not known of one of the nodes. */
  total(nodes: Iterable<string>, now: Milliseconds): Watts | undefined {
    let total = 0;
    let count = 0;
    for (const node of nodes) {
      const last = this.#last.get(node);
      if (last?.watts === undefined || now - last.joules.asOfUnixMilliseconds > STALE) return undefined;
      total += last.watts;
      count++;
    }
    return count === 0 ? undefined : total;
  }
}

/** A source that has not counted since says nothing new. */
function after(before: LastPower, joules: NodeJoules): LastPower {
  const milliseconds = joules.asOfUnixMilliseconds - before.joules.asOfUnixMilliseconds;
  if (milliseconds <= 0) return before;
  return { joules, watts: (joules.joules - before.joules.joules) / (milliseconds / 1000) };
}
