import { defineErrors } from '../util/errors.ts';

export const exportErrors = defineErrors({
  KISIM_E_EXPORT_PORT_IN_USE: {
    summary: 'the address for /metrics is in use',
    expected: 'a free address and port (export.host, export.port)',
    action:
      'stop the other program (a second daemon, or Kepler, which uses 28282 too) or give another port: `--set export.port=28283`',
  },
  KISIM_E_EXPORT_LISTEN: {
    summary: 'cannot listen for /metrics',
    expected: 'an address of this host and a port that this user may bind',
    action: 'check export.host and export.port; ports below 1024 need CAP_NET_BIND_SERVICE',
  },
  KISIM_E_EXPORT_WRITE: {
    summary: 'the file of an export cannot be written',
    expected: 'a folder that this user may write to, on a disk with free space',
    action: 'free some space, or give another file with --out; what had that name before was left as it is',
  },
});
