import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureKind, isAbsence } from '../../../../src/load/http/failure.ts';

const failed = (code: string) => Object.assign(new Error(code), { code });

for (const [code, kind] of [
  ['ECONNREFUSED', 'refused'],
  ['ECONNRESET', 'reset'],
  ['UND_ERR_SOCKET', 'reset'],
  ['ENOTFOUND', 'name'],
  ['EAI_AGAIN', 'name'],
  ['EHOSTUNREACH', 'unreachable'],
  ['UND_ERR_CONNECT_TIMEOUT', 'connect-timeout'],
  ['HPE_INVALID_CONSTANT', 'protocol'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
  ['EMFILE', 'other'],
] as const)
  test(`${code} is counted as ${kind}`, () => {
    assert.equal(failureKind(failed(code)), kind);
  });

test('a host with several addresses fails as its first one', () => {
  assert.equal(failureKind(new AggregateError([failed('ECONNREFUSED'), failed('EHOSTUNREACH')])), 'refused');
});

test('a slow or broken server is not an absent one', () => {
  assert.deepEqual((['refused', 'name', 'tls', 'timeout', 'reset', 'protocol'] as const).map(isAbsence), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
