/**
 * Stretches of time in which nobody could free a pod: no server, or no leader. Milliseconds of one clock; samples must come in
 * order.
 */
export class Outages {
  readonly #grace: number;
  readonly #stretches: { from: number; to: number }[] = [];
  #since: number | undefined;

  /** @param grace what a leader may take afterwards to see what there is */
  constructor(grace: number) {
    this.#grace = grace;
  }

  sample(at: number, isServed: boolean): void {
    if (!isServed) this.#since ??= at;
    else if (this.#since !== undefined) {
      this.#add(this.#since, at + this.#grace);
      this.#since = undefined;
    }
  }

  get count(): number {
    return this.#stretches.length + (this.#since === undefined ? 0 : 1);
  }

  /** Each with the grace after it. */
  get lengths(): readonly number[] {
    return this.#stretches.map(({ from, to }) => to - from);
  }

  /** How much of the time between two instants they take. */
  within(from: number, to: number): number {
    const open = this.#since === undefined ? [] : [{ from: this.#since, to: Number.POSITIVE_INFINITY }];
    return [...this.#stretches, ...open].reduce(
      (sum, stretch) => sum + Math.max(0, Math.min(to, stretch.to) - Math.max(from, stretch.from)),
      0,
    );
  }

  /** Those that touch are one. */
  #add(from: number, to: number): void {
    const last = this.#stretches.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else this.#stretches.push({ from, to });
  }
}
