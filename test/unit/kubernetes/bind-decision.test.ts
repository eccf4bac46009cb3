import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NodeChoice } from '../../../src/kubernetes/affinity.ts';
import type { ApiJob, ApiPod } from '../../../src/kubernetes/api-objects.ts';
import { Actor, type ActorOptions, type FreeResult } from '../../../src/kubernetes/bind-decision.ts';
import type { KubeRequest } from '../../../src/kubernetes/kube-api.ts';
import { JOB_LABEL, JOB_LABEL_VALUE, PLACEMENT_GATE } from '../../../src/kubernetes/names.ts';
import { seededRandom } from '../../../src/util/rng.ts';
import type { Fields, StoredObject } from '../../support/fake-api/objects.ts';
import { ManualTime } from '../../support/manual-time.ts';
import { MemoryApi } from '../../support/memory-api.ts';

const onN1: NodeChoice = { node: 'n1', strength: 'preferred' };
const onN2: NodeChoice = { node: 'n2', strength: 'preferred' };

class Bench {
  readonly api = new MemoryApi();
  readonly time = new ManualTime();
  leading = true;
  readonly actor: Actor;

  constructor(more: Partial<ActorOptions> = {}) {
    this.actor = new Actor({
      api: this.api,
      sleep: this.time.noSleep,
      random: seededRandom(1),
      stillLeader: () => this.leading,
      decidedBy: () => 'host-1#4',
      ...more,
    });
  }

  gated(spec: Fields = {}): ApiPod & StoredObject {
    return this.api.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default' },
      spec: { containers: [{ name: 'main' }], schedulingGates: [{ name: PLACEMENT_GATE }], ...spec },
    }) as ApiPod & StoredObject;
  }

  get pod(): ApiPod {
    return this.api.find('Pod', 'web') as ApiPod;
  }

  get gates(): number {
    return this.pod.spec?.schedulingGates?.length ?? 0;
  }

  get preferred(): string | undefined {
    return this.pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.[0]
      ?.preference.matchFields?.[0]?.values?.[0];
  }

  get methods(): string {
    return this.api.requests.map(({ method }) => method).join(' ');
  }

  /** What happens in the cluster just before the next patch arrives, so many times. */
  beforePatches(times: number, happens: () => void): void {
    let left = times;
    this.api.meanwhile = ({ method }: KubeRequest) => {
      if (method === 'PATCH' && left-- > 0) happens();
    };
  }

  touch(pod: StoredObject): void {
    this.api.change(pod, ({ metadata }) => {
      metadata['annotations'] = { touched: String(this.api.store.version) };
    });
  }
}

function errorCode(result: FreeResult): string | undefined {
  return result.outcome === 'failed' ? result.error.code : undefined;
}

