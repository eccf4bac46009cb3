import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';

/** A process of the lowest priority under way. */
export interface QuietProcess {
  /** Resolves to the exit status, or the name of the signal that ended it, and to what it told last. */
  readonly ended: Promise<{ readonly status: number | string; readonly told: string }>;
  stop(): void;
}

export type StartQuietly = (args: readonly string[]) => QuietProcess;

const MOST_TOLD = 4000;

/** The program itself, once more, at the lowest priority: a long computation that must hold up nothing. */
export function quietProgram(main: string): StartQuietly {
  return (args) => {
    const child = spawn(process.execPath, [...process.execArgv, main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    let told = '';
    const hear = (text: unknown) => {
      told = (told + String(text)).slice(-MOST_TOLD);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const ended = once(child, 'close').then(([status, signal]) => ({
      status: (status ?? signal) as number | string,
      told: told.trim(),
    }));
    return { ended, stop: () => child.kill('SIGTERM') };
  };
}
