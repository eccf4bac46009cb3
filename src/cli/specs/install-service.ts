import type { CommandSpec } from '../command.ts';

export const installServiceCommand: CommandSpec = {
  name: 'install-service',
  summary: 'Put the systemd service rl-sched in place',
  description:
    'Copies the program to PREFIX/lib/kisimd and a launcher to PREFIX/bin/kisimd, writes the unit rl-sched.service, its ' +
    'user, and the rules that let its group read the energy counters, then tells systemd. Run again to bring the ' +
    'installed program up to date; a running service is restarted on it. Needs root.',
  options: [
    {
      flags: '--prefix <folder>',
      description: 'where the program goes',
      default: '/usr/local',
    },
    { flags: '--enable', description: 'start the service now and at every boot' },
    { flags: '--uninstall', description: 'take all of it away again; history and configuration stay' },
    { flags: '--root <folder>', description: 'install into the image mounted there instead of this system' },
    { flags: '--dry-run', description: 'only say what would be done; needs no rights' },
  ],
  examples: [
    { command: 'kisimd install-service --dry-run', does: 'show every file and command' },
    { command: 'sudo kisimd install-service --enable', does: 'install, start now and at every boot' },
    { command: 'sudo kisimd install-service --root /mnt/image', does: 'put it into an image' },
    { command: 'sudo kisimd install-service --uninstall', does: 'stop and remove it' },
  ],
  run: async (context) => (await import('../commands/install-service.ts')).runInstallService(context),
};
