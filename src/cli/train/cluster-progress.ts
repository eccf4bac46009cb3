import type { Failures } from '../../controller/training/failed-workers.ts';
import { type SeedState, secondsLeft } from '../../controller/training/seed-state.ts';
import type { WorkerError } from '../../learning/remote/worker-notes.ts';
import type { CommandContext } from '../command.ts';
import { timeText } from '../time-left.ts';
import { percentText } from './progress.ts';

const EVERY_MILLISECONDS = 5000;

/**
 * Tells on stderr how far a training on a cluster is: a line where a seed's state changes, and now and then one of all, which on
 * a terminal stands below and is written over.
 */
export class ClusterProgress {
  readonly #stderr: CommandContext['stderr'];
  readonly #clock: () => number;
  readonly #parallelism: number;
  readonly #lines = new Map<number, string>();
  readonly #troubles = new Set<string>();
  #told = Number.NEGATIVE_INFINITY;

  /** @param clock milliseconds that never go back */
  constructor(stderr: CommandContext['stderr'], clock: () => number, parallelism: number) {
    this.#stderr = stderr;
    this.#clock = clock;
    this.#parallelism = parallelism;
  }

  tell(states: ReadonlyMap<number, SeedState>): void {
    for (const [seed, state] of states) {
      const line = seedLine(seed, state);
      if (this.#lines.get(seed) === line) continue;
      this.#lines.set(seed, line);
      this.note(line);
    }
    const isLive = this.#stderr.isTTY === true;
    if (!isLive && this.#clock() - this.#told < EVERY_MILLISECONDS) return;
    this.#told = this.#clock();
    const line = allLine(states, this.#parallelism);
    this.#stderr.write(isLive ? `\r\x1b[K${line}` : `${line}\n`);
  }

  /** A line that stays. */
  note(line: string): void {
    this.end();
    this.#stderr.write(`${line}\n`);
  }

  /** What is tried again, each once. */
  trouble(error: unknown): void {
    const line = `trying again: ${error instanceof Error ? error.message : String(error)}`;
    if (this.#troubles.has(line)) return;
    this.#troubles.add(line);
    this.note(line);
  }

  /** Takes the lowest line away, where there is one. */
  end(): void {
    if (this.#stderr.isTTY === true) this.#stderr.write('\r\x1b[K');
  }
}

/** `seed 3: runs on node1, in place of 1 that failed`: without what changes all the time. */
export function seedLine(seed: number, state: SeedState): string {
  const after = ({ count, last }: Failures) =>
    count === 0 ? '' : `, in place of ${count} that did not end well (${last})`;
  const says = () => {
    switch (state.kind) {
      case 'waiting':
        return `waits ${state.why}${after(state.failures)}`;
      case 'running':
        return `runs on ${state.node}${after(state.failures)}`;
      case 'fetching':
        return `has ended; its result is fetched`;
      case 'gathered':
        return 'gathered';
      case 'failed':
        return `failed: ${errorText(state.error)}`;
      case 'lost':
        return `has to be trained again: ${state.why}`;
    }
  };
  return `seed ${seed}: ${says()}`;
}

export function errorText({ code, message }: WorkerError): string {
  return code === undefined ? message : `${code}: ${message}`;
}

/** `2 of 5 seeds gathered, 3 run (40 %, 41 %, 8 %), best so far -1.20 % (at most -0.80 %), 2 min 5 s left` */
export function allLine(states: ReadonlyMap<number, SeedState>, parallelism: number): string {
  const all = [...states.values()];
  const count = (kind: SeedState['kind']) => all.filter((state) => state.kind === kind).length;
  const parts = [`${count('gathered')} of ${all.length} seeds gathered`];
  const running = all.flatMap((state) => (state.kind === 'running' ? [state.progress] : []));
  if (running.length > 0) {
    const shares = running.map((each) =>
      each === undefined ? 'begins' : `${Math.floor((100 * each.step) / each.steps)} %`,
    );
    parts.push(`${running.length} run (${shares.join(', ')})`);
  }
  for (const kind of ['waiting', 'fetching', 'failed', 'lost'] as const)
    if (count(kind) > 0) parts.push(`${count(kind)} ${kind}`);
  const best = running
    .flatMap((each) => (each === undefined ? [] : [each]))
    .toSorted((a, b) => a.change - b.change)[0];
  if (best !== undefined && best.change < 0)
    parts.push(`best of those that run ${percentText(best.change)} (at most ${percentText(best.upper)})`);
  const left = secondsLeft(all, parallelism);
  if (left !== undefined) parts.push(`${timeText(left)} left`);
  return parts.join(', ');
}
