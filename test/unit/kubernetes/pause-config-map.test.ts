import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ClientNodeApi } from '../../../src/kubernetes/client-node-api.ts';
import { PAUSE_CONFIG_MAP } from '../../../src/kubernetes/names.ts';
import {
  PauseConfigMap,
  pauseCluster,
  pauseReason,
  resumeCluster,
} from '../../../src/kubernetes/pause-config-map.ts';
import { systemClock } from '../../../src/util/clock.ts';
import { KisimError } from '../../../src/util/errors.ts';
import { seededRandom } from '../../../src/util/rng.ts';
import { connectedFake } from '../../support/connected-fake.ts';
import type { FakeApiServer } from '../../support/fake-api-server.ts';
import { recordingLogger } from '../../support/open-history.ts';
import { Told } from '../../support/told.ts';

let server: FakeApiServer;
let api: ClientNodeApi;
let close: () => Promise<void>;
beforeEach(async () => {
  ({ server, api, close } = await connectedFake());
  server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kisimd' } });
});
afterEach(() => close());

describe('the ConfigMap that pauses a cluster', () => {
  test('is made, changed and removed by the operator', async () => {
    await pauseCluster(api, 'kisimd', 'node swap');
    await pauseCluster(api, 'kisimd', 'still node swap');
    const { data } = server.find('ConfigMap', PAUSE_CONFIG_MAP, 'kisimd') as unknown as { data: object };
    assert.deepEqual(data, { paused: 'true', reason: 'still node swap' });
    assert.equal(await resumeCluster(api, 'kisimd'), 'still node swap');
    assert.equal(server.find('ConfigMap', PAUSE_CONFIG_MAP, 'kisimd'), undefined);
    assert.equal(await resumeCluster(api, 'kisimd'), undefined);
  });

  test('is refused with a code to who may not write it', async () => {
    server.forbidden.add('create configmaps');
    await assert.rejects(
      pauseCluster(api, 'kisimd', 'x'),
      (error) => error instanceof KisimError && error.code === 'KISIM_E_KUBE_FORBIDDEN',
    );
  });

  test('pauses unless it says that it does not', () => {
    assert.equal(pauseReason({ data: { reason: ' drill ' } }), 'drill');
    assert.equal(pauseReason({}), 'paused by ConfigMap');
    assert.equal(pauseReason({ data: { paused: 'yes' } }), 'paused by ConfigMap');
    assert.equal(pauseReason({ data: { paused: 'false', reason: 'drill' } }), undefined);
  });
});

describe('a daemon that watches it', () => {
  let told: Told;
  let events: ReturnType<typeof recordingLogger>['events'];
  let pause: PauseConfigMap;

  beforeEach(() => {
    told = new Told();
    const recording = recordingLogger();
    events = recording.events;
    const warn = (event: string, fields: Readonly<Record<string, unknown>> = {}) => {
      recording.log.warn(event, fields);
      told.add(event);
    };
    pause = new PauseConfigMap({
      api,
      namespace: 'kisimd',
      random: seededRandom(1),
      clock: systemClock,
      log: { ...recording.log, warn },
      wait: () => new Promise((resolve) => setImmediate(resolve)),
    });
    pause.subscribe(() => told.add(`reason ${pause.reason}`));
  });
  afterEach(() => pause.stop());

  test('follows it from the first look on', async () => {
    await pauseCluster(api, 'kisimd', 'before the start');
    pause.start();
    await pause.known;
    assert.equal(pause.reason, 'before the start');
    await resumeCluster(api, 'kisimd');
    await told.has('reason undefined');
    await pauseCluster(api, 'kisimd', 'again');
    await told.has('reason again');
    await pauseCluster(api, 'kisimd', 'for another reason');
    await told.has('reason for another reason');
  });

  test('another ConfigMap of the namespace means nothing', async () => {
    server.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other', namespace: 'kisimd' } });
    pause.start();
    await pause.known;
    assert.equal(pause.reason, undefined);
  });

  test('holds what it saw last while the server is away, and says so', async () => {
    await pauseCluster(api, 'kisimd', 'drill');
    pause.start();
    await pause.known;
    const { port } = server;
    await server.close();
    await told.has('pause-config-map-not-seen');
    assert.equal(pause.reason, 'drill');
    const said = events.find(({ event }) => event === 'pause-config-map-not-seen')!;
    assert.equal(said.fields['lastSeen'], 'drill');
    assert(said.fields['error'] instanceof KisimError);
    // Taken back meanwhile.
    server.remove(server.find('ConfigMap', PAUSE_CONFIG_MAP, 'kisimd')!);
    await server.listen(port);
    await told.has('reason undefined');
  });

  test('a server that forbids it holds nothing up, and is told of', async () => {
    server.forbidden.add('list configmaps');
    pause.start();
    await pause.known;
    assert.equal(pause.reason, undefined);
    const codes = events.map(({ fields }) => (fields['error'] as KisimError).code);
    assert.deepEqual([...new Set(codes)], ['KISIM_E_KUBE_FORBIDDEN']);
  });
});
