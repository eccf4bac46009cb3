import { systemErrorCode } from '../util/errors.ts';
import { type CliTable, runCli } from './program.ts';

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Runs the command line of this process on its own streams and signals. The first SIGINT or SIGTERM asks the
 * command to stop; a second one ends the process at once. A reader that closed our stdout (`kisimd ... | head`)
 * is a wish to stop, not an error.
 */
export async function runOnProcess(table?: CliTable): Promise<number> {
  const controller = new AbortController();
  const onSignal = (signal: 'SIGINT' | 'SIGTERM') => {
    if (controller.signal.aborted) process.exit(128 + signalNumbers[signal]);
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
