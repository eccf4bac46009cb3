import { defineErrors } from '../util/errors.ts';

export const serviceErrors = defineErrors({
  KISIM_E_SERVICE_NOT_ROOT: {
    summary: 'installing the service needs root',
    expected: 'user id 0, or --root with a folder of your own',
    action: 'run the same command with sudo, or look first with --dry-run',
  },
  KISIM_E_SERVICE_PREFIX: {
    summary: 'the service cannot run from this prefix',
    expected:
      'an absolute path of letters, digits and . _ - / outside /home, /root, /run, /tmp, /var/tmp, /dev, /proc and /sys, ' +
      'which the service does not see or which do not outlive a boot',
    action: 'use the default (/usr/local) or one such as --prefix /opt/kisimd',
  },
  KISIM_E_SERVICE_ROOT: {
    summary: 'there is no root file system to install into',
    expected: 'an existing folder with the tree of an operating system',
    action: 'give --root the folder where the image is mounted',
  },
  KISIM_E_SERVICE_PROGRAM: {
    summary: 'the program that is to be installed is incomplete',
    expected: 'a checkout in which `npm run setup` has ended well',
    action: 'run `npm run setup` in the checkout, then install again',
  },
  KISIM_E_SERVICE_TOOL: {
    summary: 'a tool of systemd is missing',
    expected: 'systemd 246 or newer with its tools on the PATH',
    action:
      'Debian, Ubuntu: apt-get install systemd; without systemd run `kisimd run` under another supervisor',
  },
  KISIM_E_SERVICE_STEP: {
    summary: 'a step of the installation failed',
    expected: 'every step to end well; those before it stay done and the command can be run again',
    action: 'mend what the message names, then run the same command again',
  },
});
