import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DeploymentScaler } from '../../../../src/kubernetes/scale/deployment-scale.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { fieldsOf, type StoredObject } from '../../../support/fake-api/objects.ts';
import { ManualTime } from '../../../support/manual-time.ts';
import { MemoryApi } from '../../../support/memory-api.ts';

const target = { namespace: 'default', name: 'web' };
const labels = { 'kisimd.io/scale': 'enabled' };

class Bench {
  readonly api = new MemoryApi();
  leading = true;
  readonly scaler = new DeploymentScaler({
    api: this.api,
    sleep: new ManualTime().noSleep,
    random: seededRandom(1),
    stillLeader: () => this.leading,
  });

  make(metadata: object = { labels }, spec: object = { replicas: 2 }, status: object = {}): StoredObject {
    const web = this.api.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', ...metadata },
      spec,
    });
    return this.api.change(web, (copy) => {
      copy['status'] = status;
    });
  }

  touch(web: StoredObject): void {
    this.api.change(web, ({ metadata }) => {
      metadata['annotations'] = { touched: String(this.api.requests.length) };
    });
  }

  get replicas(): unknown {
    return fieldsOf(this.api.find('Deployment', 'web'), 'spec')['replicas'];
  }
}

describe('the replicas of a Deployment', () => {
  test('are told with those that serve', async () => {
    const bench = new Bench();
    const { metadata } = bench.make({ labels }, { replicas: 3 }, { replicas: 2, readyReplicas: 1 });
    assert.deepEqual(await bench.scaler.read(target), {
      ...target,
      uid: metadata.uid,
      wanted: 3,
      present: 2,
      ready: 1,
    });
  });

  test('that the server leaves out are those of its defaults', async () => {
    const bench = new Bench();
    bench.make({ labels }, {});
    const { wanted, present, ready } = await bench.scaler.read(target);
    assert.deepEqual([wanted, present, ready], [1, 0, 0]);
  });

  test('are set through the scale subresource, and not again', async () => {
    const bench = new Bench();
    bench.make();
    const { uid } = await bench.scaler.read(target);
    assert.deepEqual(await bench.scaler.scale({ ...target, uid }, 5), { outcome: 'scaled', from: 2, to: 5 });
    assert.equal(bench.replicas, 5);
    assert.deepEqual(await bench.scaler.scale({ ...target, uid }, 5), { outcome: 'kept', from: 5, to: 5 });
    const paths = bench.api.requests.filter(({ method }) => method === 'PATCH').map(({ path }) => path);
    assert.deepEqual(paths, ['/apis/apps/v1/namespaces/default/deployments/web/scale']);
  });

  test('are set from none and to none', async () => {
    const bench = new Bench();
    bench.make({ labels }, { replicas: 0 });
    const { uid } = await bench.scaler.read(target);
    assert.deepEqual(await bench.scaler.scale({ ...target, uid }, 1), { outcome: 'scaled', from: 0, to: 1 });
    assert.deepEqual(await bench.scaler.scale({ ...target, uid }, 0), { outcome: 'scaled', from: 1, to: 0 });
    assert.equal(bench.replicas, 0);
  });

  test('are set after a change in between, from what they were then', async () => {
    const bench = new Bench();
    const web = bench.make();
    const { uid } = await bench.scaler.read(target);
    let meddled = false;
    bench.api.meanwhile = ({ method }) => {
      if (method !== 'PATCH' || meddled) return;
      meddled = true;
      bench.api.change(web, (copy) => {
        copy['spec'] = { replicas: 4 };
      });
    };
    assert.deepEqual(await bench.scaler.scale({ ...target, uid }, 5), { outcome: 'scaled', from: 4, to: 5 });
  });

  test('are given up where changes never end', async () => {
    const bench = new Bench();
    const web = bench.make();
    const { uid } = await bench.scaler.read(target);
    bench.api.meanwhile = ({ method }) => {
      if (method === 'PATCH') bench.touch(web);
    };
    const result = await bench.scaler.scale({ ...target, uid }, 5);
    assert.equal(result.outcome === 'failed' && result.error.code, 'KISIM_E_KUBE_WRITE');
    assert.equal(bench.replicas, 2);
  });

  test('of one that does not ask for it are neither read nor set', async () => {
    const bench = new Bench();
    bench.make({ labels: { 'kisimd.io/scale': 'no' } });
    await assert.rejects(bench.scaler.read(target), {
      code: 'KISIM_E_SCALE_NOT_OPTED_IN',
      found: 'default/web',
    });
  });

  test('of one that is not there, is being deleted or is another by now are told with its name', async () => {
    const bench = new Bench();
    await assert.rejects(bench.scaler.read(target), { code: 'KISIM_E_SCALE_GONE', found: 'default/web' });
    const web = bench.make();
    const other = await bench.scaler.scale({ ...target, uid: 'another' }, 5);
    assert.equal(other.outcome === 'failed' && other.error.code, 'KISIM_E_SCALE_GONE');
    bench.api.change(web, ({ metadata }) => {
      metadata['deletionTimestamp'] = '2026-01-01T00:00:00Z';
    });
    await assert.rejects(bench.scaler.read(target), { found: 'default/web is being deleted' });
    bench.api.remove(web);
    const gone = await bench.scaler.scale({ ...target, uid: web.metadata.uid }, 5);
    assert.equal(gone.outcome === 'failed' && gone.error.found, 'default/web has vanished');
  });

  test('that may not be set are told with the path', async () => {
    const bench = new Bench();
    bench.make();
    const { uid } = await bench.scaler.read(target);
    bench.api.faults.add({ times: 1, method: 'PATCH', fault: { status: 403 } });
    const result = await bench.scaler.scale({ ...target, uid }, 5);
    assert.equal(result.outcome === 'failed' && result.error.code, 'KISIM_E_KUBE_FORBIDDEN');
    assert.match((result as { error: Error }).error.message, /deployments\/web\/scale/);
  });

  test('are set by the leader alone', async () => {
    const bench = new Bench();
    const { metadata } = bench.make();
    bench.leading = false;
    assert.deepEqual(await bench.scaler.scale({ ...target, uid: metadata.uid }, 5), {
      outcome: 'not-leader',
    });
    assert.equal(bench.api.requests.length, 0);
  });
});
