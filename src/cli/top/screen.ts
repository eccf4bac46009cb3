import type { CommandContext } from '../command.ts';
import type { ScreenSize } from './render.ts';

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';

/** What the screen needs of the process it runs in. */
export interface ProcessEvents {
  on(event: 'exit' | 'SIGCONT', listener: () => void): unknown;
  off(event: 'exit' | 'SIGCONT', listener: () => void): unknown;
}

/**
 * The terminal while `top` has it: the alternate screen without a cursor, keys unbuffered. `leave` gives it back as it
 * was, and so does the end of the process, however it comes about.
 */
export class Screen {
  readonly #stdout: CommandContext['stdout'] & { readonly rows?: number };
  readonly #stdin: CommandContext['stdin'];
  readonly #events: ProcessEvents;
  readonly #leave = () => this.leave();
  #entered = false;

  constructor(context: Pick<CommandContext, 'stdout' | 'stdin'>, events: ProcessEvents = process) {
    this.#stdout = context.stdout;
    this.#stdin = context.stdin;
    this.#events = events;
  }

  enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    this.#events.on('exit', this.#leave);
    if (this.#stdin.isTTY) this.#stdin.setRawMode(true);
    this.#stdin.resume();
    this.#stdout.write(ENTER);
  }

  leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    this.#events.off('exit', this.#leave);
    this.#stdout.write(LEAVE);
    if (this.#stdin.isTTY) this.#stdin.setRawMode(false);
    this.#stdin.pause();
  }

  size(): ScreenSize {
    return { columns: this.#stdout.columns ?? 80, rows: this.#stdout.rows ?? 24 };
  }

  /** Over the last frame, line by line, so that nothing flickers. */
  draw(lines: readonly string[]): void {
    if (this.#entered) this.#stdout.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`);
  }
}
