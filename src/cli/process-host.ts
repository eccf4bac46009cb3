import { systemErrorCode } from '../util/errors.ts';
import { type CliTable, runCli } from './program.ts';

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;

/** Ctrl-C reaches us from the terminal and again from npm or a launcher that passes it on: that is one wish. */
const SAME_WISH_MILLISECONDS = 250;

/**
 * Runs the command line of this process on its own streams and signals. The first SIGINT or SIGTERM asks the
 * command to stop; a later one ends the process at once. A reader that closed our stdout (`kisimd ... | head`)
 * is a wish to stop, not an error.
 */
export async function runOnProcess(table?: CliTable): Promise<number> {
  const controller = new AbortController();
  let askedAt = Number.NEGATIVE_INFINITY;
  const onSignal = (signal: 'SIGINT' | 'SIGTERM') => {
    const again = performance.now() - askedAt >= SAME_WISH_MILLISECONDS;
    if (controller.signal.aborted && again) process.exit(128 + signalNumbers[signal]);
    if (controller.signal.aborted) return;
    askedAt = performance.now();
    controller.abort(signal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      const code = systemErrorCode(error);
      if (code !== 'EPIPE' && code !== 'ERR_STREAM_DESTROYED') throw error;
      if (stream === process.stdout) controller.abort('stdout closed');
    });
  }
  try {
    const { stdout, stderr, stdin, env, argv } = process;
    return await runCli(argv.slice(2), { stdout, stderr, stdin, env, signal: controller.signal }, table);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
