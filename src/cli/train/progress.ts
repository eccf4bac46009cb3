import type { RunProgress } from '../../learning/run-training.ts';
import type { CommandContext } from '../command.ts';
import { ProgressLine } from '../progress-line.ts';
import { timeText } from '../time-left.ts';

/** Tells on stderr how far a training is: on a terminal in one line that is written over, elsewhere now and then a line. */
export class TrainingProgress {
  readonly #line: ProgressLine;

  /** @param clock milliseconds that never go back */
  constructor(stderr: CommandContext['stderr'], clock: () => number) {
    this.#line = new ProgressLine(stderr, clock);
  }

  tell(progress: RunProgress): void {
    this.#line.say(trainingLine(progress), progress.step >= progress.steps);
  }

  /** Of many short parts: as often as a step would be told. */
  note(says: string): void {
    this.#line.say(this.#unfinished(says));
  }

  phase(says: string): void {
    this.#line.write(this.#unfinished(says));
  }

  /** Takes the line away, where there is one. */
  end(): void {
    this.#line.end();
  }

  #unfinished(says: string): string {
    return this.#line.isLive ? `${says} ...` : says;
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
