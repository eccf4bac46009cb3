import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { runTop } from '../../../../src/cli/commands/top.ts';
import { simulatedView } from '../../../support/placement-views.ts';
import { nowEntity, nowSnapshotOf } from '../../../support/snapshots.ts';

const snapshot = nowSnapshotOf([
  nowEntity('process', 'hog', { watts: 9 }),
  nowEntity('pod', 'web-1', { watts: 2 }),
]);
const server = createServer(({ url }, response) => {
  response.end(JSON.stringify(url === '/v1/placement' ? simulatedView() : snapshot));
});

before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
after(() => {
  server.closeAllConnections();
  server.close();
});

async function top(options: Record<string, unknown>): Promise<string> {
  let text = '';
  const stdout = new Writable({
    write: (chunk, _, done) => {
      text += String(chunk);
      done();
    },
  });
  const status = await runTop({
    stdout,
    stderr: new PassThrough(),
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
    env: { KISIMD_CONFIG: '/dev/null' },
    signal: new AbortController().signal,
    options: {
      by: 'process',
      sort: 'watts',
      limit: 20,
      count: '1',
      set: [`export.port=${(server.address() as AddressInfo).port}`],
      ...options,
    },
    args: [],
  });
  assert.equal(status, 0);
  return text;
}

test('into a pipe it prints one table an interval from the daemon, and ends at the count', async () => {
  const text = await top({});
  assert.match(text, /node 45\.25 W/);
  assert.match(text, / hog/);
  assert.doesNotMatch(text, /web-1/);
});

test('--json prints one object a line with the chosen kind', async () => {
  const { by, entities } = JSON.parse(await top({ json: true, by: 'pod' }));
  assert.equal(by, 'pod');
  assert.deepEqual(
    entities.map(({ name }: { name: string }) => name),
    ['web-1'],
  );
});

test('a count or a limit that is no whole number is refused', async () => {
  await assert.rejects(top({ count: '0' }), { code: 'KISIM_E_USAGE' });
  await assert.rejects(top({ limit: 'many' }), { code: 'KISIM_E_USAGE' });
  await assert.rejects(top({ interval: 'soon' }), { code: 'KISIM_E_CONFIG_VALUE' });
});

test('--placement adds what the daemon tells of its loop', async () => {
  assert.match(
    await top({ placement: true }),
    /\nplacement {2}SIMULATED cluster.*\n(.*\n)*.*saved so far, simulated/,
  );
  assert.equal(JSON.parse(await top({ placement: true, json: true })).placement.policy, 'efficiency-first');
  assert.doesNotMatch(await top({}), /placement/);
});