describe('a gated pod', () => {
  test('is placed by one write', async () => {
    const bench = new Bench();
    const result = await bench.actor.freePod(bench.gated(), onN1);
    assert.deepEqual(result, { outcome: 'placed', node: 'n1', attempts: 1 });
    assert.equal(bench.methods, 'PATCH');
    assert.equal(bench.gates, 0);
    assert.equal(bench.preferred, 'n1');
    assert.equal(bench.pod.metadata?.annotations?.['kisimd.io/decided-by'], 'host-1#4');
  });

  test('is freed unmodified without a choice', async () => {
    const bench = new Bench();
    assert.deepEqual(await bench.actor.freePod(bench.gated(), undefined), {
      outcome: 'unmodified',
      why: 'no-choice',
      attempts: 1,
    });
    assert.equal(bench.pod.spec?.affinity, undefined);
  });

  test('that requires another node itself is freed unmodified', async () => {
    const bench = new Bench();
    const elsewhere = { key: 'metadata.name', operator: 'In', values: ['n9'] };
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [elsewhere] }] },
      },
    };
    const result = await bench.actor.freePod(bench.gated({ affinity }), onN1);
    assert.deepEqual(result, { outcome: 'unmodified', why: 'contradicted', attempts: 1 });
  });

  test('that was freed before is left', async () => {
    const bench = new Bench();
    const pod = bench.gated();
    bench.api.change(pod, (copy) => {
      (copy['spec'] as Fields)['schedulingGates'] = [];
    });
    const result = await bench.actor.freePod(pod, onN1);
    assert.deepEqual(result, { outcome: 'already-free', attempts: 1 });
    assert.equal(bench.preferred, undefined);
  });

  test('that was placed before, by whomever, is not said to be placed again', async () => {
    const bench = new Bench();
    await bench.actor.freePod(bench.gated(), onN1);
    assert.deepEqual(await bench.actor.freePod(bench.pod, onN1), { outcome: 'already-free', attempts: 0 });
  });

  test('that is gone, or has a successor of its name, is left', async () => {
    const bench = new Bench();
    const pod = bench.gated();
    bench.api.remove(pod);
    assert.deepEqual(await bench.actor.freePod(pod, onN1), { outcome: 'gone', attempts: 1 });
    bench.gated();
    assert.deepEqual(await bench.actor.freePod(pod, onN1), { outcome: 'gone', attempts: 1 });
    assert.equal(bench.gates, 1);
  });

  test('that is being deleted is left', async () => {
    const bench = new Bench();
    const pod = bench.api.change(bench.gated(), ({ metadata }) => {
      metadata['deletionTimestamp'] = '2026-01-01T00:00:00Z';
    });
    assert.deepEqual(await bench.actor.freePod(pod, onN1), { outcome: 'gone', attempts: 0 });
  });
});

describe('after a conflict', () => {
  test('the pod is read again and placed as it is now', async () => {
    const bench = new Bench();
    const pod = bench.gated();
    bench.beforePatches(1, () => bench.touch(pod));
    const result = await bench.actor.freePod(pod, onN1);
    assert.deepEqual(result, { outcome: 'placed', node: 'n1', attempts: 2 });
    assert.equal(bench.methods, 'PATCH GET PATCH');
    assert.match(bench.pod.metadata?.annotations?.['touched'] ?? '', /^\d+$/);
  });

  test('it is decided again where the pod asks for something else by now', async () => {
    const bench = new Bench({ decideAgain: () => onN2 });
    const pod = bench.gated();
    bench.beforePatches(1, () => {
      bench.api.change(pod, (copy) => {
        (copy['spec'] as Fields)['nodeSelector'] = { disk: 'ssd' };
      });
    });
    assert.deepEqual(await bench.actor.freePod(pod, onN1), { outcome: 'placed', node: 'n2', attempts: 2 });
  });

  test('it is tried five times more, with growing and uneven waits, and then told', async () => {
    const bench = new Bench();
    const pod = bench.gated();
    bench.beforePatches(100, () => bench.touch(pod));
    const result = await bench.actor.freePod(pod, onN1);
    assert.equal(errorCode(result), 'KISIM_E_KUBE_WRITE');
    assert.equal(result.attempts, 6);
    assert.equal(bench.time.slept.length, 5);
    bench.time.slept.forEach((slept, i) => {
      assert(slept >= 5 * 2 ** i && slept < 15 * 2 ** i, `wait ${i} is ${slept} ms`);
    });
    assert.equal(bench.gates, 1);
  });
});

