/**
 * Stretches of time in which nobody could free a pod: no server, or no leader. Milliseconds of one clock; samples must come in
 * order.
 */
export class Outages {
  readonly #stretches: { from: number; to: number }[] = [];
  #since: number | undefined;
  #grace = 0;

  /** @param missing undefined: there are both; otherwise what a leader may take to see what there is, once there are both again */
  sample(at: number, missing: { readonly grace: number } | undefined): void {
    if (missing !== undefined) {
      this.#since ??= at;
      this.#grace = Math.max(this.#grace, missing.grace);
    } else if (this.#since !== undefined) {
      this.#add(this.#since, at + this.#grace);
      this.#since = undefined;
      this.#grace = 0;
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
