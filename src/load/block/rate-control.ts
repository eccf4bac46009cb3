/**
 * How much work may be under way so that what is measured follows a straight line: `asked` per second from the start on.
 * It looks at the sum since the start, not at the last interval, so errors of single intervals do not add up: one that
 * came late or did too much is made good in the next.
 */
export class RateControl {
  readonly #askedPerSecond: number;
  readonly #horizonSeconds: number;
  readonly #mostLag: number;
  #forgiven = 0;

  /**
   * @param horizonSeconds work is allowed for this long in advance, until the next look
   * @param mostLagSeconds what lies further back is not made up for: after a minute in which the machine had no time, others
   * should not see a minute of twice the rate
   */
  constructor(askedPerSecond: number, horizonSeconds: number, mostLagSeconds: number) {
    this.#askedPerSecond = askedPerSecond;
    this.#horizonSeconds = horizonSeconds;
    this.#mostLag = askedPerSecond * mostLagSeconds;
  }

  /**
   * @param elapsedSeconds since the start
   * @param measured amount since the start
   * @returns the amount that may be done until the next look, of at least 0
   */
  allowance(elapsedSeconds: number, measured: number): number {
    const lag = this.#askedPerSecond * elapsedSeconds - measured - this.#forgiven;
    if (lag > this.#mostLag) this.#forgiven += lag - this.#mostLag;
    const due = Math.min(lag, this.#mostLag) + this.#askedPerSecond * this.#horizonSeconds;
    return Math.max(0, due);
  }
}