describe('after a refusal', () => {
  const refuse = (bench: Bench, times: number) =>
    bench.api.faults.add({ method: 'PATCH', times, fault: { status: 422 } });

  test('it is decided again', async () => {
    const bench = new Bench({ decideAgain: () => onN2 });
    refuse(bench, 1);
    assert.deepEqual(await bench.actor.freePod(bench.gated(), onN1), {
      outcome: 'placed',
      node: 'n2',
      attempts: 2,
    });
  });

  test('a second one frees the pod unmodified', async () => {
    const bench = new Bench({ decideAgain: () => onN2 });
    refuse(bench, 2);
    const result = await bench.actor.freePod(bench.gated(), onN1);
    assert.deepEqual(result, { outcome: 'unmodified', why: 'refused', attempts: 3 });
    assert.equal(bench.preferred, undefined);
    assert.equal(bench.gates, 0);
  });

  test('the pod is freed unmodified where there is no other decision', async () => {
    const bench = new Bench();
    refuse(bench, 1);
    const result = await bench.actor.freePod(bench.gated(), onN1);
    assert.deepEqual(result, { outcome: 'unmodified', why: 'refused', attempts: 2 });
  });

  test('a third one is told', async () => {
    const bench = new Bench();
    refuse(bench, 3);
    assert.equal(errorCode(await bench.actor.freePod(bench.gated(), onN1)), 'KISIM_E_KUBE_WRITE');
  });
});

describe('a server in trouble', () => {
  test('that is busy is given the time that it asks for, and nothing is read meanwhile', async () => {
    const bench = new Bench();
    bench.api.faults.add({ times: 2, fault: { status: 429, headers: { 'retry-after': '3' } } });
    const result = await bench.actor.freePod(bench.gated(), onN1);
    assert.equal(result.outcome, 'placed');
    assert.equal(bench.methods, 'PATCH PATCH PATCH');
    assert(bench.time.slept.every((slept) => slept >= 3000 && slept < 3500));
  });

  test('that is busy without saying how long is given a second', async () => {
    const bench = new Bench();
    bench.api.faults.add({ fault: { status: 429 } });
    await bench.actor.freePod(bench.gated(), onN1);
    assert(bench.time.slept[0]! >= 1000);
  });

  test('that fails is asked what it did, and then again', async () => {
    const bench = new Bench();
    bench.api.faults.add({ method: 'PATCH', fault: { status: 500 } });
    bench.api.faults.add({ method: 'GET', fault: 'cut' });
    const result = await bench.actor.freePod(bench.gated(), onN1);
    assert.deepEqual(result, { outcome: 'placed', node: 'n1', attempts: 2 });
    assert.equal(bench.methods, 'PATCH GET GET PATCH');
  });

  test('whose answer was lost has placed the pod once, and that is known', async () => {
    const bench = new Bench();
    bench.api.faults.add({ method: 'PATCH', fault: 'cut-after' });
    const result = await bench.actor.freePod(bench.gated(), onN1);
    assert.deepEqual(result, { outcome: 'placed', node: 'n1', attempts: 1 });
    assert.equal(bench.methods, 'PATCH GET');
  });

  test('that stays away is given up', async () => {
    const bench = new Bench();
    bench.api.faults.add({ times: 100, fault: 'hang' });
    const result = await bench.actor.freePod(bench.gated(), onN1);
    assert.equal(errorCode(result), 'KISIM_E_KUBE_WRITE');
    assert.equal(bench.api.requests.length, 6);
  });

  test('that forbids it is not asked again', async () => {
    const bench = new Bench();
    bench.api.faults.add({ fault: { status: 403 } });
    assert.equal(errorCode(await bench.actor.freePod(bench.gated(), onN1)), 'KISIM_E_KUBE_FORBIDDEN');
    assert.equal(bench.methods, 'PATCH');
  });
});

describe('who leads no more', () => {
  test('writes nothing', async () => {
    const bench = new Bench();
    bench.leading = false;
    assert.deepEqual(await bench.actor.freePod(bench.gated(), onN1), { outcome: 'not-leader', attempts: 0 });
    assert.equal(bench.api.requests.length, 0);
  });

  test('does not try again', async () => {
    const bench = new Bench();
    const pod = bench.gated();
    bench.beforePatches(1, () => {
      bench.touch(pod);
      bench.leading = false;
    });
    assert.deepEqual(await bench.actor.freePod(pod, onN1), { outcome: 'not-leader', attempts: 1 });
    assert.equal(bench.methods, 'PATCH');
  });

  test('has its late write refused where the new leader was first', async () => {
    const old = new Bench();
    const pod = old.gated();
    const next = new Actor({
      api: old.api,
      sleep: old.time.noSleep,
      random: seededRandom(2),
      stillLeader: () => true,
      decidedBy: () => 'host-2#5',
    });
    await next.freePod(pod, onN2);
    assert.deepEqual(await old.actor.freePod(pod, onN1), { outcome: 'already-free', attempts: 1 });
    assert.equal(old.preferred, 'n2');
  });
});

