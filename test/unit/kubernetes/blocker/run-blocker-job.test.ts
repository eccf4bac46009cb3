import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockerPod } from '../../../../src/kubernetes/blocker/pod-state.ts';
import { runBlockerJob } from '../../../../src/kubernetes/blocker/run-blocker-job.ts';
import type { KubeApi, KubeRequest, KubeResponse } from '../../../../src/kubernetes/kube-api.ts';
import type { Clock } from '../../../../src/util/clock.ts';

type Status = NonNullable<BlockerPod['status']>;

const pending: Status = {
  phase: 'Pending',
  conditions: [
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available' },
  ],
};
const running: Status = { phase: 'Running' };
const ended = (exitCode: number): Status => ({
  phase: exitCode === 0 ? 'Succeeded' : 'Failed',
  containerStatuses: [{ state: { terminated: { exitCode } } }],
});

/** A cluster in which the Job's pod goes through statuses, one a look; undefined: there is none. */
class PlayedCluster implements KubeApi {
  readonly name = 'played';
  readonly asked: string[] = [];
  readonly #statuses: (Status | undefined)[];
  /** Looks at the pod after the Job was deleted. */
  looksAfter = 0;
  log: unknown = 'line\n';
  made = true;
  refuses: ((request: KubeRequest) => KubeResponse | undefined) | undefined;

  constructor(...statuses: (Status | undefined)[]) {
    this.#statuses = statuses;
  }

  request(request: KubeRequest): Promise<KubeResponse> {
    const { method, path, body } = request;
    this.asked.push(`${method} ${path}`);
    return Promise.resolve(this.refuses?.(request) ?? this.#answer(method, path, body));
  }

  watch(): never {
    throw new Error('nothing is watched');
  }

  #answer(method: string, path: string, body: unknown): KubeResponse {
    if (method === 'POST') return { status: 201, body: { metadata: { uid: 'u1' } } };
    if (method === 'DELETE') {
      assert.deepEqual((body as { preconditions: object }).preconditions, { uid: 'u1' });
      this.made = false;
      return { status: 200, body: {} };
    }
    if (path.endsWith('/log')) return { status: 200, body: this.log };
    return { status: 200, body: { items: this.#pods() } };
  }

  #pods(): readonly BlockerPod[] {
    if (!this.made) {
      const metadata = { name: 'p1', deletionTimestamp: 'now' };
      return this.looksAfter-- > 0 ? [{ metadata, status: running }] : [];
    }
    const status = this.#statuses.length > 1 ? this.#statuses.shift() : this.#statuses[0];
    return status === undefined ? [] : [{ metadata: { name: 'p1' }, spec: { nodeName: 'n1' }, status }];
  }
}

function run(api: PlayedCluster, signal = new AbortController().signal, onRunning?: () => void) {
  let now = 0;
  const clock: Clock = { monotonicNanoseconds: () => now * 1e6, unixMilliseconds: () => 0 };
  return runBlockerJob({
    api,
    namespace: 'ns',
    name: 'b1',
    job: {},
    startWithinMilliseconds: 5000,
    clock,
    sleep: (milliseconds) => {
      now += milliseconds;
      return Promise.resolve();
    },
    signal,
    ...(onRunning === undefined ? {} : { onRunning }),
  });
}

const isClean = (api: PlayedCluster) =>
  assert.ok(api.asked.includes('DELETE /apis/batch/v1/namespaces/ns/jobs/b1') && !api.made);

test('the pod runs, ends, is read and deleted, and its end is waited for', async () => {
  const api = new PlayedCluster(undefined, pending, running, running, ended(0));
  api.looksAfter = 3;
  let told = 0;
  const outcome = await run(api, undefined, () => told++);
  assert.deepEqual(outcome, { end: 'ended', succeeded: true, why: 'exit status 0', log: 'line\n' });
  assert.equal(told, 1);
  assert.equal(api.looksAfter, -1);
  isClean(api);
});

test('a beginning that is told together with the end is told all the same; a pod that never ran has none', async () => {
  let told = 0;
  await run(new PlayedCluster(pending, ended(0)), undefined, () => told++);
  assert.equal(told, 1);
  await run(new PlayedCluster(pending, { phase: 'Failed', reason: 'Evicted' }), undefined, () => told++);
  assert.equal(told, 1);
});

test('a log of one line of JSON is a log all the same', async () => {
  const api = new PlayedCluster(ended(1));
  api.log = { held: true };
  const outcome = await run(api);
  assert.deepEqual(outcome, { end: 'ended', succeeded: false, why: 'exit status 1', log: '{"held":true}' });
});

test('a wish to stop deletes it and waits until it has let go', async () => {
  const stop = new AbortController();
  const api = new PlayedCluster(running);
  api.looksAfter = 2;
  const outcome = await run(api, stop.signal, () => stop.abort());
  assert.equal(outcome.end, 'asked');
  assert.equal(api.looksAfter, -1);
  isClean(api);
});

test('a pod that finds no node, or whose image cannot be had, is an error with the reason, and deleted', async () => {
  const homeless = new PlayedCluster(pending);
  await assert.rejects(run(homeless), {
    code: 'KISIM_E_BLOCK_POD_START',
    message: /p1: Unschedulable: 0\/1 nodes are available, 6 s long/,
  });
  isClean(homeless);
  const status = {
    phase: 'Pending',
    containerStatuses: [{ state: { waiting: { reason: 'ErrImageNeverPull' } } }],
  };
  const imageless = new PlayedCluster(pending, status);
  await assert.rejects(run(imageless), { code: 'KISIM_E_BLOCK_POD_START', message: /ErrImageNeverPull/ });
  isClean(imageless);
});

test('a pod that somebody else has deleted is an error', async () => {
  const api = new PlayedCluster(running, undefined);
  await assert.rejects(run(api), { code: 'KISIM_E_BLOCK_POD_GONE' });
  isClean(api);
});

test('what the server refuses is told with its own words, and nothing is left behind', async () => {
  const forbidden = (verb: string) => {
    const api = new PlayedCluster(ended(0));
    api.refuses = ({ method, path }) =>
      `${method} ${path}`.includes(verb)
        ? { status: 403, body: { kind: 'Status', message: `cannot ${verb}`, reason: 'Forbidden' } }
        : undefined;
    return api;
  };
  const create = forbidden('POST');
  await assert.rejects(run(create), { code: 'KISIM_E_KUBE_FORBIDDEN', message: /cannot POST/ });
  assert.ok(!create.asked.some((each) => each.startsWith('DELETE')));
  const log = forbidden('/log');
  await assert.rejects(run(log), { code: 'KISIM_E_KUBE_FORBIDDEN' });
  isClean(log);
  const remove = forbidden('DELETE');
  await assert.rejects(run(remove), { code: 'KISIM_E_KUBE_FORBIDDEN', message: /cannot DELETE/ });
});
