import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../util/errors.ts';

/**
 * Has the kernel end this process before all others, should memory run out all the same (proc_pid_oom_score_adj(5)).
 * Returns why that could not be arranged, if so.
 */
export function becomeFirstVictim(proc: string): string | undefined {
  const path = join(proc, 'self/oom_score_adj');
  try {
    writeFileSync(path, '1000');
    return undefined;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return `${path}: ${code}`;
  }
}
