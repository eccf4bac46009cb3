// Runs a program on the Node that the lockfile pins, whatever Node the system has.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const pinned = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
/** The pinned Node where it is installed; the system's where it is new enough (another processor, say). */
export const nodePath = existsSync(pinned) ? pinned : process.execPath;

/** Runs to the end with the terminal shared, passes signals on, and resolves to the exit status. */
export function runNode(args, options = {}) {
  return run(nodePath, args, options);
}

/** The same for any program. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    const forward = (signal) => child.kill(signal);
    process.on('SIGINT', forward);
    process.on('SIGTERM', forward);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', forward);
      process.off('SIGTERM', forward);
      resolve(code ?? (signal === null ? 1 : 128));
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await runNode(process.argv.slice(2));
}
