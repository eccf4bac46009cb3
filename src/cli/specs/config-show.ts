import type { CommandSpec } from '../command.ts';

export const configShowCommand: CommandSpec = {
  name: 'config show',
  summary: 'Print the configuration in force',
  description:
    'Prints every setting with the value that `run` would use, as YAML that can be saved as a configuration file.',
  options: [
    {
      flags: '--origin',
      description: 'say where each value comes from: default, file and line, environment, flag',
    },
  ],
  examples: [
    { command: 'kisimd config show --origin', does: 'which file or variable set what' },
    { command: 'kisimd config show > config.yaml', does: 'a file with every setting in it' },
  ],
  run: async (context) => (await import('../commands/config-show.ts')).runConfigShow(context),
};
