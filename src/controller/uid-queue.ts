/** First in, first out. */
export class UidQueue {
  #uids: string[] = [];
  #head = 0;

  get size(): number {
    return this.#uids.length - this.#head;
  }

  push(uid: string): void {
    this.#uids.push(uid);
  }

  shift(): string | undefined {
    if (this.#head === this.#uids.length) return undefined;
    const uid = this.#uids[this.#head++];
    if (this.#head > 1024 && this.#head * 2 > this.#uids.length) {
      this.#uids = this.#uids.slice(this.#head);
      this.#head = 0;
    }
    return uid;
  }
}
