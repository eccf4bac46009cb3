import { defineErrors } from '../../util/errors.ts';

export const scoreServerErrors = defineErrors({
  KISIM_E_SCORE_LISTEN: {
    summary: 'the score server cannot listen',
    expected: 'a free port on an address of this machine',
    action: 'choose another port with --port, or end the program that holds it',
  },
  KISIM_E_SCORE_REQUEST: {
    summary: 'a request to the score server is not usable',
    expected: 'JSON with a pod and nodes, or a pod and a node, as docs/user/outside-scorers.md has them',
    action: 'correct the request',
  },
  KISIM_E_SCORE_TOO_LARGE: {
    summary: 'a request to the score server is too large',
    expected: 'at most 32 MiB',
    action: 'send fewer nodes in one request',
  },
  KISIM_E_SCORE_METHOD: {
    summary: 'the score server does not know this request',
    expected: 'POST /score or GET /healthz',
    action: 'correct method and path',
  },
  KISIM_E_SCORE_HOST: {
    summary: 'a request names another machine than the score server listens for',
    expected: 'localhost or a loopback address in the Host header',
    action: 'ask for localhost, or start the server with --host',
  },
});
