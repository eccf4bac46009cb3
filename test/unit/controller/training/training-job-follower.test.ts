import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SeedState } from '../../../../src/controller/training/seed-state.ts';
import { TrainingJobFollower } from '../../../../src/controller/training/training-job-follower.ts';
import type { ClientNodeApi } from '../../../../src/kubernetes/client-node-api.ts';
import { startTrainingJob } from '../../../../src/kubernetes/training/job-calls.ts';
import { encodeOrder } from '../../../../src/learning/remote/order.ts';
import { encodeParcel } from '../../../../src/learning/remote/parcel.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { connectedFake } from '../../../support/connected-fake.ts';
import type { FakeApiServer } from '../../../support/fake-api-server.ts';
import { container, order, PlayedWorkers, parcelOf } from '../../../support/played-workers.ts';
import { Told } from '../../../support/told.ts';

const NAME = 'kisimd-train-ab';
const job = {
  name: NAME,
  namespace: 'default',
  id: 'ab',
  image: 'kisimd:1',
  seeds: 3,
  parallelism: 3,
  threads: 1,
  memory: '1Gi',
};

describe('following a training Job', () => {
  let server: FakeApiServer;
  let api: ClientNodeApi;
  let close: () => Promise<void>;
  let workers: PlayedWorkers;
  let told: Told;
  /** The states that were told last. */
  let shown: string;
  let seconds: number;
  let ticks: (() => void)[];
  let stop: AbortController;
  let following: Promise<unknown> | undefined;

  beforeEach(async () => {
    ({ server, api, close } = await connectedFake());
    await startTrainingJob(api, job, encodeOrder(order));
    workers = new PlayedWorkers(server, 'default', NAME);
    told = new Told();
    shown = '';
    seconds = 0;
    ticks = [];
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await following?.catch(() => undefined);
    await close();
  });

  function follow(gathered: readonly number[] = []) {
    const follower = new TrainingJobFollower({
      api,
      namespace: 'default',
      name: NAME,
      order,
      gathered: new Set(gathered),
      gather: (seed, { card }) => told.add(`gathered ${seed} ${card.trained.seed}`),
      onStates: (states) => {
        shown = [...states].map(([seed, state]) => textOf(seed, state)).join('; ');
        told.add(shown);
      },
      trouble: (place, error) => told.add(`${place}: ${(error as { code?: string }).code}`),
      signal: stop.signal,
      random: seededRandom(1),
      clock: { monotonicNanoseconds: () => 1e9 * seconds, unixMilliseconds: () => 1000 * seconds },
      wait: (_, signal) =>
        new Promise((resolve, reject) => {
          ticks.push(resolve);
          told.check();
          signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        }),
    });
    const promise = follower.follow();
    following = promise;
    return promise;
  }

  /** Lets time pass, and everything that waits for it go on. */
  function pass(by: number): void {
    seconds += by;
    for (const tick of ticks.splice(0)) tick();
  }

  test('each seed goes from pod to result; the last one ends it', async () => {
    const end = follow();
    await told.has('4 waits for a pod; 5 waits for a pod; 6 waits for a pod');
    const first = workers.pod(0);
    await told.until(() => shown.startsWith('4 waits to start on node1'));
    workers.running(first);
    await told.until(() => shown.startsWith('4 runs on node1'));
    const { text, sha256 } = encodeParcel(parcelOf(4));
    workers.output(first, text);
    workers.ended(first, 0, { kind: 'result', sha256 }, 'Completed');
    await told.has('gathered 4 4');
    workers.succeeds(1, parcelOf(5));
    workers.succeeds(2, parcelOf(6));
    const states = await end;
    assert.deepEqual(
      [...states!.values()].map(({ kind }) => kind),
      ['gathered', 'gathered', 'gathered'],
    );
    assert.equal(told.all.filter((each) => each.startsWith('gathered')).length, 3);
  });

  test('a worker that is lost is counted, and the one in its place is followed', async () => {
    const end = follow([5, 6]);
    const first = workers.pod(0);
    workers.running(first);
    await told.until(() => shown.startsWith('4 runs'));
    workers.ended(first, 137, '', 'Error');
    workers.remove(first);
    const second = workers.pod(0);
    workers.running(second);
    await told.until(() => shown.startsWith('4 runs on node1 after 1'));
    const { text, sha256 } = encodeParcel(parcelOf(4));
    workers.output(second, text);
    workers.ended(second, 0, { kind: 'result', sha256 }, 'Completed');
    assert.equal((await end)!.get(4)?.kind, 'gathered');
  });

  test('a worker on a node that is gone, which never ends, is not the one that runs', async () => {
    follow([5, 6]);
    const gone = workers.pod(0);
    workers.running(gone);
    await told.until(() => shown.startsWith('4 runs'));
    const pod = server.find('Pod', gone)!;
    server.overwrite({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    await told.until(() => shown.startsWith('4 waits for a pod after 1'));
    const next = workers.pod(0);
    workers.running(next);
    await told.until(() => shown.startsWith('4 runs on node1 after 1'));
  });

  test('progress is read from the output of what runs', async () => {
    follow([5, 6]);
    const name = workers.pod(0);
    workers.output(name, 'phase\nkisimd-progress {"step":3,"steps":10,"secondsLeft":7}\n');
    workers.running(name);
    await told.until(() => shown.startsWith('4 runs on node1 3/10'));
  });

  test('a node that does not answer for its output holds up nothing, and is not left waiting for', async () => {
    const end = follow([6]);
    const silent = workers.pod(0);
    server.faults.add({ path: new RegExp(`/pods/${silent}/log$`), fault: 'hang' });
    workers.running(silent);
    await told.until(() => shown.startsWith('4 runs on node1'));
    workers.succeeds(1, parcelOf(5));
    await told.has('gathered 5 5');
    stop.abort();
    assert.equal(await end, undefined);
    assert(!told.all.some((each) => each.startsWith('output:')));
  });

  test('an error that is final ends a seed at once, another only when the Job gives it up', async () => {
    const end = follow([6]);
    const error = { code: 'KISIM_E_LEARNING_TWIN', message: 'no', action: 'x', isFinal: true };
    workers.ended(workers.pod(0), 1, { kind: 'error', error });
    await told.until(() => shown.startsWith('4 failed KISIM_E_LEARNING_TWIN'));
    const disk = { code: 'KISIM_E_LEARNING_OUTPUT', message: 'ENOSPC', action: 'x', isFinal: false };
    workers.ended(workers.pod(1), 1, { kind: 'error', error: disk });
    await told.until(() => shown.includes('5 waits for a pod after 1'));
    workers.jobStatus({ failedIndexes: '1' });
    const states = await end;
    assert.deepEqual(states!.get(5), { kind: 'failed', error: disk });
  });

  test('an image whose program does not know what it is asked for fails at once', async () => {
    const end = follow([5, 6]);
    workers.ended(workers.pod(0), 2, "error: unknown option '--as-worker'");
    const state = (await end)!.get(4);
    assert.match(
      state?.kind === 'failed' ? state.error.message : '',
      /does not take the order: error: unknown option/,
    );
  });

  test('a seed whose workers told nothing has failed with what is known of them', async () => {
    const end = follow([5, 6]);
    workers.ended(workers.pod(0), 137, 'Killed', 'OOMKilled');
    workers.jobStatus({ failedIndexes: '0' });
    const state = (await end)!.get(4);
    assert.match(
      state?.kind === 'failed' ? state.error.message : '',
      /given up after 1 workers \(OOMKilled, exit code 137, Killed\)/,
    );
  });

  test('a Job that failed as a whole fails what it has not done', async () => {
    const end = follow([5, 6]);
    workers.jobStatus({
      conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message: 'too long' }],
    });
    const state = (await end)!.get(4);
    assert.match(state?.kind === 'failed' ? state.error.message : '', /DeadlineExceeded: too long/);
  });

  test('a result whose pod is gone is lost; one that cannot be read yet is asked for again', async () => {
    const end = follow([6]);
    workers.jobStatus({ completedIndexes: '0' });
    await told.until(() => shown.startsWith('4 lost'));
    const name = workers.pod(1);
    const { text, sha256 } = encodeParcel(parcelOf(5));
    const path = new RegExp(`${name}/log$`);
    server.faults.add({ path, fault: { status: 500 } });
    server.faults.add({ path, fault: { status: 200, body: text.slice(0, 100) } });
    server.faults.add({ path, fault: { status: 200, body: text }, times: 9 });
    workers.ended(name, 0, { kind: 'result', sha256 }, 'Completed');
    await told.has('output: KISIM_E_KUBE_ANSWER');
    await told.until(() => shown.includes('5 fetching'));
    pass(5);
    await told.has('output: KISIM_E_TRAINING_RESULT');
    await told.until(() => shown.includes('5 fetching'));
    pass(5);
    assert.equal((await end)!.get(5)?.kind, 'gathered');
  });

  test('a result that is not to be had for two minutes is lost', async () => {
    const end = follow([5, 6]);
    const name = workers.pod(0);
    server.faults.add({ path: /log$/, times: 100, fault: { status: 500 } });
    workers.ended(name, 0, { kind: 'result', sha256: 'ab' }, 'Completed');
    await told.until(() => shown.startsWith('4 fetching'));
    pass(121);
    assert.equal((await end)!.get(4)?.kind, 'lost');
  });

  test('a result that was not asked for, or none from a worker that ended well, is a failure', async () => {
    const end = follow([6]);
    workers.succeeds(0, parcelOf(5));
    workers.ended(workers.pod(1), 0, 'hello', 'Completed');
    const states = await end;
    const [four, five] = [states!.get(4), states!.get(5)];
    assert.equal(four?.kind === 'failed' && four.error.code, 'KISIM_E_TRAINING_RESULT');
    assert.match(five?.kind === 'failed' ? five.error.message : '', /told of no result/);
  });

  test('an image that nobody can start ends it after a while, but not where another node can', async () => {
    const end = follow([6]);
    const waiting = container({ waiting: { reason: 'ErrImagePull', message: 'not found' } });
    const first = workers.pod(0, { phase: 'Pending', ...waiting });
    const second = workers.pod(1);
    workers.running(second);
    await told.until(() => shown.includes('ErrImagePull: not found; 5 runs'));
    pass(31);
    await told.until(() => ticks.length > 0);
    workers.status(second, { phase: 'Pending', ...waiting });
    await told.until(() => shown.includes('5 waits ErrImagePull'));
    pass(31);
    await assert.rejects(end, { code: 'KISIM_E_TRAINING_IMAGE', message: /ErrImagePull: not found/ });
    assert.ok(first);
  });

  test('a program that is not in the image is told too', async () => {
    const end = follow([5, 6]);
    workers.ended(workers.pod(0), 128, 'exec: "train": not found', 'StartError');
    await told.until(() => shown.includes('4 waits for a pod after 1'));
    pass(31);
    await assert.rejects(end, { code: 'KISIM_E_TRAINING_IMAGE', message: /StartError: exec: "train"/ });
  });

  test('where no pods come, the event of the Job tells why', async () => {
    const end = follow();
    await told.until(() => ticks.length > 0);
    pass(31);
    await told.until(() => ticks.length > 0);
    server.create({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'a', namespace: 'default' },
      involvedObject: { kind: 'Job', uid: workers.job.metadata.uid },
      reason: 'FailedCreate',
      message: 'violates PodSecurity "restricted"',
    });
    pass(5);
    await assert.rejects(end, { code: 'KISIM_E_TRAINING_REFUSED', message: /PodSecurity/ });
  });

  test('a Job that somebody deletes is told; what was gathered stays', async () => {
    const end = follow();
    workers.succeeds(0, parcelOf(4));
    await told.has('gathered 4 4');
    server.remove(workers.job);
    await assert.rejects(end, { code: 'KISIM_E_TRAINING_GONE', message: /default\/kisimd-train-ab/ });
  });

  test('an API server that is away is waited for', async () => {
    const end = follow([5, 6]);
    await told.until(() => told.all.length > 0);
    server.faults.add({ watch: true, times: 2, fault: { status: 503 } });
    server.cutConnections();
    const name = workers.pod(0);
    workers.running(name);
    const { text, sha256 } = encodeParcel(parcelOf(4));
    workers.output(name, text);
    workers.ended(name, 0, { kind: 'result', sha256 }, 'Completed');
    const timer = setInterval(() => pass(1), 1);
    const states = await end.finally(() => clearInterval(timer));
    assert.equal(states!.get(4)?.kind, 'gathered');
  });

  test('the wish to stop ends it, and nothing is written', async () => {
    const end = follow();
    await told.until(() => told.all.length > 0);
    const before = server.requests.filter(({ method }) => method !== 'GET').length;
    stop.abort();
    assert.equal(await end, undefined);
    assert.equal(server.requests.filter(({ method }) => method !== 'GET').length, before);
  });
});

function textOf(seed: number, state: SeedState): string {
  switch (state.kind) {
    case 'waiting':
      return `${seed} waits ${state.why}${state.failures.count > 0 ? ` after ${state.failures.count}` : ''}`;
    case 'running': {
      const { progress, failures, node } = state;
      const far = progress === undefined ? '' : ` ${progress.step}/${progress.steps}`;
      return `${seed} runs on ${node}${far}${failures.count > 0 ? ` after ${failures.count}` : ''}`;
    }
    case 'failed':
      return `${seed} failed ${state.error.code}`;
    default:
      return `${seed} ${state.kind}`;
  }
}
