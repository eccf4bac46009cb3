import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GateWebhookServer } from '../../src/kubernetes/gate-webhook-server.ts';
import { isGated } from '../../src/kubernetes/gated-pod-patch.ts';
import { gateWebhook } from '../../src/kubernetes/manifests/gate-webhook.ts';
import { objectPath } from '../../src/kubernetes/manifests/setup-objects.ts';
import { DEFAULT_NAMESPACE, PLACEMENT_GATE, SKIP_LABEL } from '../../src/kubernetes/names.ts';
import { silentLogger } from '../../src/util/log.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { ActingCluster } from './support/acting-cluster.ts';
import { outsideNamespace } from './support/in-namespace.ts';
import { parent } from './support/install-program.ts';

describe('the webhook of older servers, at the real API server', { skip: outsideNamespace }, () => {
  const cleanups = new Cleanups();
  let cluster: ActingCluster;
  let server: GateWebhookServer;
  let port: number;
  let authority: string;
  let gating = true;

  before(async () => {
    cluster = await ActingCluster.start(cleanups, false);
    const file = (name: string): string => readFileSync(join(cluster.plane.folder, 'pki', name), 'utf8');
    authority = file('ca.crt');
    server = new GateWebhookServer({
      host: '127.0.0.1',
      port: 0,
      path: '/gate',
      // Of the API server, at the same address.
      certificate: file('apiserver.crt'),
      key: file('apiserver.key'),
      gating: () => gating,
      log: silentLogger,
    });
    ({ port } = await server.start());
    const webhook = gateWebhook({
      namespace: DEFAULT_NAMESPACE,
      address: { url: `https://127.0.0.1:${port}/gate` },
      authority,
    });
    await cluster.create(parent(objectPath(webhook)), webhook);
    await cluster.gated();
  });
  after(async () => {
    await server?.stop();
    cleanups.run();
  });

  function ask(path: string, body: string): Promise<{ status: number | undefined; text: string }> {
    return new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, method: 'POST', ca: authority }, (response) => {
        let text = '';
        response.on('data', (part: Buffer) => {
          text += part.toString();
        });
        response.once('end', () => resolve({ status: response.statusCode, text }));
      })
        .once('error', reject)
        .end(body);
    });
  }

  test('gates a pod beside the gates that it has', async () => {
    const theirs = { name: 'example.com/wait' };
    const pod = await cluster.pod({ schedulingGates: [theirs] });
    assert.deepEqual(pod.spec?.schedulingGates, [theirs, { name: PLACEMENT_GATE }]);
  });

  test('leaves those that are to be left', async () => {
    assert(!isGated(await cluster.pod({}, { labels: { [SKIP_LABEL]: 'yes' } })));
    assert(!isGated(await cluster.pod({ nodeName: 'n1' })));
    assert(!isGated(await cluster.pod({ schedulerName: 'mine' })));
    assert(!isGated(await cluster.pod({}, {}, 'default')));
  });

  test('gates none while nobody would free them', async () => {
    gating = false;
    assert(!isGated(await cluster.pod()));
    gating = true;
    assert(isGated(await cluster.pod()));
  });

  test('tells who asks for something else', async () => {
    const { status, text } = await ask('/gate', '{}');
    assert.equal(status, 400);
    assert.match(text, /KISIM_E_WEBHOOK_REQUEST/);
    assert.equal((await ask('/gate', '{')).status, 400);
    assert.equal((await ask('/gate', 'x'.repeat(5_000_000))).status, 400);
    assert.equal((await ask('/other', '{}')).status, 404);
  });

  test('is passed over where it is away', async () => {
    await server.stop();
    assert(!isGated(await cluster.pod()));
  });
});
