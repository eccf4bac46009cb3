import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GateWebhookServer } from '../../../src/kubernetes/gate-webhook-server.ts';
import { silentLogger } from '../../../src/util/log.ts';

// What it answers over a connection is tested with the real API server: test/cluster/gate-webhook.test.ts.
test('a certificate that is none is told when it starts', async () => {
  const server = new GateWebhookServer({
    host: '127.0.0.1',
    port: 0,
    path: '/gate',
    certificate: 'none',
    key: 'none',
    gating: () => true,
    log: silentLogger,
  });
  await assert.rejects(server.start(), { code: 'KISIM_E_WEBHOOK_LISTEN' });
  await server.stop();
});
