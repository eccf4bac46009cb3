import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ClientNodeApi } from '../../../src/kubernetes/client-node-api.ts';
import { JobWatcher, suspendedJob } from '../../../src/kubernetes/job-watcher.ts';
import type { KubeObject } from '../../../src/kubernetes/kube-object.ts';
import { JOB_LABEL, JOB_LABEL_VALUE } from '../../../src/kubernetes/names.ts';
import { seededRandom } from '../../../src/util/rng.ts';
import { connectedFake } from '../../support/connected-fake.ts';
import type { Fields, StoredObject } from '../../support/fake-api/objects.ts';
import type { FakeApiServer } from '../../support/fake-api-server.ts';
import { stored } from '../../support/patched.ts';
import { Told } from '../../support/told.ts';

const labels = { [JOB_LABEL]: JOB_LABEL_VALUE };

describe('suspended Jobs on the wire', () => {
  let server: FakeApiServer;
  let api: ClientNodeApi;
  let close: () => Promise<void>;
  let told: Told;
  let watcher: JobWatcher;

  beforeEach(async () => {
    ({ server, api, close } = await connectedFake());
    told = new Told();
    watcher = new JobWatcher({
      api,
      rule: 'suspended',
      random: seededRandom(1),
      wait: async () => undefined,
      trouble: (place, error) => told.add(`${place} ${String(error)}`),
    });
    watcher.subscribe({
      waits: ({ name }) => told.add(`${name} waits`),
      settled: ({ name }) => told.add(`${name} settled`),
    });
  });
  afterEach(async () => {
    await watcher.stop();
    await close();
  });

  const create = (name: string, metadata: Fields = { labels }, spec: Fields = {}): StoredObject =>
    server.create({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, ...metadata },
      spec: {
        suspend: true,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'a:1' }] } },
        ...spec,
      },
    });

  test('only those that ask for it are told of, until they run or are gone', async () => {
    const one = create('one');
    create('unasked', {});
    create('running', { labels }, { suspend: false });
    watcher.start();
    assert.equal(await watcher.synced, true);
    assert.deepEqual(told.take(), ['one waits']);
    const two = create('two');
    await told.has('two waits');
    server.overwrite({ ...two, spec: { ...(two['spec'] as Fields), suspend: false } });
    await told.has('two settled');
    server.remove(one);
    await told.has('one settled');
    assert.deepEqual([...watcher.list()], []);
  });

  test('a label that is taken away settles it', async () => {
    const job = create('one');
    watcher.start();
    await told.has('one waits');
    server.overwrite({ ...job, metadata: { ...job.metadata, labels: {} } });
    await told.has('one settled');
    assert.equal(watcher.get(job.metadata.uid), undefined);
  });
});

describe('what is known of a suspended Job', () => {
  const job = (spec: Fields = {}, status: Fields = {}): KubeObject =>
    stored('Job', {
      metadata: { labels, creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { suspend: true, template: { spec: {} }, ...spec },
      status,
    }) as unknown as KubeObject;
  const podsOf = (spec: Fields, status: Fields = {}) =>
    suspendedJob(job(spec, status), 'suspended')?.podsAtOnce;

  test('its pods at a time: its parallelism, no more than are still to complete, at least one', () => {
    assert.equal(podsOf({}), 1);
    assert.equal(podsOf({ parallelism: 4 }), 4);
    assert.equal(podsOf({ parallelism: 4, completions: 2 }), 2);
    assert.equal(podsOf({ parallelism: 4, completions: 10 }, { succeeded: 7 }), 3);
    assert.equal(podsOf({ parallelism: 0 }), 1);
  });

  test('since when it waits: its creation, or when it was suspended again', () => {
    const since = (status: Fields) =>
      suspendedJob(job({}, status), 'suspended')?.waitingSinceUnixMilliseconds;
    const suspended = { type: 'Suspended', status: 'True' };
    assert.equal(since({}), Date.UTC(2026, 0, 1));
    const again = { ...suspended, lastTransitionTime: '2026-01-02T00:00:00Z' };
    assert.equal(since({ conditions: [again] }), Date.UTC(2026, 0, 2));
    assert.equal(since({ conditions: [suspended] }), Date.UTC(2026, 0, 1));
  });
});
