import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { Cleanups } from './support/cleanups.ts';
import { Meter } from './support/meter.ts';
import { unmetNeeds } from './support/needs.ts';
import { output } from './support/run-command.ts';
import { scratchFolder } from './support/scratch.ts';
import { waitFor } from './support/wait-for.ts';

const skip = unmetNeeds({ root: true, programs: { mount: 'mount' } });

/** A disk of its own, too small for what is to be stored. */
describe('a disk that runs full', { skip }, () => {
  const cleanups = new Cleanups();
  let meter: Meter;
  let disk: string;
  let history: string;

  const metric = async (name: string): Promise<number> => {
    const line = new RegExp(`^${name} (\\S+)$`, 'm').exec(await meter.text('/metrics'));
    return Number(line?.[1] ?? Number.NaN);
  };

  before(async () => {
    const folder = scratchFolder('disk', cleanups);
    disk = join(folder, 'small');
    history = join(disk, 'energy.db');
    mkdirSync(disk);
    output(['mount', '-t', 'tmpfs', '-o', 'size=500k', 'kisimd-test', disk]);
    cleanups.add('the small disk', () => output(['umount', '--lazy', disk]));
    meter = await Meter.start(folder, cleanups, {
      'meter.interval-milliseconds': '100',
      'history.path': history,
    });
  });
  after(() => cleanups.run());

  test('does not stop the meter: what cannot be stored waits, and the log has the code', async () => {
    await waitFor('rows that wait', 180, async () => (await metric('kisimd_history_backlog_batches')) >= 3);
    assert.match(meter.logTail(), /KISIM_E_HISTORY_WRITE/);
    const first = await metric('kisimd_intervals_total');
    await waitFor('further intervals', 10, async () => (await metric('kisimd_intervals_total')) > first + 5);
  });

  test('and loses no second once there is space again', async () => {
    output(['mount', '-o', 'remount,size=50m', disk]);
    await waitFor('an empty backlog', 60, async () => (await metric('kisimd_history_backlog_batches')) === 0);
    assert.equal(await metric('kisimd_history_dropped_seconds_total'), 0);
    const db = new Database(history, { readonly: true });
    try {
      const seconds = db.prepare('SELECT DISTINCT ts FROM recent ORDER BY ts').pluck().all() as number[];
      assert.equal(seconds.length, seconds.at(-1)! - seconds[0]! + 1, 'a second is missing');
      assert.equal(db.pragma('integrity_check', { simple: true }), 'ok');
    } finally {
      db.close();
    }
  });
});
