import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readTrainOptions } from '../../../../src/cli/train/options.ts';
import { defaultConfig } from '../../../../src/config/defaults.ts';
import { ModelWatch } from '../../../../src/daemon/models/model-watch.ts';
import {
  type QuietProcess,
  quietProgram,
  type StartQuietly,
} from '../../../../src/daemon/models/quiet-process.ts';
import { Retraining } from '../../../../src/daemon/models/retraining.ts';
import { marginalRunOut } from '../../../../src/policy/energy/marginal-run-out.ts';
import { ModelStore } from '../../../../src/policy/learned/model-store.ts';
import { recordingLogger } from '../../../support/open-history.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { modelBytes } from '../../../support/trained-model.ts';

function retraining(t: TestContext, startTraining: StartQuietly) {
  const config = defaultConfig(
    { STATE_DIRECTORY: temporaryFolder(t) },
    { hostname: 'h', uid: 0, homeDirectory: '/' },
  );
  const { log, events } = recordingLogger();
  return { service: new Retraining({ config, log, startTraining, now: () => new Date(0) }), events, config };
}

/** Ends when it is told to. */
function fakeProcess() {
  const { promise, resolve } = Promise.withResolvers<Awaited<QuietProcess['ended']>>();
  let stops = 0;
  const process: QuietProcess = {
    ended: promise,
    stop: () => {
      stops++;
      resolve({ status: 130, told: 'stopped' });
    },
  };
  return { process, end: resolve, stops: () => stops };
}

const names = (events: readonly { readonly event: string }[]) => events.map(({ event }) => event);

test('one training at a time, from the own history, adopted only if better; its end is logged', async (t) => {
  const started: (readonly string[])[] = [];
  const fake = fakeProcess();
  const { service, events, config } = retraining(t, (args) => {
    started.push(args);
    return fake.process;
  });
  const first = service.train();
  assert.equal(service.train(), first);
  fake.end({ status: 0, told: 'put to use' });
  await first;
  assert.equal(started.length, 1);
  const args = started[0]!;
  for (const word of ['train', '--from-history', '--adopt', config.history.path])
    assert.ok(args.includes(word), word);
  assert.deepEqual(names(events), ['training-began', 'training-ended']);
});

test('a training that fails is told, and the next one is tried', async (t) => {
  let tries = 0;
  const { service, events } = retraining(t, () => {
    tries++;
    if (tries === 1) throw new Error('no such program');
    const fake = fakeProcess();
    fake.end({ status: 1, told: 'KISIM_E_LEARNING_HISTORY' });
    return fake.process;
  });
  await service.train();
  await service.train();
  assert.equal(tries, 2);
  assert.deepEqual(names(events), ['training-began', 'training-failed', 'training-began', 'training-failed']);
});

test('stopping stops a training, and waits for it', async (t) => {
  const fake = fakeProcess();
  const { service } = retraining(t, () => fake.process);
  const training = service.train();
  await service.stop();
  assert.equal(fake.stops(), 1);
  await training;
});

test('a process is run with its arguments at the lowest priority, and what it told is kept', async (t) => {
  const script = join(temporaryFolder(t), 'main.mjs');
  writeFileSync(
    script,
    "import { getPriority } from 'node:os';\nsetTimeout(() => { console.log(process.argv.slice(2).join(' '), getPriority()); process.exit(3); }, 50);\n",
  );
  const { ended } = quietProgram(script)(['train', '--adopt']);
  assert.deepEqual(await ended, { status: 3, told: 'train --adopt 19' });
});

test('the arguments that a training is started with are ones that train understands', async (t) => {
  const started: (readonly string[])[] = [];
  const { service } = retraining(t, (args) => {
    started.push(args);
    const fake = fakeProcess();
    fake.end({ status: 0, told: '' });
    return fake.process;
  });
  await service.train();
  const args = started[0]!;
  const after = (flag: string) => args[args.indexOf(flag) + 1];
  const options = readTrainOptions({
    fromHistory: true,
    adopt: true,
    db: after('--db'),
    hours: after('--hours'),
    workers: after('--workers'),
    out: after('--out'),
  });
  assert.equal(options.adopt, true);
  assert.deepEqual(options.begin!.steps, { withinSeconds: 600 });
});

test('a model that is put to use by another process is seen, and one that cannot be read is told', (t) => {
  const store = new ModelStore(join(temporaryFolder(t), 'models'));
  const { log, events } = recordingLogger();
  const watch = new ModelWatch({ store, log, keepsNotes: true });
  watch.look();
  watch.look();
  assert.equal(watch.count, 0);
  const cluster = '0123456789abcdef';
  store.use('m', modelBytes(marginalRunOut, marginalRunOut, cluster), '{}', 'now');
  watch.look();
  watch.look();
  assert.equal(watch.count, 1);
  writeFileSync(join(store.folder, cluster, 'swaps.json'), 'no JSON');
  watch.look();
  assert.equal(watch.count, 1);
  assert.deepEqual(names(events), ['models-changed', 'models-unreadable']);
});

test('what became of learned decisions is told at the end, once', (t) => {
  const { log, events } = recordingLogger();
  const store = new ModelStore(join(temporaryFolder(t), 'models'));
  const watch = new ModelWatch({ store, log, keepsNotes: true });
  watch.decisions.decisions = 3;
  watch.decisions.replaced = 1;
  watch.stop();
  watch.stop();
  assert.deepEqual(names(events), ['learned-decisions']);
});

test('what `auto` came to is logged and noted once, and again when it changes', (t) => {
  const store = new ModelStore(join(temporaryFolder(t), 'models'));
  const { log, events } = recordingLogger();
  const watch = new ModelWatch({ store, log, keepsNotes: true, now: () => new Date(0) });
  const chosen = { cluster: 'c', policy: 'auto:best-fit', reason: 'it won' };
  watch.chose(chosen);
  watch.chose({ ...chosen });
  watch.chose({ ...chosen, policy: 'auto:frozen' });
  assert.deepEqual(names(events), ['policy-chosen', 'policy-chosen']);
  assert.deepEqual(store.notes(), [
    { time: '1970-01-01T00:00:00.000Z', ...chosen },
    { time: '1970-01-01T00:00:00.000Z', ...chosen, policy: 'auto:frozen' },
  ]);
  assert.equal(watch.chosen!.policy, 'auto:frozen');
});

test('without a history nothing is noted, and a folder that cannot be written holds up nothing', (t) => {
  const folder = join(temporaryFolder(t), 'models');
  const { log, events } = recordingLogger();
  const chosen = { cluster: 'c', policy: 'auto:best-fit', reason: 'it won' };
  new ModelWatch({ store: new ModelStore(folder), log, keepsNotes: false }).chose(chosen);
  assert.ok(!existsSync(folder));
  writeFileSync(folder, 'no folder');
  new ModelWatch({ store: new ModelStore(folder), log, keepsNotes: true }).chose(chosen);
  assert.deepEqual(names(events), ['policy-chosen', 'policy-chosen', 'models-unwritable']);
});

test('a choice that another process made is seen', (t) => {
  const store = new ModelStore(join(temporaryFolder(t), 'models'));
  const { log } = recordingLogger();
  const watch = new ModelWatch({ store, log, keepsNotes: true });
  watch.look();
  const choice = { time: 'monday', rule: marginalRunOut, picked: null, refused: [], reason: 'it won' };
  store.choose('0123456789abcdef', choice);
  watch.look();
  watch.look();
  assert.equal(watch.count, 1);
  store.choose('0123456789abcdef', { ...choice, time: 'tuesday' });
  watch.look();
  assert.equal(watch.count, 2);
});
