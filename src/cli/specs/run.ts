import type { CommandSpec } from '../command.ts';

export const runCommand: CommandSpec = {
  name: 'run',
  summary: 'Meter in the foreground: what the service runs',
  description:
    'Reads the energy counters once an interval, splits the energy over guests, pods, containers and processes, ' +
    'keeps it in the history and shows it on loopback. Logs JSON lines to stderr. Ends on SIGINT or SIGTERM.',
  options: [
    {
      flags: '--idle <way>',
      description: 'keep idle energy apart, or charge it to whoever runs (attribution.idle)',
      choices: ['separate', 'split'],
    },
    { flags: '--interval <duration>', description: 'time between two samples (meter.interval-milliseconds)' },
    { flags: '--policy <name>', description: 'what places pods (placement.policy)' },
    { flags: '--no-history', description: 'keep nothing (history.enabled=false)' },
    { flags: '--no-export', description: 'listen nowhere (export.enabled=false)' },
  ],
  examples: [
    { command: 'kisimd run', does: 'meter once a second with the configured settings' },
    { command: 'kisimd run --interval 100ms', does: 'meter ten times a second' },
    {
      command: 'kisimd run --set export.port=9000 --set history.path=/tmp/energy.db',
      does: 'another port and database',
    },
  ],
  run: async (context) => (await import('../commands/run.ts')).runDaemon(context),
};
