import { clusterOptions } from '../cluster-options.ts';
import type { CommandSpec, OptionSpec } from '../command.ts';

const FILE_OPTION = {
  flags: '--file <path>',
  description: 'the file that pauses, instead of `paused` beside the configured history',
};

const CLUSTER_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--cluster',
    description: 'by a ConfigMap in the cluster instead of a file: for all daemons, wherever they run',
  },
  ...clusterOptions,
];

export const pauseCommand: CommandSpec = {
  name: 'pause',
  summary: 'Stop all placement at once',
  description:
    'The emergency stop. The daemon of this machine frees every pod that it holds, unmodified, and every new one at once, ' +
    'until `kisimd resume`; metering goes on. It is a file, so that it works without the daemon and outlives it. With ' +
    '--cluster it is the ConfigMap `kisimd-pause` in the namespace of the program, for which your kubeconfig must allow to ' +
    'create and patch it.',
  options: [
    { flags: '--reason <text>', description: 'why, for the log and for `kisimd explain`' },
    FILE_OPTION,
    ...CLUSTER_OPTIONS,
  ],
  examples: [
    { command: "kisimd pause --reason 'node swap'", does: 'pods are placed by the default scheduler alone' },
    { command: 'kisimd pause --cluster', does: 'the same for every daemon of the cluster' },
  ],
  run: async (context) => (await import('../commands/pause.ts')).runPause(context),
};

export const resumeCommand: CommandSpec = {
  name: 'resume',
  summary: 'Let placement go on after `pause`',
  description:
    'Takes back `kisimd pause`. Says whether there was anything to take back. A pause of the cluster is taken back by ' +
    '--cluster, one of this machine without it: placement goes on where neither holds.',
  options: [FILE_OPTION, ...CLUSTER_OPTIONS],
  examples: [
    { command: 'kisimd resume', does: 'the daemon decides again' },
    { command: 'kisimd resume --cluster', does: 'removes the ConfigMap' },
  ],
  run: async (context) => (await import('../commands/pause.ts')).runResume(context),
};
