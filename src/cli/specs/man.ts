import type { CommandSpec } from '../command.ts';

export const manCommand: CommandSpec = {
  name: 'man',
  summary: 'Print the manual page',
  description: 'Prints the manual page kisimd(1) in roff, for `man -l -`.',
  options: [],
  examples: [
    { command: 'kisimd man | man -l -', does: 'read it' },
    { command: 'kisimd man > /usr/local/share/man/man1/kisimd.1', does: 'install it' },
  ],
  run: async (context) => (await import('../commands/man.ts')).runMan(context),
};
