import { defineErrors } from '../../util/errors.ts';

export const outsideErrors = defineErrors({
  KISIM_E_SCORER_URL: {
    summary: 'the address of an outside scorer is not usable',
    expected: 'an http:// address with a path, such as http://127.0.0.1:5000/score',
    action: 'correct the address',
  },
  KISIM_E_SCORER_OPTIONS: {
    summary: 'an outside scorer cannot be asked like this',
    expected: 'a time-out from 1 ms to one minute',
    action: 'correct the option',
  },
  KISIM_E_SCORER_CLOSED: {
    summary: 'an outside scorer was asked after it had been closed',
    expected: 'decisions only between start and close',
    action: 'report this with the command that you ran',
  },
});
