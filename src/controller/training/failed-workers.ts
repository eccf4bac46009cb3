import type { WorkerPod } from '../../kubernetes/training/worker-states.ts';
import { decodeEnd } from '../../learning/remote/worker-notes.ts';

/** Workers of one seed that did not end well. */
export interface Failures {
  readonly count: number;
  /** What is known of the last one; undefined where there was none. */
  readonly last: string | undefined;
}

export const noFailures: Failures = { count: 0, last: undefined };

const MOST_CHARACTERS = 300;

/** Remembers the workers of each index that failed or were taken away: their pods may be removed. */
export class FailedWorkers {
  readonly #byIndex = new Map<number, Map<string, string>>();

  /** @param pods of the index, from the oldest */
  see(index: number, pods: readonly WorkerPod[]): Failures {
    const known = this.#byIndex.get(index) ?? new Map<string, string>();
    this.#byIndex.set(index, known);
    for (const pod of pods) {
      const { uid, phase, ended, isLeaving } = pod;
      if (phase === 'Failed' || isLeaving || (ended !== undefined && ended.exitCode !== 0))
        known.set(uid, failureOf(pod));
    }
    return { count: known.size, last: [...known.values()].at(-1) };
  }
}

/** `OOMKilled, exit code 137`, `KISIM_E_LEARNING_OUTPUT: ...`, `deleted`. */
export function failureOf({ ended, node, isLeaving }: WorkerPod): string {
  const end = decodeEnd(ended?.message);
  if (end?.kind === 'stopped') return `stopped on ${node}`;
  if (end?.kind === 'error') {
    const { code, message } = end.error;
    return code === undefined ? message : `${code}: ${message}`;
  }
  if (ended === undefined || (isLeaving && ended.exitCode === 0)) return `deleted on ${node}`;
  const reason = ended.reason === '' ? '' : `${ended.reason}, `;
  const status = ended.exitCode < 0 ? '' : `exit code ${ended.exitCode}, `;
  const said = (ended.message ?? '').replaceAll(/\s+/g, ' ').trim().slice(-MOST_CHARACTERS);
  return `${reason}${status}${said}`.replace(/, $/, '');
}
