/** So many at once, and then so many a second. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #atNanoseconds: number;

  constructor(burst: number, perSecond: number, nowNanoseconds: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
    this.#atNanoseconds = nowNanoseconds;
  }

  /** Whether one may pass now; it then has. */
  take(nowNanoseconds: number): boolean {
    this.#fill(nowNanoseconds);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  #fill(nowNanoseconds: number): void {
    const seconds = (nowNanoseconds - this.#atNanoseconds) / 1e9;
    this.#left = Math.min(this.#burst, this.#left + seconds * this.#perSecond);
    this.#atNanoseconds = nowNanoseconds;
  }
}
