import type { LiveProgress } from '../../daemon/collect/live-collection-options.ts';
import type { CommandContext } from '../command.ts';
import { timeText } from '../time-left.ts';

const LINES_EVERY_MILLISECONDS = 30_000;

/** What is told beside what the collector knows. */
export interface CollectFigures {
  /** Records of all kinds that were handed to the history since the start. */
  readonly records: number;
  readonly fileBytes: number;
  /** Undefined: until it is stopped. */
  readonly leftMilliseconds: number | undefined;
  /** Of all Jobs that are to be made; undefined: none. */
  readonly plannedJobs: number | undefined;
}

/** Tells on stderr how far it is: on a terminal in one line that is written over, elsewhere twice a minute a line. */
export class CollectProgress {
  readonly #stderr: CommandContext['stderr'];
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(stderr: CommandContext['stderr']) {
    this.#stderr = stderr;
  }

  tell(progress: LiveProgress, figures: CollectFigures): void {
    const { elapsedMilliseconds: now } = progress;
    const isLive = this.#stderr.isTTY === true;
    if (!isLive && now - this.#toldAt < LINES_EVERY_MILLISECONDS) return;
    this.#toldAt = now;
    const line = collectLine(progress, figures);
    this.#stderr.write(isLive ? `\r\x1b[K${line}` : `${line}\n`);
  }

  /** Takes the line away, where there is one. */
  end(): void {
    if (this.#stderr.isTTY === true) this.#stderr.write('\r\x1b[K');
  }
}

/** `360 samples, 42 Jobs, 12 of 40 made, 14.2 records/s, 3.1 MB, 1 h 2 min left` */
export function collectLine(progress: LiveProgress, figures: CollectFigures): string {
  const { samples, jobs, createdJobs, elapsedMilliseconds, trouble } = progress;
  const { records, fileBytes, leftMilliseconds, plannedJobs } = figures;
  const seconds = elapsedMilliseconds / 1000;
  const parts = [`${samples} ${samples === 1 ? 'sample' : 'samples'}`, `${jobs} Jobs`];
  if (plannedJobs !== undefined) parts.push(`${createdJobs} of ${plannedJobs} made`);
  parts.push(seconds >= 1 ? `${(records / seconds).toFixed(1)} records/s` : `${records} records`);
  parts.push(sizeText(fileBytes));
  parts.push(leftMilliseconds === undefined ? 'Ctrl-C ends it' : `${timeText(leftMilliseconds / 1000)} left`);
  if (trouble !== undefined) parts.push(`NOT HEARD: ${trouble}`);
  return parts.join(', ');
}

export function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
