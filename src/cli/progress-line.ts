import type { CommandContext } from './command.ts';
import { timeText } from './time-left.ts';

const LIVE_EVERY_MILLISECONDS = 200;
const LINES_EVERY_MILLISECONDS = 5000;

/** One line on stderr that is written over on a terminal; elsewhere a line now and then. */
export class ProgressLine {
  readonly #stderr: CommandContext['stderr'];
  readonly #clock: () => number;
  readonly #began: number;
  #told = Number.NEGATIVE_INFINITY;

  /** @param clock milliseconds that never go back */
  constructor(stderr: CommandContext['stderr'], clock: () => number) {
    this.#stderr = stderr;
    this.#clock = clock;
    this.#began = clock();
  }

  /** Rate and time left of so many of all. */
  count(done: number, all: number, unit: string, more = ''): void {
    const seconds = (this.#clock() - this.#began) / 1000;
    const left = done === 0 ? '' : `, ${timeText((seconds / done) * (all - done))} left`;
    this.say(`${done} of ${all} ${unit}, ${Math.round(done / seconds)}/s${more}${left}`);
  }

  /** Unless it has said something a moment ago. @param isLast to say it all the same */
  say(line: string, isLast = false): void {
    const every = this.isLive ? LIVE_EVERY_MILLISECONDS : LINES_EVERY_MILLISECONDS;
    if (this.#clock() - this.#told < every && !isLast) return;
    this.#told = this.#clock();
    this.write(line);
  }

  /** At once, and without keeping back what is said next. */
  write(line: string): void {
    this.#stderr.write(this.isLive ? `\r\x1b[K${line}` : `${line}\n`);
  }

  /** Whether somebody looks at it on a terminal. */
  get isLive(): boolean {
    return this.#stderr.isTTY === true;
  }

  /** Takes the line away, where there is one. */
  end(): void {
    if (this.isLive) this.#stderr.write('\r\x1b[K');
  }
}
