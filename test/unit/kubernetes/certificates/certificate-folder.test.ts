import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CertificateFolder } from '../../../../src/kubernetes/certificates/certificate-folder.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const DAY = 86_400_000;
const now = Date.UTC(2026, 5, 1);

function folderOf(t: Parameters<typeof temporaryFolder>[0]): CertificateFolder {
  return new CertificateFolder(join(temporaryFolder(t), 'webhook'));
}

describe('the folder of the webhook certificates', () => {
  test('is empty at first, and holds private files for one host afterwards', (t) => {
    const folder = folderOf(t);
    assert.equal(folder.read(), undefined);
    const made = folder.prepare('10.0.0.7', now);
    assert(made.isNewAuthority);
    assert.equal(statSync(folder.path).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(folder.path).sort(), ['authority.pem', 'server.pem']);
    for (const file of readdirSync(folder.path))
      assert.equal(statSync(join(folder.path, file)).mode & 0o777, 0o600);
    const read = folder.read()!;
    assert.equal(read.host, '10.0.0.7');
    assert.equal(read.server.certificate, made.server.certificate);
    assert(!read.authority.includes('PRIVATE'));
    const server = new X509Certificate(read.server.certificate);
    assert.equal(server.checkIP('10.0.0.7'), '10.0.0.7');
  });

  test('prepared again it stays as it is', (t) => {
    const folder = folderOf(t);
    const first = folder.prepare('fe80::1', now);
    const again = folder.prepare('fe80:0::1', now + DAY);
    assert(!again.isNewAuthority);
    assert.equal(again.server.certificate, first.server.certificate);
  });

  test('another host gets another certificate under the same authority', (t) => {
    const folder = folderOf(t);
    const first = folder.prepare('a.example', now);
    const second = folder.prepare('b.example', now);
    assert(!second.isNewAuthority);
    assert.equal(second.authority, first.authority);
    assert.equal(second.host, 'b.example');
  });

  test("the server's certificate is renewed in its last month, under the same authority", (t) => {
    const folder = folderOf(t);
    const first = folder.prepare('a.example', now);
    assert(!folder.renew(now + 59 * DAY));
    assert(folder.renew(now + 61 * DAY));
    const renewed = folder.read()!;
    assert.equal(renewed.authority, first.authority);
    assert.notEqual(renewed.server.key, first.server.key);
    assert.equal(renewed.serverExpires, now + (61 + 90) * DAY);
    assert(!folder.renew(now + 61 * DAY));
  });

  test('the authority is made anew in its last year, by setup alone', (t) => {
    const folder = folderOf(t);
    const first = folder.prepare('a.example', now);
    const later = now + (3650 - 364) * DAY;
    assert(folder.renew(later));
    assert.equal(folder.read()!.authority, first.authority);
    const second = folder.prepare('a.example', later);
    assert(second.isNewAuthority);
    assert.notEqual(second.authority, first.authority);
  });

  test('what is damaged is told by reading and mended by preparing', (t) => {
    const folder = folderOf(t);
    folder.prepare('a.example', now);
    const path = join(folder.path, 'server.pem');
    for (const damage of ['', 'no certificate', readFileSync(path, 'utf8').replace(/MII/g, 'AAA')]) {
      writeFileSync(path, damage);
      assert.throws(() => folder.read(), { code: 'KISIM_E_WEBHOOK_CERTIFICATES' });
      assert.equal(folder.prepare('a.example', now).host, 'a.example');
    }
  });

  test('a certificate of another authority is told', (t) => {
    const [one, other] = [folderOf(t), folderOf(t)];
    one.prepare('a.example', now);
    other.prepare('a.example', now + DAY);
    writeFileSync(join(one.path, 'server.pem'), readFileSync(join(other.path, 'server.pem')));
    assert.throws(() => one.read(), { code: 'KISIM_E_WEBHOOK_CERTIFICATES', message: /not signed/ });
  });

  test('where it cannot be written is told with its path', (t) => {
    const file = join(temporaryFolder(t), 'file');
    writeFileSync(file, '');
    const folder = new CertificateFolder(join(file, 'webhook'));
    assert.throws(() => folder.prepare('a.example', now), { code: 'KISIM_E_WEBHOOK_CERTIFICATES' });
  });
});
