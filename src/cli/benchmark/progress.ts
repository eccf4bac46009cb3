import type { RunnerProgress } from '../../evaluation/runner.ts';
import type { CommandContext } from '../command.ts';
import { timeText } from '../time-left.ts';

const LIVE_EVERY_MILLISECONDS = 200;
const LINES_EVERY_MILLISECONDS = 15_000;

/** Tells on stderr how far the runs are: on a terminal in one line that is written over, elsewhere now and then a line. */
export class ProgressReport {
  readonly #stderr: CommandContext['stderr'];
  readonly #clock: () => number;
  readonly #started: number;
  #told: number;

  /** @param clock milliseconds that never go back */
  constructor(stderr: CommandContext['stderr'], clock: () => number) {
    this.#stderr = stderr;
    this.#clock = clock;
    this.#started = clock();
    this.#told = this.#started;
  }

  tell(progress: RunnerProgress): void {
    const now = this.#clock();
    const live = this.#stderr.isTTY === true;
    if (now - this.#told < (live ? LIVE_EVERY_MILLISECONDS : LINES_EVERY_MILLISECONDS)) return;
    this.#told = now;
    const line = progressLine(progress, (now - this.#started) / 1000);
    this.#stderr.write(live ? `\r\x1b[K${line}` : `${line}\n`);
  }

  /** Takes the line away, where there is one. */
  end(): void {
    if (this.#stderr.isTTY === true) this.#stderr.write('\r\x1b[K');
  }
}

export function progressLine({ done, made, total, last }: RunnerProgress, seconds: number): string {
  const parts = [`${done} of ${total} runs`];
  if (made > 0 && seconds > 0) {
    const rate = made / seconds;
    parts.push(`${rate.toPrecision(2)} a second`, `${timeText((total - done) / rate)} left`);
  }
  if (last !== undefined) parts.push(`${last.cell}, cluster ${last.cluster}`);
  return parts.join(', ');
}
