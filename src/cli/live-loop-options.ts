import type { OptionSpec } from './command.ts';

/** Of every command that decides on a live cluster by itself; apart from what runs it, since help reads nothing but options. */
export const liveLoopOptions: readonly OptionSpec[] = [
  { flags: '--dry-run', description: 'with --live: decide and record, write nothing to the cluster' },
  { flags: '--for <duration>', description: 'with --live: stop after so long; until Ctrl-C where left out' },
];
