import type { SleepingNodes } from '../ports.ts';

/** Where the placement loop asks for nodes, and the sleeper answers. Without a sleeper every node is ready. */
export class WakeRequests implements SleepingNodes {
  readonly #wanted = new Map<string, string>();
  readonly #listeners = new Set<() => void>();
  #states: ReadonlyMap<string, 'asleep' | 'lost'> = new Map();

  readiness(node: string): 'ready' | 'asleep' | 'lost' {
    return this.#states.get(node) ?? 'ready';
  }

  want(uid: string, node: string): void {
    this.#wanted.set(uid, node);
    for (const listener of this.#listeners) listener();
  }

  release(uid: string): void {
    this.#wanted.delete(uid);
  }

  /** Nodes that pods wait for. */
  get nodes(): ReadonlySet<string> {
    return new Set(this.#wanted.values());
  }

  /** In place of what was told before. */
  tell(states: ReadonlyMap<string, 'asleep' | 'lost'>): void {
    this.#states = states;
  }

  /** Called after every new wish. Returns what ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
