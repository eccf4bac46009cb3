import type { CommandSpec } from '../command.ts';

export const configCheckCommand: CommandSpec = {
  name: 'config check',
  summary: 'Check the configuration',
  description:
    'Reads the configuration as `run` would and tells every mistake with its file, line, expected and found value. ' +
    'With a file, checks that file instead of the installed one.',
  arguments: [{ name: 'file', description: 'configuration file to check', required: false }],
  options: [],
  examples: [
    { command: 'kisimd config check', does: 'check what `run` would use' },
    { command: 'kisimd config check ./new.yaml', does: 'check a file before it is installed' },
  ],
  run: async (context) => (await import('../commands/config-check.ts')).runConfigCheck(context),
};
