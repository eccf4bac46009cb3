import assert from 'node:assert/strict';
import { existsSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SeedsFolder } from '../../../../src/learning/remote/seeds-folder.ts';
import { order, parcelOf } from '../../../support/played-workers.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const place = {
  id: 'abcd',
  server: 'https://10.0.0.1:6443',
  namespace: 'team',
  image: 'kisimd:1',
  parallelism: 2,
  memory: '1Gi',
  jobs: [{ name: 'kisimd-train-abcd', seeds: [4, 5, 6] }],
} as const;

test('order, place and results of seeds are found again', (t) => {
  const path = join(temporaryFolder(t), 'out');
  const folder = new SeedsFolder(path);
  assert.equal(SeedsFolder.isOne(path), false);
  folder.create(order, place);
  assert.equal(SeedsFolder.isOne(path), true);
  folder.keep(5, parcelOf(5), () => '<html>');
  const again = new SeedsFolder(path);
  assert.deepEqual(again.load(), { order, place });
  const kept = again.kept(order);
  assert.deepEqual([...kept.keys()], [5]);
  assert.equal(kept.get(5)?.card.model.sha256, parcelOf(5).card.model.sha256);
  assert.ok(existsSync(join(path, 'seeds', '5', 'report.html')));
  assert.throws(() => folder.create(order, place), { code: 'KISIM_E_LEARNING_FOLDER' });
});

test('a result that was half written does not count; one that was changed is told', (t) => {
  const path = join(temporaryFolder(t), 'out');
  const folder = new SeedsFolder(path);
  folder.create(order, place);
  folder.keep(5, parcelOf(5), () => '<html>');
  folder.keep(6, parcelOf(6), () => '<html>');
  rmSync(join(path, 'seeds', '5', 'card.json'));
  assert.deepEqual([...folder.kept(order).keys()], [6]);
  writeFileSync(join(path, 'seeds', '6', 'model.onnx'), parcelOf(5).onnx);
  assert.throws(() => folder.kept(order), { code: 'KISIM_E_TRAINING_RESULT' });
});

test('a folder that is none, damaged or of another version is refused', (t) => {
  const path = join(temporaryFolder(t), 'out');
  const folder = new SeedsFolder(path);
  assert.throws(() => folder.load(), { code: 'KISIM_E_LEARNING_FOLDER' });
  folder.create(order, place);
  truncateSync(join(path, 'order.gz'), 20);
  assert.throws(() => folder.load(), { code: 'KISIM_E_TRAINING_ORDER' });
  writeFileSync(join(path, 'job.json'), '{"format":9}');
  assert.throws(() => folder.load(), { code: 'KISIM_E_LEARNING_FOLDER', message: /format 9/ });
  writeFileSync(join(path, 'job.json'), '{');
  assert.throws(() => folder.load(), { code: 'KISIM_E_LEARNING_FOLDER' });
  writeFileSync(join(path, 'plain'), '');
  assert.throws(() => new SeedsFolder(join(path, 'plain', 'below')).create(order, place), {
    code: 'KISIM_E_LEARNING_OUTPUT',
  });
});
