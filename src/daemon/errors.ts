import { defineErrors } from '../util/errors.ts';

export const daemonErrors = defineErrors({
  KISIM_E_METER_SCAN: {
    summary: 'the processes of this machine could not be scanned',
    expected: 'a readable /proc',
    action:
      'run `kisimd doctor`; energy is still measured, and shown as unattributed until the scan works again',
  },
});
