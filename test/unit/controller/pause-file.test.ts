import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PauseFile, pauseFilePath } from '../../../src/controller/pause-file.ts';
import { Paused } from '../../../src/controller/paused.ts';
import { recordingLogger } from '../../support/open-history.ts';
import { PlayedPause } from '../../support/played-placement.ts';
import { PlayedTime } from '../../support/played-time.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function watched(t: TestContext) {
  const path = pauseFilePath(join(temporaryFolder(t), 'energy.db'));
  const time = new PlayedTime();
  const { log, events } = recordingLogger();
  const file = new PauseFile({ path, time, log });
  const reasons: (string | undefined)[] = [];
  file.subscribe(() => void reasons.push(file.reason));
  return { path, time, file, reasons, events };
}

test('the file is seen within half a second, and its end too', async (t) => {
  const { path, time, file, reasons } = watched(t);
  file.start();
  assert.equal(file.reason, undefined);
  writeFileSync(path, 'drill\n');
  await time.play(500);
  rmSync(path);
  await time.play(500);
  assert.deepEqual(reasons, ['drill', undefined]);
  file.stop();
  assert.equal(time.timers, 0);
});

test('a file that is there at the start pauses from the start; an empty one too', (t) => {
  const { path, file } = watched(t);
  writeFileSync(path, '');
  file.start();
  assert.equal(file.reason, 'paused by file');
});

test('what is there and cannot be read pauses', (t) => {
  const { path, file, events } = watched(t);
  mkdirSync(path);
  file.start();
  assert.notEqual(file.reason, undefined);
  assert.ok(events.some(({ event }) => event === 'pause-file-not-read'));
});

test('any source pauses, and placement goes on when none does', () => {
  const file = new PlayedPause(undefined);
  const map = new PlayedPause(undefined);
  const paused = new Paused([file, map]);
  let changes = 0;
  const end = paused.subscribe(() => void changes++);
  map.value = 'by ConfigMap';
  assert.equal(paused.reason, 'by ConfigMap');
  file.value = 'by file';
  assert.equal(paused.reason, 'by file');
  file.value = undefined;
  map.value = undefined;
  assert.equal(paused.reason, undefined);
  assert.equal(changes, 4);
  end();
  map.value = 'again';
  assert.equal(changes, 4);
});
