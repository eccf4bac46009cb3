/** What was told so far, as text, and a way to wait for more without a clock. */
export class Told {
  readonly all: string[] = [];
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  add(text: string): void {
    this.all.push(text);
    this.check();
  }

  /** To be called where something else changed that somebody may wait for. */
  check(): void {
    const held = this.#waiting.filter(({ holds }) => holds());
    this.#waiting = this.#waiting.filter((each) => !held.includes(each));
    for (const { resolve } of held) resolve();
  }

  /** Until something holds, looked at after all that is told. */
  async until(holds: () => boolean): Promise<void> {
    if (!holds()) await new Promise<void>((resolve) => this.#waiting.push({ holds, resolve }));
  }

  async has(text: string, times = 1): Promise<void> {
    await this.until(() => this.all.filter((each) => each === text).length >= times);
  }

  /** All since it was last asked. */
  take(): string[] {
    return this.all.splice(0);
  }
}
