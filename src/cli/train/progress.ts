import type { RunProgress } from '../../learning/run-training.ts';
import type { CommandContext } from '../command.ts';
import { timeText } from '../time-left.ts';

const LIVE_EVERY_MILLISECONDS = 200;
const LINES_EVERY_MILLISECONDS = 5000;

/** Tells on stderr how far a training is: on a terminal in one line that is written over, elsewhere now and then a line. */
export class TrainingProgress {
  readonly #stderr: CommandContext['stderr'];
  readonly #clock: () => number;
  #told = Number.NEGATIVE_INFINITY;

  /** @param clock milliseconds that never go back */
  constructor(stderr: CommandContext['stderr'], clock: () => number) {
    this.#stderr = stderr;
    this.#clock = clock;
  }

  tell(progress: RunProgress): void {
    const isLive = this.#stderr.isTTY === true;
    const every = isLive ? LIVE_EVERY_MILLISECONDS : LINES_EVERY_MILLISECONDS;
    if (this.#clock() - this.#told < every && progress.step < progress.steps) return;
    this.#told = this.#clock();
    const line = trainingLine(progress);
    this.#stderr.write(isLive ? `\r\x1b[K${line}` : `${line}\n`);
  }

  /** Of many short parts: as often as a step would be told. */
  note(says: string): void {
    const isLive = this.#stderr.isTTY === true;
    const every = isLive ? LIVE_EVERY_MILLISECONDS : LINES_EVERY_MILLISECONDS;
    if (this.#clock() - this.#told < every) return;
    this.#told = this.#clock();
    this.phase(says);
  }

  phase(says: string): void {
    this.#stderr.write(this.#stderr.isTTY === true ? `\r\x1b[K${says} ...` : `${says}\n`);
  }

  /** Takes the line away, where there is one. */
  end(): void {
    if (this.#stderr.isTTY === true) this.#stderr.write('\r\x1b[K');
  }
}

/** `12 of 100 generations, 350k decisions/s, sigma 0.98, validation -1.20 % (at most -0.80 %), 35 s left` */
export function trainingLine(progress: RunProgress): string {
  const { step, steps, unit, decisionsPerSecond, measures, start, best, secondsLeft } = progress;
  const parts = [`${step} of ${steps} ${unit}`, `${Math.round(decisionsPerSecond / 1000)}k decisions/s`];
  for (const [name, value] of Object.entries(measures)) parts.push(`${name} ${value.toPrecision(3)}`);
  parts.push(
    best.generation === 0
      ? `nothing better than ${start} yet`
      : `${percentText(best.change)} against ${start} (at most ${percentText(best.upper)})`,
  );
  if (step < steps) parts.push(`${timeText(secondsLeft)} left`);
  return parts.join(', ');
}

/** -0.0123 as `-1.23 %`. */
export function percentText(share: number): string {
  return `${share > 0 ? '+' : ''}${(100 * share).toFixed(2)} %`;
}
