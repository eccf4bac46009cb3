import { ln } from '../../util/portable-math.ts';
import { type AdmissionPolicy, NONE, type QueueState } from '../policy.ts';
import { JobRows } from './job-rows.ts';

/** A job of a longer estimate waits for nodes that take less than so many times the watts a core of the best. */
const LONG_SECONDS = 600;
const DEAR = 2.5;

/**
 * The rule that training begins at: the most urgent job that fits, by Smith's rule on the area (Smith, Naval Research Logistics 1956, with weights
 * of 1 / estimate, as slowdowns have them), with a reservation for the most urgent one that does not, past which others go only where they do not
 * hold it up; and jobs of more than ten minutes not onto nodes of more than 2.5 times the watts a core of the best, while others run.
 */
export function reservingPolicy(): AdmissionPolicy {
  const rows = new JobRows();
  let row = 0;
  let state: QueueState | undefined;
  return {
    name: 'reserving',
    reset: () => {
      state = undefined;
    },
    choose: (asked) => {
      state = asked;
      rows.fill(asked);
      row = reservingRow(rows, asked);
      return row < 0 ? NONE : rows.jobOf[row]!;
    },
    get podsPerNode() {
      return state === undefined || row < 0 ? undefined : rows.roomOf(row, state);
    },
    explain: (asked, index) => {
      rows.fill(asked);
      return rows.reasons(rows.jobOf.subarray(0, rows.count).indexOf(index));
    },
  };
}

/** The row of `rows`, filled with a state; -1 for nobody. */
export function reservingRow(rows: JobRows, { jobs, running }: QueueState): number {
  const mustAdmit = running.length === 0;
  const dear = ln(DEAR);
  for (let row = 0; row < rows.count; row++) {
    if (rows.delays(row)) continue;
    const isLong = jobs[rows.jobOf[row]!]!.estimatedSeconds > LONG_SECONDS;
    if (!mustAdmit && isLong && rows.dearness(row) > dear) continue;
    return row;
  }
  return mustAdmit ? 0 : -1;
}
