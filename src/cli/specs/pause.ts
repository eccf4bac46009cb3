import type { CommandSpec } from '../command.ts';

const FILE_OPTION = {
  flags: '--file <path>',
  description: 'the file that pauses, instead of `paused` beside the configured history',
};

export const pauseCommand: CommandSpec = {
  name: 'pause',
  summary: 'Stop all placement at once',
  description:
    'The emergency stop. The daemon of this machine frees every pod that it holds, unmodified, and every new one at once, ' +
    'until `kisimd resume`; metering goes on. It is a file, so that it works without the daemon and outlives it.',
  options: [
    { flags: '--reason <text>', description: 'why, for the log and for `kisimd explain`' },
    FILE_OPTION,
  ],
  examples: [
    { command: "kisimd pause --reason 'node swap'", does: 'pods are placed by the default scheduler alone' },
  ],
  run: async (context) => (await import('../commands/pause.ts')).runPause(context),
};

export const resumeCommand: CommandSpec = {
  name: 'resume',
  summary: 'Let placement go on after `pause`',
  description: 'Takes back `kisimd pause`. Says whether there was anything to take back.',
  options: [FILE_OPTION],
  examples: [{ command: 'kisimd resume', does: 'the daemon decides again' }],
  run: async (context) => (await import('../commands/pause.ts')).runResume(context),
};
