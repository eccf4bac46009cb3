import type { CommandSpec } from '../command.ts';

export const doctorCommand: CommandSpec = {
  name: 'doctor',
  summary: 'Say what can be metered here, and what to do where it cannot',
  description:
    'Looks at the machine, at every source of energy, at the ways to see processes and containers, at the history ' +
    'and at the daemon. Each refusal comes with the command that lifts it. Changes nothing and needs no rights. ' +
    'Exits with 1 only where nothing at all can meter.',
  options: [],
  examples: [
    { command: 'kisimd doctor', does: 'a table for people' },
    { command: 'sudo -u kisimd kisimd doctor', does: 'what the service would see' },
    { command: 'kisimd doctor --json', does: 'the same for programs' },
  ],
  run: async (context) => (await import('../commands/doctor.ts')).runDoctor(context),
};
