import type { OptionSpec } from './command.ts';

/** Understood by every command, before or after its name. */
export const globalOptions: readonly OptionSpec[] = [
  {
    flags: '--config <file>',
    description: 'configuration file to read instead of /etc/kisimd/config.yaml and config.d',
  },
  {
    flags: '--set <key=value>',
    description: 'override one setting, such as meter.interval-milliseconds=500 (repeatable)',
    repeatable: true,
  },
  { flags: '--json', description: 'print JSON instead of text; errors too' },
  {
    flags: '--log-level <level>',
    description: 'least severe event to log',
    choices: ['debug', 'info', 'warn', 'error'],
  },
];
