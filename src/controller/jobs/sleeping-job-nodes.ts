import type { SleepingNodes } from '../ports.ts';

/** Nodes of a whole Job that sleep: joined by commas, as its plan names them. A Job waits until all of them are up. */
export class SleepingJobNodes implements SleepingNodes {
  readonly #nodes: SleepingNodes;
  readonly #wanted = new Map<string, readonly string[]>();

  constructor(nodes: SleepingNodes) {
    this.#nodes = nodes;
  }

  readiness(nodes: string): 'ready' | 'asleep' | 'lost' {
    const all = nodes.split(',').map((node) => this.#nodes.readiness(node));
    return all.includes('lost') ? 'lost' : all.includes('asleep') ? 'asleep' : 'ready';
  }

  want(uid: string, nodes: string): void {
    this.release(uid);
    const keys: string[] = [];
    // Those that are up are wanted too: they are not to go to sleep meanwhile.
    for (const node of nodes.split(',')) {
      const key = `${uid}/${node}`;
      keys.push(key);
      this.#nodes.want(key, node);
    }
    this.#wanted.set(uid, keys);
  }

  release(uid: string): void {
    for (const key of this.#wanted.get(uid) ?? []) this.#nodes.release(key);
    this.#wanted.delete(uid);
  }
}
