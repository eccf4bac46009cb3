import type { CpuCount, NodeUse, NodeUseSink } from '../../attribution/node-use.ts';
import type { CollectionSink } from '../../history/collection-record.ts';
import type { Milliseconds } from '../../util/units.ts';

interface LastUse {
  readonly cpu: CpuCount | undefined;
  readonly cpuMilli: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly heardAt: Milliseconds;
}

export interface UseOfAll {
  readonly cpuMilli: number | undefined;
  readonly memoryBytes: number | undefined;
}

/** An answer that is older says nothing of now: nodes are asked every 10 to 15 seconds, twice as seldom where one does not answer. */
const STALE: Milliseconds = 60_000;

/** What is really in use on the nodes: kept as it is read, and summed up over all of them. */
export class NodeUses implements NodeUseSink {
  readonly #sink: CollectionSink;
  readonly #last = new Map<string, LastUse>();

  constructor(sink: CollectionSink) {
    this.#sink = sink;
  }

  take({ node, source, cpu, memoryBytes, receivedUnixMilliseconds }: NodeUse): void {
    const before = this.#last.get(node);
    const cpuMilli = cpu === undefined ? undefined : milliBetween(before?.cpu, cpu);
    this.#last.set(node, {
      cpu: cpu ?? before?.cpu,
      // A counter that has not moved on since says nothing new.
      cpuMilli: cpuMilli ?? (cpu === undefined ? undefined : before?.cpuMilli),
      memoryBytes,
      heardAt: receivedUnixMilliseconds,
    });
    if (cpuMilli === undefined && memoryBytes === undefined) return;
    this.#sink.collected({
      kind: 'node-use',
      record: {
        unixMilliseconds: cpu?.unixMilliseconds ?? receivedUnixMilliseconds,
        node,
        source: source === 'metrics' ? 'metrics-server' : source,
        cpuMilli,
        memoryBytes,
      },
    });
  }

  /** Undefined where it is not known of one of the nodes. */
  total(nodes: Iterable<string>, now: Milliseconds): UseOfAll {
    let cpuMilli: number | undefined = 0;
    let memoryBytes: number | undefined = 0;
    const named = new Set(nodes);
    for (const node of named) {
      const last = this.#last.get(node);
      const use = last !== undefined && now - last.heardAt <= STALE ? last : undefined;
      cpuMilli = sum(cpuMilli, use?.cpuMilli);
      memoryBytes = sum(memoryBytes, use?.memoryBytes);
    }
    for (const node of this.#last.keys()) if (!named.has(node)) this.#last.delete(node);
    return named.size === 0 ? { cpuMilli: undefined, memoryBytes: undefined } : { cpuMilli, memoryBytes };
  }
}

function sum(total: number | undefined, more: number | undefined): number | undefined {
  return total === undefined || more === undefined ? undefined : total + more;
}

/** Undefined for the first count, one that is no newer, and one that began anew. */
function milliBetween(before: CpuCount | undefined, now: CpuCount): number | undefined {
  if (before === undefined) return undefined;
  const milliseconds = now.unixMilliseconds - before.unixMilliseconds;
  const nanoseconds = now.cpuNanoseconds - before.cpuNanoseconds;
  return milliseconds > 0 && nanoseconds >= 0 ? nanoseconds / 1000 / milliseconds : undefined;
}
