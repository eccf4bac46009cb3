import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { connect, type PeerCertificate } from 'node:tls';
import { GateWebhook } from '../../../../src/daemon/placement/gate-webhook.ts';
import { CertificateFolder } from '../../../../src/kubernetes/certificates/certificate-folder.ts';
import type { LogFields, Logger } from '../../../../src/util/log.ts';
import { PlayedTime } from '../../../support/played-time.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;

describe('the webhook beside the placement loop', () => {
  let folder: CertificateFolder;
  let time: PlayedTime;
  let webhook: GateWebhook;
  let told: { event: string; fields: LogFields | undefined }[];

  beforeEach((t) => {
    folder = new CertificateFolder(join(temporaryFolder(t as never), 'webhook'));
    time = new PlayedTime();
    // Certificates of days gone by would not be taken by the client of these tests.
    time.unixAtZero = Date.now();
    told = [];
    const tell = (event: string, fields?: LogFields) => void told.push({ event, fields });
    const log: Logger = { debug: tell, info: tell, warn: tell, error: tell };
    webhook = new GateWebhook({
      folder: folder.path,
      host: '127.0.0.1',
      port: 0,
      gating: () => true,
      time,
      log,
    });
  });
  afterEach(() => webhook.stop());

  /** What is presented to a client that trusts the authority of the folder. */
  async function presented(): Promise<PeerCertificate> {
    const { authority } = folder.read()!;
    const socket = connect({ host: '127.0.0.1', port: webhook.port!, ca: authority });
    await once(socket, 'secureConnect');
    const certificate = socket.getPeerCertificate();
    socket.destroy();
    return certificate;
  }

  /** Starting a server takes more than the turns that played time waits for. */
  async function lookAgain(): Promise<void> {
    await time.play(MINUTE);
    for (let i = 0; webhook.port === undefined && i < 100; i++)
      await new Promise((resolve) => setImmediate(resolve));
  }

  test('listens nowhere without certificates, and as soon as there are some', async () => {
    await webhook.start();
    assert.equal(webhook.port, undefined);
    folder.prepare('127.0.0.1', time.unixMilliseconds());
    await lookAgain();
    assert.equal((await presented()).subjectaltname, 'IP Address:127.0.0.1');
  });

  test('renews its certificate in its last month, under the same authority, while it serves', async () => {
    const first = folder.prepare('127.0.0.1', time.unixMilliseconds());
    await webhook.start();
    const before = (await presented()).fingerprint;
    // As if sixty-one days had gone by at once.
    time.unixAtZero += 61 * DAY;
    await time.play(MINUTE);
    assert.equal(folder.read()!.authority, first.authority);
    const after = new Date(folder.read()!.serverExpires);
    assert(after.getTime() > time.unixMilliseconds() + 89 * DAY);
    assert(told.some(({ event }) => event === 'webhook-certificate-renewed'));
    time.unixAtZero -= 61 * DAY;
    // A client of today finds the certificate of two months ahead not valid yet; one that looks at no dates sees it.
    const socket = connect({ host: '127.0.0.1', port: webhook.port!, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    assert.notEqual(socket.getPeerCertificate().fingerprint, before);
    socket.destroy();
  });

  test('takes up what a new set-up has made', async () => {
    folder.prepare('127.0.0.1', time.unixMilliseconds());
    await webhook.start();
    const { port } = webhook;
    folder.prepare('localhost', time.unixMilliseconds());
    await time.play(MINUTE);
    const socket = connect({
      host: '127.0.0.1',
      port: port!,
      ca: folder.read()!.authority,
      servername: 'localhost',
    });
    await once(socket, 'secureConnect');
    assert.equal(socket.getPeerCertificate().subjectaltname, 'DNS:localhost');
    socket.destroy();
    assert.equal(webhook.port, port);
  });

  test('tells what is wrong with them, serves on with what it has, and looks again', async () => {
    folder.prepare('127.0.0.1', time.unixMilliseconds());
    await webhook.start();
    const path = join(folder.path, 'server.pem');
    writeFileSync(path, 'damaged');
    await time.play(MINUTE);
    const { fields } = told.find(({ event }) => event === 'webhook-not-served')!;
    assert.equal((fields!['error'] as { code: string }).code, 'KISIM_E_WEBHOOK_CERTIFICATES');
    rmSync(path);
    folder.prepare('127.0.0.1', time.unixMilliseconds());
    await time.play(MINUTE);
    assert.equal((await presented()).subjectaltname, 'IP Address:127.0.0.1');
  });

  test('stops looking when it is stopped', async () => {
    await webhook.start();
    assert.equal(time.timers, 1);
    await webhook.stop();
    assert.equal(time.timers, 0);
  });
});
