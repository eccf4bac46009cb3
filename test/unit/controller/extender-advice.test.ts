import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Decider } from '../../../src/controller/decider.ts';
import { ExtenderAdvice, type ExtenderAdviceOptions } from '../../../src/controller/extender-advice.ts';
import { LiveCluster } from '../../../src/controller/live-cluster.ts';
import type { PendingPod } from '../../../src/controller/ports.ts';
import type { ApiPod } from '../../../src/kubernetes/api-objects.ts';
import { policyByName } from '../../../src/policy/registry.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { PlayedPods, pendingPod } from '../../support/played-placement.ts';
import { PlayedTime } from '../../support/played-time.ts';
import { podOf, server } from '../../support/random-cluster.ts';

describe('what an extender advises', () => {
  let pods: PlayedPods;
  let book: LiveCluster;
  let time: PlayedTime;
  let isReady: boolean;

  beforeEach(() => {
    pods = new PlayedPods();
    book = new LiveCluster();
    book.setNodes([server('old', 0), server('middling', 1), server('new', 2)]);
    time = new PlayedTime();
    isReady = true;
  });

  function advice(more: Partial<ExtenderAdviceOptions> = {}): ExtenderAdvice {
    const decider = new Decider({
      book,
      policy: policyByName('marginal-run-out', { ties: 'first' }),
      seed: 1,
      log: silentLogger,
      monotonicMilliseconds: () => time.now,
    });
    const made = new ExtenderAdvice({
      pods,
      book,
      decider,
      time,
      log: silentLogger,
      strength: 'preferred',
      allNamespaces: false,
      ownNamespace: 'kisimd',
      isReady: () => isReady,
      unseenMilliseconds: 75,
      ...more,
    });
    made.start();
    return made;
  }

  const waiting = (id: number, given: Partial<PendingPod> = {}): ApiPod => {
    const pod = pendingPod(id, { isGated: false, ...given });
    pods.tell(pod);
    return asked(pod);
  };
  const asked = ({ uid, name, namespace }: PendingPod): ApiPod => ({ metadata: { uid, name, namespace } });
  const all = ['old', 'middling', 'new'];

  test("all points go to the policy's node among those that the scheduler found feasible", async () => {
    const by = advice();
    assert.deepEqual(await by.score(waiting(1), all), new Map([['new', 10]]));
    assert.deepEqual(await by.score(waiting(2), ['old', 'middling']), new Map([['middling', 10]]));
    assert.deepEqual(await by.refuse(waiting(3), all), new Map());
  });

  test('where advice is required, every other node is refused, and the points go to the same one', async () => {
    const by = advice({ strength: 'required' });
    const pod = waiting(1);
    assert.deepEqual(
      await by.refuse(pod, all),
      new Map([
        ['old', 'kisimd chose new'],
        ['middling', 'kisimd chose new'],
      ]),
    );
    assert.deepEqual(await by.score(pod, all), new Map([['new', 10]]));
  });

  test('decisions count at once for the next ones, until the watch tells more or time is up', async () => {
    const by = advice();
    const big = podOf(1, { namespace: 'shop', cpuMilli: 127_000 });
    const pod = waiting(1, { pod: big });
    const free = () => book.cluster!.freeCpu[2];
    const before = free();
    await by.score(pod, all);
    assert.equal(free(), before! - 127_000);
    // Asked again, it is decided anew and booked once.
    await by.score(pod, all);
    assert.equal(free(), before! - 127_000);
    await time.play(30_000);
    assert.equal(free(), before);
    await by.score(pod, all);
    book.bound('uid-1', big, 'old');
    pods.settle('uid-1', 'old');
    assert.equal(free(), before);
    assert.equal(time.timers, 0);
  });

  test('a pod that fits nowhere by our books is left to the scheduler', async () => {
    const pod = waiting(1, { pod: podOf(1, { cpuMilli: 500_000 }) });
    assert.deepEqual(await advice({ strength: 'required' }).refuse(pod, all), new Map());
  });

  test('pods without opt-in, of the system, of nodes and our own are left to the scheduler', async () => {
    const by = advice({ strength: 'required' });
    const left: readonly Partial<PendingPod>[] = [
      { isOptedIn: false },
      { namespace: 'kube-system' },
      { namespace: 'kisimd' },
      { ownerKinds: ['DaemonSet'] },
      { isDeleting: true },
    ];
    for (const [i, given] of left.entries()) {
      assert.deepEqual(await by.refuse(waiting(i, given), all), new Map(), JSON.stringify(given));
      assert.deepEqual(await by.score(waiting(i, given), all), new Map(), JSON.stringify(given));
    }
  });

  test('of all namespaces, the system and our own stay out', async () => {
    const by = advice({ allNamespaces: true });
    assert.equal((await by.score(waiting(1, { isOptedIn: false }), all)).size, 1);
    assert.equal((await by.score(waiting(2, { isOptedIn: false, namespace: 'kube-system' }), all)).size, 0);
  });

  test('a pod that was placed at the gate keeps its node', async () => {
    const pod = waiting(1);
    const placed = { metadata: { ...pod.metadata, annotations: { 'kisimd.io/node': 'old' } } };
    const by = advice();
    assert.deepEqual(await by.score(placed, all), new Map([['old', 10]]));
    assert.deepEqual(await by.score(placed, ['new']), new Map());
  });

  test('before the cluster is known it is an error, which a scheduler passes over', async () => {
    isReady = false;
    await assert.rejects(advice().score(waiting(1), all), { code: 'KISIM_E_CONTROLLER_NOT_READY' });
  });

  test('a pod that the scheduler saw first is waited for, and no longer than there is time', async () => {
    const by = advice();
    const pod = pendingPod(1, { isGated: false });
    const soon = by.score(asked(pod), all);
    await time.play(50);
    pods.tell(pod);
    assert.deepEqual(await soon, new Map([['new', 10]]));
    const never = by.score({ metadata: { uid: 'none', name: 'a', namespace: 'b' } }, all);
    const refused = assert.rejects(never, { code: 'KISIM_E_CONTROLLER_UNSEEN_POD', message: /b\/a/ });
    await time.play(75);
    await refused;
  });

  test('a policy that fails is an error', async () => {
    const { power: _, ...bare } = server('bare', 0);
    book.setNodes([bare]);
    await assert.rejects(advice().score(waiting(1), ['bare']), { code: 'KISIM_E_CONTROLLER_POLICY' });
  });

  test('stopped, it holds no time and hears of nothing', async () => {
    const by = advice();
    await by.score(waiting(1), all);
    by.stop();
    assert.equal(time.timers, 0);
    waiting(2);
  });
});
