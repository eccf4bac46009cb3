import { defineErrors } from '../util/errors.ts';

export const cliErrors = defineErrors({
  KISIM_E_USAGE: {
    summary: 'the command line was not understood',
    expected: 'a command of `kisimd --help` with its options',
    action: 'run `kisimd --help`, or `kisimd COMMAND --help`',
  },
});
