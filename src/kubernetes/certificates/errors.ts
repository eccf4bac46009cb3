import { defineErrors } from '../../util/errors.ts';

export const certificateErrors = defineErrors({
  KISIM_E_WEBHOOK_CERTIFICATES: {
    summary: 'the certificates of the webhook that gates pods cannot be used',
    expected: 'a folder that its owner alone may enter, with authority.pem and server.pem of `kisimd setup`',
    action:
      "run `kisimd setup --gates-by webhook` again as the user of the daemon, or as root where the folder above is its user's",
  },
});
