import type { Milliseconds } from '../../util/units.ts';
import type { LoopTime } from '../ports.ts';
import type { RunningItem, WaitingItem } from './queue-items.ts';

/** A watch that does not tell of a write for so long has missed it, or the write was undone. */
const LOST_MILLISECONDS: Milliseconds = 60_000;

/** What was admitted and is still told to wait: the watch comes a moment after the write. */
export class Underway {
  readonly #time: Pick<LoopTime, 'unixMilliseconds' | 'monotonicMilliseconds'>;
  readonly #items = new Map<string, { readonly item: RunningItem; readonly since: Milliseconds }>();

  constructor(time: Pick<LoopTime, 'unixMilliseconds' | 'monotonicMilliseconds'>) {
    this.#time = time;
  }

  begin(item: WaitingItem): void {
    const admittedUnixMilliseconds = this.#time.unixMilliseconds();
    const since = this.#time.monotonicMilliseconds();
    this.#items.set(item.uid, { item: { ...item, admittedUnixMilliseconds }, since });
  }

  end(uid: string): void {
    this.#items.delete(uid);
  }

  /** Those that are to be chosen from; what waits no more is forgotten here. */
  stillWaiting(all: readonly WaitingItem[]): readonly WaitingItem[] {
    const here = new Set(all.map(({ uid }) => uid));
    const now = this.#time.monotonicMilliseconds();
    for (const [uid, { since }] of this.#items)
      if (!here.has(uid) || now - since > LOST_MILLISECONDS) this.#items.delete(uid);
    return all.filter(({ uid }) => !this.#items.has(uid));
  }

  *items(): IterableIterator<RunningItem> {
    for (const { item } of this.#items.values()) yield item;
  }
}
