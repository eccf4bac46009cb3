import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../../../src/util/errors.ts';

/** The state letter of a process (proc(5), field 3), or undefined where there is none any more. */
export function processState(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ESRCH') return undefined;
    throw error;
  }
}

/** CPU time of a process and its dead threads, user and system, in seconds (ticks of 10 ms). */
export function processCpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Waits without giving the event loop a turn. */
export function sleepSync(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function hasEnded(pid: number): boolean {
  const state = processState(pid);
  return state === undefined || state === 'Z';
}

/**
 * Ends a child of ours: SIGTERM, and SIGKILL where it is still there after some seconds. Does not give the event loop
 * a turn, so that clean-up on an interrupt can use it.
 */
export function stopProcess(child: ChildProcess, seconds = 5): void {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null || hasEnded(pid)) return;
  process.kill(pid, 'SIGTERM');
  for (let waited = 0; waited < seconds * 1000; waited += 50) {
    if (hasEnded(pid)) return;
    sleepSync(50);
  }
  process.kill(pid, 'SIGKILL');
}
