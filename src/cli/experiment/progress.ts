import type { ExperimentProgress } from '../../daemon/experiment/runner.ts';
import type { CommandContext } from '../command.ts';
import { timeText } from '../time-left.ts';

const LINES_EVERY_MILLISECONDS = 60_000;

/** Tells on stderr where an experiment is: on a terminal in one line that is written over, elsewhere a line a minute. */
export class ExperimentProgressReport {
  readonly #stderr: CommandContext['stderr'];
  readonly #clock: () => number;
  #told = Number.NEGATIVE_INFINITY;
  #last = '';

  /** @param clock milliseconds that never go back */
  constructor(stderr: CommandContext['stderr'], clock: () => number) {
    this.#stderr = stderr;
    this.#clock = clock;
  }

  tell(progress: ExperimentProgress): void {
    const live = this.#stderr.isTTY === true;
    const now = this.#clock();
    // Another period or state is told at once.
    const key = `${progress.period.index}/${progress.doing}/${progress.why ?? ''}`;
    if (!live && key === this.#last && now - this.#told < LINES_EVERY_MILLISECONDS) return;
    this.#told = now;
    this.#last = key;
    const line = progressLine(progress);
    this.#stderr.write(live ? `\r\x1b[K${line}` : `${line}\n`);
  }

  /** Takes the line away, where there is one. */
  end(): void {
    if (this.#stderr.isTTY === true) this.#stderr.write('\r\x1b[K');
  }
}

export function progressLine(progress: ExperimentProgress): string {
  const { period, periods, doing, why, secondsLeftOfPeriod, secondsLeft } = progress;
  const what =
    doing === 'waiting' ? `waiting: ${why ?? ''}` : `${doing}, ${timeText(secondsLeftOfPeriod)} left of it`;
  return `period ${period.index + 1} of ${periods}, ${period.policy} (${period.side}), ${what}; ${timeText(secondsLeft)} in all`;
}