describe('a write that is called off', () => {
  test('before it was sent is not sent', async () => {
    const bench = new Bench();
    const result = await bench.actor.freePod(bench.gated(), onN1, AbortSignal.abort());
    assert.equal(errorCode(result), 'KISIM_E_KUBE_WRITE');
    assert.equal(bench.api.requests.length, 0);
  });

  test('on its way is told, and not tried again', async () => {
    const bench = new Bench();
    const stop = new AbortController();
    bench.api.meanwhile = () => {
      stop.abort(new Error('the deadline'));
      throw stop.signal.reason;
    };
    const result = await bench.actor.freePod(bench.gated(), onN1, stop.signal);
    assert.equal(errorCode(result), 'KISIM_E_KUBE_WRITE');
    assert.equal(bench.api.requests.length, 1);
  });

  test('while it waits for a busy server ends at once', async () => {
    const time = new ManualTime();
    const bench = new Bench({ sleep: time.sleep });
    const stop = new AbortController();
    bench.api.faults.add({ fault: { status: 429, headers: { 'retry-after': '60' } } });
    const freed = bench.actor.freePod(bench.gated(), onN1, stop.signal);
    await time.advance(1);
    stop.abort();
    assert.equal(errorCode(await freed), 'KISIM_E_KUBE_WRITE');
  });
});

test('a fault of the program itself is not taken for one of the server', async () => {
  const bench = new Bench();
  bench.api.meanwhile = () => {
    throw new TypeError('a bug');
  };
  await assert.rejects(bench.actor.freePod(bench.gated(), onN1), TypeError);
});

describe('a suspended Job', () => {
  function suspendedJob(bench: Bench): ApiJob {
    return bench.api.create({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'sum', labels: { [JOB_LABEL]: JOB_LABEL_VALUE } },
      spec: { suspend: true, template: { spec: { containers: [{ name: 'main' }], restartPolicy: 'Never' } } },
    }) as ApiJob;
  }

  test('is placed and started by one write', async () => {
    const bench = new Bench();
    const choice = { nodes: ['n1', 'n2'], strength: 'required' } as const;
    const result = await bench.actor.startJob(suspendedJob(bench), choice, 'suspended');
    assert.deepEqual(result, { outcome: 'placed', node: 'n1,n2', attempts: 1 });
    const { spec } = bench.api.find('Job', 'sum') as ApiJob;
    assert.equal(spec?.suspend, false);
    assert.equal(
      spec?.template?.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
        ?.nodeSelectorTerms.length,
      2,
    );
  });

  test('whose placement is refused is started as it was', async () => {
    const bench = new Bench();
    bench.api.faults.add({ method: 'PATCH', fault: { status: 422 } });
    const choice = { nodes: ['n1'], strength: 'required' } as const;
    const result = await bench.actor.startJob(suspendedJob(bench), choice, 'suspended');
    assert.deepEqual(result, { outcome: 'unmodified', why: 'refused', attempts: 2 });
  });

  test('that was started by somebody else is left', async () => {
    const bench = new Bench();
    const job = suspendedJob(bench);
    await bench.actor.startJob(job, undefined, 'suspended');
    const other = new Actor({
      api: bench.api,
      sleep: bench.time.noSleep,
      random: seededRandom(2),
      stillLeader: () => true,
      decidedBy: () => 'host-2#5',
    });
    assert.equal((await other.startJob(job, undefined, 'suspended')).outcome, 'already-free');
  });
});
