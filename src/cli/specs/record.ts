import type { CommandSpec } from '../command.ts';

export const recordCommand: CommandSpec = {
  name: 'record',
  summary: "Record this machine's energy counters, to be played back later",
  description:
    'Reads the sources of energy that a daemon would take here, once an interval, and keeps every reading in a folder. ' +
    'The source recorded plays it on any machine. Ends after the time of --for, or on SIGINT or SIGTERM; what was ' +
    'recorded until then is kept. No process is looked at, and a daemon may run beside it.',
  arguments: [{ name: 'folder', description: 'new or empty folder for the capture', required: true }],
  options: [
    {
      flags: '--for <duration>',
      description: 'end after this time (60s, 2h); until it is stopped if not given',
    },
    {
      flags: '--interval <duration>',
      description: 'time between two readings (meter.interval-milliseconds)',
    },
  ],
  examples: [
    { command: 'kisimd record ./capture --for 60s', does: 'a minute, one reading a second' },
    { command: 'kisimd record ./capture --interval 100ms', does: 'ten readings a second until Ctrl-C' },
    {
      command: 'kisimd run --set meter.sources=recorded --set meter.recording=./capture',
      does: 'plays it in place of the counters of the machine',
    },
  ],
  run: async (context) => (await import('../commands/record.ts')).runRecord(context),
};
