import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, type TestContext, test } from 'node:test';
import { runCli } from '../../../../src/cli/program.ts';
import type { SeedsCard } from '../../../../src/cli/train/finish-seeds.ts';
import { decodeOrder } from '../../../../src/learning/remote/order.ts';
import { fieldsOf } from '../../../support/fake-api/objects.ts';
import { FakeApiServer } from '../../../support/fake-api-server.ts';
import { container, PlayedWorkers, parcelOf } from '../../../support/played-workers.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { Told } from '../../../support/told.ts';
import { fakeHost } from '../fake-host.ts';

const TEAM = 'team';

describe('kisimd train --on kubernetes', () => {
  let server: FakeApiServer;
  let watches: Told;

  beforeEach(async () => {
    server = await FakeApiServer.start();
    server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: TEAM } });
    watches = new Told();
    server.watches.opened = () => watches.add('watch');
  });
  afterEach(() => server.close());

  function training(t: TestContext) {
    const base = temporaryFolder(t);
    const kubeconfig = join(base, 'kubeconfig');
    writeFileSync(kubeconfig, server.kubeconfig);
    const out = join(base, 'out');
    const start = (words: readonly string[], signal = new AbortController().signal) => {
      const host = { ...fakeHost(), signal };
      const store = ['--set', `history.path=${join(base, 'energy.db')}`];
      return { host, ended: runCli(['train', ...words, '--kubeconfig', kubeconfig, ...store], host) };
    };
    const run = async (words: readonly string[], signal?: AbortSignal) => {
      const { host, ended } = start(words, signal);
      const status = await ended;
      return { status, out: host.out(), err: host.err() };
    };
    const asked = ['--scenario', 'G', '--steps', '3', '--on', 'kubernetes', '--namespace', TEAM];
    const begin = (...words: readonly string[]) => [...asked, '--image', 'kisimd:1', '--out', out, ...words];
    return { base, out, run, start, begin };
  }

  /** The Job that runs, or the one whose name ends so, once it is watched. */
  async function watchedJob(ending = ''): Promise<PlayedWorkers> {
    const name = () => namesOf(server).find((each) => each.endsWith(ending));
    await watches.until(() => name() !== undefined && watches.all.length >= 2);
    watches.take();
    return new PlayedWorkers(server, TEAM, name()!);
  }

  function cardIn(folder: string): SeedsCard {
    return JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8')) as SeedsCard;
  }

  test('gathers all seeds, takes the best by validation, and leaves nothing in the cluster', async (t) => {
    const { run, begin, out } = training(t);
    const running = run(begin('--seeds', '4..6', '--parallel', '2', '--workers', '3'));
    const workers = await watchedJob();
    const order = server.find('ConfigMap', workers.job.metadata.name, TEAM)!['binaryData'] as {
      order: string;
    };
    assert.deepEqual(decodeOrder(Buffer.from(order.order, 'base64'), 'x').seeds, [4, 5, 6]);
    assert.equal(fieldsOf(workers.job, 'spec')['parallelism'], 2);
    workers.succeeds(0, parcelOf(4, -0.01));
    workers.succeeds(2, parcelOf(6, 0.01));
    workers.succeeds(1, parcelOf(5, -0.03));
    const { status, out: said, err } = await running;
    assert.equal(status, 0, err);
    const card = cardIn(out);
    assert.equal(card.trained.seed, 5);
    assert.deepEqual(
      card.seeds.map(({ seed, accepted }) => [seed, accepted]),
      [
        [4, true],
        [5, true],
        [6, false],
      ],
    );
    assert.deepEqual(card.failedSeeds, []);
    assert.deepEqual(readFileSync(join(out, 'model.onnx')), Buffer.from(parcelOf(5).onnx));
    for (const file of ['report.html', 'log.jsonl', 'seeds/4/model.onnx', 'seeds/6/card.json'])
      assert.ok(existsSync(join(out, file)), file);
    assert.match(said, /^seed 4\taccepted.*\nseed 5\*\taccepted\tvalidation -3\.00 %.*\nseed 6\tthe rule/m);
    assert.match(err, /Job team\/kisimd-train-\w{8}: 3 seeds/);
    assert.match(err, /seed 5: gathered/);
    assert.deepEqual(namesOf(server), []);
  });

  test('seeds whose results are lost are trained again in another Job', async (t) => {
    const { run, begin, out } = training(t);
    const running = run(begin('--seeds', '4,5', '--json', '--keep'));
    const first = await watchedJob();
    first.succeeds(0, parcelOf(4, -0.01));
    first.jobStatus({ completedIndexes: '0-1', conditions: [{ type: 'Complete', status: 'True' }] });
    const second = await watchedJob('-2');
    assert.match(second.job.metadata.name, /-2$/);
    second.succeeds(0, parcelOf(5, -0.02));
    const { status, out: said, err } = await running;
    assert.equal(status, 0, err);
    assert.equal((JSON.parse(said) as SeedsCard).seeds.length, 2);
    assert.equal(cardIn(out).trained.seed, 5);
    assert.match(err, /seed 5: has to be trained again: its pod is gone/);
    // --keep
    assert.equal(namesOf(server).length, 2);
  });

  test('a seed that fails for good is told and does not hold up the others; --resume trains it again', async (t) => {
    const { run, begin, out } = training(t);
    const running = run(begin('--seeds', '4,5'));
    const workers = await watchedJob();
    const error = { code: 'KISIM_E_LEARNING_TWIN', message: 'no pods', action: 'x', isFinal: true };
    workers.ended(workers.pod(1), 1, { kind: 'error', error });
    workers.succeeds(0, parcelOf(4));
    const { status, err } = await running;
    assert.equal(status, 1);
    assert.match(err, /KISIM_E_TRAINING_FAILED.*seed 5: KISIM_E_LEARNING_TWIN: no pods/s);
    assert.deepEqual(
      cardIn(out).failedSeeds.map(({ seed }) => seed),
      [5],
    );
    // Left for a look; --resume begins the seed that is missing in another one.
    assert.equal(namesOf(server).length, 1);
    const again = run(['--resume', out]);
    const second = await watchedJob('-2');
    second.succeeds(0, parcelOf(5, -0.5));
    assert.equal((await again).status, 0);
    const card = cardIn(out);
    assert.deepEqual([card.trained.seed, card.failedSeeds.length, card.seeds.length], [5, 0, 2]);
    assert.deepEqual(namesOf(server), []);
  });

  test('stopped, the Job goes on and is gathered later; with --cancel it goes', async (t) => {
    const { run, begin, out } = training(t);
    const stop = new AbortController();
    const running = run(begin('--seeds', '4,5'), stop.signal);
    const workers = await watchedJob();
    workers.succeeds(0, parcelOf(4));
    const kept = () => existsSync(join(out, 'seeds', '4', 'card.json'));
    server.watches.opened = () => undefined;
    await watches.until(() => true);
    while (!kept()) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    const { status, err } = await running;
    assert.equal(status, 130);
    assert.ok(err.includes(`kisimd train --resume ${out} --cancel`), err);
    assert.equal(namesOf(server).length, 1);
    workers.succeeds(1, parcelOf(5));
    const resumed = await run(['--resume', out]);
    assert.equal(resumed.status, 0, resumed.err);
    assert.equal(cardIn(out).seeds.length, 2);
    // What is whole needs no cluster: the figures are told again.
    assert.equal((await run(['--resume', out])).out, resumed.out);

    rmSync(out, { recursive: true });
    const asked = new AbortController();
    server.watches.opened = () => asked.abort();
    const cancelled = await run(begin('--seeds', '4,5', '--cancel'), asked.signal);
    assert.equal(cancelled.status, 130);
    assert.match(cancelled.err, /removed Job team\/kisimd-train/);
    assert.deepEqual(namesOf(server), []);
    const nothing = await run(['--resume', out, '--cancel']);
    assert.deepEqual([nothing.status, nothing.out], [0, '']);
  });

  test('a Job that somebody deleted is told, and --resume begins what is missing anew', async (t) => {
    const { run, begin, out } = training(t);
    const running = run(begin('--seeds', '4'));
    const first = await watchedJob();
    server.remove(first.job);
    const { status, err } = await running;
    assert.equal(status, 1);
    assert.match(err, /KISIM_E_TRAINING_GONE/);
    const again = run(['--resume', out]);
    const second = await watchedJob();
    assert.notEqual(second.job.metadata.name, undefined);
    second.succeeds(0, parcelOf(4));
    assert.equal((await again).status, 0);
  });

  test('what cannot be begun is told by name, and leaves no Job', async (t) => {
    const { run, begin, out, base } = training(t);
    const refused = async (words: readonly string[], code: string) => {
      const { err } = await run(words);
      assert.match(err, new RegExp(code));
      assert.deepEqual(namesOf(server), []);
    };
    await refused(begin('--namespace', 'nowhere'), 'KISIM_E_TRAINING_NAMESPACE');
    server.forbidden.add('create jobs');
    await refused(begin(), 'KISIM_E_TRAINING_FORBIDDEN.*create jobs.batch in team');
    assert.equal(existsSync(out), false);
    server.forbidden.clear();
    const quota = { kind: 'Status', reason: 'Forbidden', message: 'exceeded quota' };
    server.faults.add({ method: 'POST', path: /configmaps$/, fault: { status: 403, body: quota } });
    await refused(begin(), 'KISIM_E_TRAINING_REFUSED.*exceeded quota');
    await refused(begin(), 'KISIM_E_LEARNING_FOLDER');
    const place = JSON.parse(readFileSync(join(out, 'job.json'), 'utf8'));
    writeFileSync(join(out, 'job.json'), JSON.stringify({ ...place, server: 'https://elsewhere' }));
    await refused(['--resume', out], 'KISIM_E_USAGE.*the cluster http');
    assert.deepEqual(readdirSync(base).sort(), ['kubeconfig', 'out']);
  });

  test('what a seed waits for is told while it waits', async (t) => {
    const { begin, start } = training(t);
    const stop = new AbortController();
    const { host, ended } = start(begin('--seeds', '4', '--cancel'), stop.signal);
    const workers = await watchedJob();
    const waiting = container({ waiting: { reason: 'ErrImagePull', message: 'not found' } });
    workers.pod(0, { phase: 'Pending', ...waiting });
    while (!host.err().includes('seed 4: waits ErrImagePull: not found\n'))
      await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    assert.equal(await ended, 130);
    assert.deepEqual(namesOf(server), []);
  });

  test('what was trained there can be put to use here', async (t) => {
    const { run, begin, base } = training(t);
    const running = run(begin('--seeds', '4', '--adopt'));
    const workers = await watchedJob();
    workers.succeeds(0, parcelOf(4, -0.02));
    const { status, err } = await running;
    assert.equal(status, 0, err);
    assert.match(err, /put to use for cluster [0-9a-f]{16} \(none before\)/);
    assert.equal(readdirSync(join(base, 'models')).length, 1);
  });
});

function namesOf(server: FakeApiServer): readonly string[] {
  const job = server.resourceOf({ apiVersion: 'batch/v1', kind: 'Job' });
  return server.store
    .list(job, TEAM)
    .map(({ metadata }) => metadata.name)
    .sort();
}
