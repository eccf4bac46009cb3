import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Adviser } from '../../../src/kubernetes/adviser.ts';
import type { ApiDeployment, ApiNode } from '../../../src/kubernetes/api-objects.ts';
import { seededRandom } from '../../../src/util/rng.ts';
import type { StoredObject } from '../../support/fake-api/objects.ts';
import { ManualTime } from '../../support/manual-time.ts';
import { MemoryApi } from '../../support/memory-api.ts';

class Bench {
  readonly api = new MemoryApi();
  leading = true;
  readonly adviser = new Adviser({
    api: this.api,
    sleep: new ManualTime().noSleep,
    random: seededRandom(1),
    stillLeader: () => this.leading,
  });

  make(kind: string, apiVersion: string, spec: object): StoredObject {
    return this.api.create({ apiVersion, kind, metadata: { name: 'one' }, spec });
  }

  touch(object: StoredObject): void {
    this.api.change(object, ({ metadata }) => {
      metadata['labels'] = { touched: 'yes' };
    });
  }
}

describe('advice', () => {
  test('labels a node and takes the label away, beside the labels of others', async () => {
    const bench = new Bench();
    bench.touch(bench.make('Node', 'v1', {}));
    assert.equal(await bench.adviser.label('one', 'poor'), true);
    assert.deepEqual(bench.api.find('Node', 'one')?.metadata['labels'], {
      touched: 'yes',
      'kisimd.io/efficiency': 'poor',
    });
    await bench.adviser.label('one', undefined);
    assert.deepEqual(bench.api.find('Node', 'one')?.metadata['labels'], { touched: 'yes' });
  });

  test('marks a node that has changed meanwhile', async () => {
    const bench = new Bench();
    const node = bench.make('Node', 'v1', {});
    bench.touch(node);
    assert.equal((await bench.adviser.avoid(node as ApiNode, true)).outcome, 'written');
    const marked = bench.api.find('Node', 'one') as ApiNode;
    assert.deepEqual(marked.spec?.taints, [{ key: 'kisimd.io/inefficient', effect: 'PreferNoSchedule' }]);
    assert.equal((await bench.adviser.avoid(marked, true)).outcome, 'settled');
  });

  test('prefers nodes in a Deployment that has changed meanwhile, once', async () => {
    const bench = new Bench();
    const web = bench.make('Deployment', 'apps/v1', { template: { spec: {} } });
    bench.touch(web);
    assert.equal((await bench.adviser.prefer(web as ApiDeployment, ['n1'])).outcome, 'written');
    const now = bench.api.find('Deployment', 'one') as ApiDeployment;
    assert.equal((await bench.adviser.prefer(now, ['n1'])).outcome, 'settled');
  });

  test('that is refused is told', async () => {
    const bench = new Bench();
    const node = bench.make('Node', 'v1', {});
    bench.api.faults.add({ times: 2, fault: { status: 403 } });
    await assert.rejects(bench.adviser.label('one', 'good'), { code: 'KISIM_E_KUBE_FORBIDDEN' });
    const result = await bench.adviser.avoid(node as ApiNode, true);
    assert.equal(result.outcome === 'failed' && result.error.code, 'KISIM_E_KUBE_FORBIDDEN');
  });

  test('comes from the leader alone', async () => {
    const bench = new Bench();
    bench.leading = false;
    const node = bench.make('Node', 'v1', {});
    assert.equal(await bench.adviser.label('one', 'good'), false);
    assert.equal((await bench.adviser.avoid(node as ApiNode, true)).outcome, 'not-leader');
    assert.equal(bench.api.requests.length, 0);
  });
});
