import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { connect } from 'node:tls';
import {
  hostOf,
  makeAuthority,
  makeServerCertificate,
} from '../../../../src/kubernetes/certificates/certificate.ts';

const from = Date.UTC(2026, 0, 2, 3, 4, 5);
const until = Date.UTC(2055, 11, 31, 23, 59, 59);
const authority = makeAuthority('an authority', { from, until });
const parsedAuthority = new X509Certificate(authority.certificate);

describe('certificates', () => {
  test('an authority signs itself and may sign others', () => {
    assert.equal(parsedAuthority.ca, true);
    assert.equal(parsedAuthority.subject, 'CN=an authority');
    assert(parsedAuthority.verify(parsedAuthority.publicKey));
    assert(parsedAuthority.checkIssued(parsedAuthority));
  });

  test('hold from and until the given seconds, before 2050 and after', () => {
    assert.equal(Date.parse(parsedAuthority.validFrom), from);
    assert.equal(Date.parse(parsedAuthority.validTo), until);
  });

  test('no two have the same serial number, and none is negative or longer than 20 bytes', () => {
    const serials = Array.from({ length: 20 }, () => {
      const { certificate } = makeServerCertificate(authority, 'a.example', { from, until });
      return new X509Certificate(certificate).serialNumber;
    });
    assert.equal(new Set(serials).size, serials.length);
    for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/);
  });

  for (const [host, name] of [
    ['10.0.0.7', '10.0.0.7'],
    ['::1', '::1'],
    ['fe80::1:10.0.0.7', 'fe80::1:a00:7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6'],
  ] as const) {
    test(`a server at the address ${host}`, () => {
      const { certificate } = makeServerCertificate(authority, host, { from, until });
      const parsed = new X509Certificate(certificate);
      assert.equal(parsed.checkIP(name), name);
      assert.equal(parsed.checkIP('10.0.0.8'), undefined);
      assert(parsed.verify(parsedAuthority.publicKey));
      assert(parsed.checkIssued(parsedAuthority));
      assert.equal(parsed.ca, false);
    });
  }

  test('a server with a name longer than a common name may be', () => {
    const host = `${'a'.repeat(40)}.${'b'.repeat(40)}.example`;
    const parsed = new X509Certificate(makeServerCertificate(authority, host, { from, until }).certificate);
    assert.equal(parsed.checkHost(host), host);
    assert.equal(parsed.checkHost('c.example'), undefined);
    assert.equal(hostOf(parsed), host);
  });

  test('a client that trusts the authority talks to the server, and one that does not refuses', async (t) => {
    const now = Date.now();
    const validity = { from: now - 60_000, until: now + 60_000 };
    const signer = makeAuthority('of today', validity);
    const { certificate, key } = makeServerCertificate(signer, '127.0.0.1', validity);
    const server = createServer({ cert: certificate, key });
    t.after(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const trusting = connect({ host: '127.0.0.1', port, ca: signer.certificate });
    await once(trusting, 'secureConnect');
    trusting.destroy();
    const strange = connect({ host: '127.0.0.1', port, ca: authority.certificate });
    const [error] = (await once(strange, 'error')) as [NodeJS.ErrnoException];
    assert.match(error.code ?? '', /UNABLE_TO_VERIFY|UNABLE_TO_GET|SELF_SIGNED/);
  });
});
