import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FixedPolicy } from '../../../../src/autoscaling/policies/fixed.ts';
import { type LiveAutoscaleOptions, runLiveAutoscale } from '../../../../src/daemon/loops/live-autoscale.ts';
import type { ScalingRecord } from '../../../../src/history/loop-record.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { fieldsOf } from '../../../support/fake-api/objects.ts';
import { ManualTime } from '../../../support/manual-time.ts';
import { MemoryApi } from '../../../support/memory-api.ts';
import { recordingLogger } from '../../../support/open-history.ts';

function bench(over: Partial<LiveAutoscaleOptions> = {}) {
  const api = new MemoryApi('kisimd');
  const time = new ManualTime();
  const records: ScalingRecord[] = [];
  const stop = new AbortController();
  let closed = 0;
  const options: LiveAutoscaleOptions = {
    connection: { api, electionApi: api, close: () => void closed++ },
    ownNamespace: 'kisimd',
    identity: 'host-1',
    policy: new FixedPolicy(0, 3),
    limits: { gpu: { min: 0, max: 0 }, cpu: { min: 1, max: 5 } },
    targets: { cpu: { namespace: 'default', name: 'web' } },
    sources: [],
    podSources: [],
    intervalSeconds: 10,
    episodeSeconds: 300,
    trendForm: 'normalised',
    mode: 'act',
    sink: { scaled: (record) => void records.push(record) },
    clock: time.clock,
    sleep: time.sleep,
    random: seededRandom(1),
    log: recordingLogger().log,
    ...over,
  };
  const deploy = () =>
    api.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { 'kisimd.io/scale': 'enabled' } },
      spec: { replicas: 1 },
    });
  const holder = () => fieldsOf(api.find('Lease', 'kisimd-autoscale', 'kisimd'), 'spec')['holderIdentity'];
  return { api, time, records, stop, options, deploy, holder, closed: () => closed };
}

test('a Deployment is scaled under a lease, which is handed back in the end', async () => {
  const { api, time, records, stop, options, deploy, holder, closed } = bench();
  deploy();
  const running = runLiveAutoscale(options, stop.signal);
  await time.advance(10_000);
  assert.equal(holder(), 'host-1');
  assert.equal(fieldsOf(api.find('Deployment', 'web'), 'spec')['replicas'], 3);
  stop.abort();
  await time.advance(0);
  assert.deepEqual(await running, { rounds: 1, scaled: 1 });
  assert.equal(holder(), '');
  assert.equal(records[0]?.outcome, 'scaled');
  assert.equal(closed(), 1);
});

test('what is wrong at the start is told at once, and no lease is asked for', async () => {
  const { options, stop, holder, closed } = bench();
  await assert.rejects(runLiveAutoscale(options, stop.signal), { code: 'KISIM_E_SCALE_GONE' });
  assert.equal(holder(), undefined);
  assert.equal(closed(), 1);
});

test('a dry run asks for no lease', async () => {
  const { time, records, stop, options, deploy, holder } = bench({ mode: 'dry-run' });
  deploy();
  const running = runLiveAutoscale(options, stop.signal);
  await time.advance(10_000);
  stop.abort();
  await time.advance(0);
  await running;
  assert.equal(holder(), undefined);
  assert.equal(records[0]?.outcome, 'observed');
});
