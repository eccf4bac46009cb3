import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHistoryReader } from '../../../src/history/reader.ts';
import { fitCurve } from '../../../src/power-model/fit.ts';
import { powerRowsOf } from '../../../src/power-model/history-rows.ts';
import { shapedCurve } from '../../../src/power-model/median-shape.ts';
import { entityOf, makeInterval, START_UNIX_SECONDS } from '../../support/history-intervals.ts';
import { keepSeconds, openHistory, writeOnFlush } from '../../support/open-history.ts';

const MINUTES = 130;
const THREADS = 2;
const curve = shapedCurve(2020, 20, 90);
const process = entityOf('process', '1:1');

/** Ten-second intervals of a node whose use goes up and down in minutes; the third minute is estimated, the fifth lacks. */
function* intervals() {
  for (let at = 0; at < MINUTES * 60; at += 10) {
    const minute = Math.floor(at / 60);
    const utilisation = ((minute * 7) % 21) / 20;
    yield makeInterval({
      startUnixMilliseconds: (START_UNIX_SECONDS + at) * 1000,
      milliseconds: 10_000,
      idle: curve.idleWatts * 1e7,
      unattributed: 0,
      shares: [
        {
          entity: process,
          uj: (curve.watts(utilisation) - curve.idleWatts) * 1e7,
          cpuNs: utilisation * THREADS * 1e10,
        },
      ],
      provenance: minute === 2 ? 'estimated' : 'measured',
      gap: minute === 4 ? 'unreadable' : undefined,
    });
  }
}

test("a node's measured minutes become rows, and rows its curve; estimated and missing minutes are left out", (t) => {
  const open = openHistory(t, {}, writeOnFlush);
  keepSeconds(open.history, intervals());
  const reader = openHistoryReader(open.path);
  t.after(() => reader.close());
  const since = START_UNIX_SECONDS * 1000;
  const range = {
    sinceUnixMilliseconds: since,
    untilUnixMilliseconds: since + (MINUTES - 1) * 60_000,
    threads: THREADS,
  };
  const rows = powerRowsOf(reader, range);
  assert.equal(rows.length, MINUTES - 3);
  for (const { utilisation, watts, seconds } of rows) {
    assert.equal(seconds, 60);
    assert.ok(Math.abs(watts - curve.watts(utilisation)) < 1e-3, `${watts} W at ${utilisation}`);
  }
  const fit = fitCurve(rows);
  assert.ok(Math.abs(fit.curve.watts(0.5) - curve.watts(0.5)) < 0.01);
});
