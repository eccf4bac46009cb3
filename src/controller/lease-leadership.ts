import type { Leadership } from './ports.ts';

/** Leadership by a lease: `started` and `ended` are the elector's to call. */
export class LeaseLeadership implements Leadership {
  readonly #stillLeader: () => boolean;
  readonly #listeners = new Set<() => void>();
  #hasTerm = false;

  /** @param stillLeader asked each time: a term may have run out before its end is told */
  constructor(stillLeader: () => boolean) {
    this.#stillLeader = stillLeader;
  }

  get isLeader(): boolean {
    return this.#hasTerm && this.#stillLeader();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  readonly started = (): void => this.#change(true);
  readonly ended = (): void => this.#change(false);

  #change(hasTerm: boolean): void {
    this.#hasTerm = hasTerm;
    for (const listener of this.#listeners) listener();
  }
}
