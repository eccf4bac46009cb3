/**
 * What has to be undone, last thing first. Runs when the part ends, and also when it is interrupted: mounts and
 * processes of a half-run test would otherwise stay on the machine.
 */
export class Cleanups {
  readonly #actions: { readonly what: string; readonly undo: () => void }[] = [];
  readonly #interrupted = (signal: NodeJS.Signals): void => {
    this.run();
    process.kill(process.pid, signal);
  };

  constructor() {
    process.once('SIGINT', this.#interrupted);
    process.once('SIGTERM', this.#interrupted);
  }

  add(what: string, undo: () => void): void {
    this.#actions.push({ what, undo });
  }

  /** Undoes everything; what fails is told, and the rest is undone all the same. */
  run(): void {
    process.off('SIGINT', this.#interrupted);
    process.off('SIGTERM', this.#interrupted);
    for (let action = this.#actions.pop(); action !== undefined; action = this.#actions.pop()) {
      try {
        action.undo();
      } catch (error) {
        process.exitCode = 1;
        process.stderr.write(`clean-up failed: ${action.what}: ${String(error)}\n`);
      }
    }
  }
}
