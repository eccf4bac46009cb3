import type { CommandSpec } from '../command.ts';

export const experimentCommand: CommandSpec = {
  name: 'experiment',
  summary: 'Compare two placement policies on the live cluster by turns',
  description:
    'Places the pods of the live cluster by one policy and by the other, in periods that come in pairs of random order, ' +
    'and tells how many joules each uses per unit of work, with a 95 % interval, and what pods waited. Refuses to call a ' +
    'difference where too little is known. Needs the lease: stop the placement of a running daemon first. Everything that ' +
    'happens goes into a journal in a folder; an experiment that was stopped goes on with --resume. Ctrl-C ends it in ' +
    'order with what there is.',
  options: [
    { flags: '--a <policy>', description: "a policy, or `default` for the cluster's own scheduler" },
    { flags: '--b <policy>', description: 'the other one; may be the same, then nothing is to be found' },
    {
      flags: '--period <duration>',
      description: 'how long one policy places before the next; 30m if not given',
    },
    { flags: '--hours <number>', description: 'of the whole experiment; 24 if not given' },
    {
      flags: '--wash-out <duration>',
      description: 'beginning of each period that does not count; a sixth of the period if not given',
    },
    {
      flags: '--seed <number>',
      description: 'from which the orders of the pairs are drawn; by lot if not given',
    },
    {
      flags: '--pilot <folder>',
      description: 'an earlier experiment whose noise tells how small a difference this one can find',
    },
    {
      flags: '--noise <percent>',
      description: 'standard deviation of a pair that is assumed for that instead; 5 if not given',
    },
    { flags: '--plan', description: 'only say what would be done and what could be found' },
    {
      flags: '--out <folder>',
      description: 'where journal and results go; a new folder below kisimd-experiment if not given',
    },
    { flags: '--resume', description: 'go on with the experiment in the folder of --out' },
  ],
  examples: [
    {
      command: 'kisimd experiment --a default --b marginal-power --period 30m --hours 24',
      does: 'a day of half hours: 24 pairs',
    },
    {
      command: 'kisimd experiment --a best-fit --b best-fit --hours 12 --plan',
      does: 'says what 12 hours could find',
    },
    { command: 'kisimd experiment --resume --out night', does: 'goes on where it was stopped' },
  ],
  run: async (context) => (await import('../commands/experiment.ts')).runExperiment(context),
};
