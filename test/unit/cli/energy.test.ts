import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import type { CommandContext } from '../../../src/cli/command.ts';
import { energyCommand } from '../../../src/cli/specs/energy.ts';
import { entityOf, makeInterval, START_UNIX_SECONDS } from '../../support/history-intervals.ts';
import { openHistory, writeOnFlush } from '../../support/open-history.ts';

const cleanups: (() => void)[] = [];
const suite = { after: (cleanup: () => void) => void cleanups.push(cleanup) };

const RANGE = { since: '2026-01-01', until: '2026-01-01T01:00' };

async function run(options: Record<string, unknown>): Promise<{ status: number; out: string; err: string }> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const context: CommandContext = {
    stdout,
    stderr,
    stdin: process.stdin,
    env: {},
    signal: new AbortController().signal,
    options: { by: 'node', format: 'table', every: '1h', ...RANGE, ...options },
    args: [],
  };
  const status = await energyCommand.run(context);
  return { status, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

describe('kisimd energy', () => {
  let db: string;

  before(() => {
    const { history, path } = openHistory(suite as never, {}, writeOnFlush);
    db = path;
    const pod = entityOf('pod', 'uid-1', { name: 'web,"1"', namespace: 'shop' });
    const evil = entityOf('process', '7:7', { name: '\u001b[31mevil\nname', pid: 7 });
    const small = entityOf('process', '8:8', { name: 'small', pid: 8 });
    for (let i = 0; i < 1800; i++) {
      history.accept(
        makeInterval({
          startUnixMilliseconds: (START_UNIX_SECONDS + i) * 1000,
          milliseconds: 1000,
          idle: 5e6,
          unattributed: 0,
          shares: [
            { entity: pod, uj: 2e6, cpuNs: 5e8 },
            { entity: evil, uj: 2e6, cpuNs: 5e8 },
            { entity: small, uj: 1e3 },
          ],
          provenance: 'estimated',
        }),
      );
    }
    history.close();
  });

  after(() => {
    for (const cleanup of cleanups) cleanup();
  });

  test('prints a table in UTC that marks every row as estimated', async () => {
    const { status, out } = await run({ db, by: 'pod' });
    assert.equal(status, 0);
    const [header, row, remark] = out.split('\n');
    assert.match(header!, /^TIME \(UTC\) +NAMESPACE +POD +JOULES +WH +WATTS +MAX W +CPU S +METERED +SOURCE$/);
    assert.match(
      row!,
      /^2026-01-01 00:00:00 +shop +web,"1" +3600\.000 +1\.0000 +2\.000 +2\.00 +900\.00 +50% +estimated$/,
    );
    assert.match(remark!, /^estimated: /);
  });

  test('control characters in a name never reach the terminal or the file', async () => {
    for (const format of ['table', 'csv']) {
      const { out } = await run({ db, by: 'process', format });
      assert.ok(!out.includes('\u001b'), format);
      assert.ok(out.includes('[31mevil'), format);
      assert.equal(out.trim().split('\n').length, format === 'table' ? 4 : 3, format);
    }
  });

  test('prints CSV that can be read back', async () => {
    const { out } = await run({ db, by: 'pod', format: 'csv' });
    const [header, row] = out.split('\r\n');
    assert.equal(header!.split(',')[0], 'start');
    assert.ok(
      row!.startsWith('2026-01-01T00:00:00Z,2026-01-01T01:00:00Z,pod,shop,"web,""1""",uid-1,,1,3600,1,2,'),
    );
    assert.ok(row!.endsWith(',estimated'));
  });

  test('prints one JSON object, also with the global --json', async () => {
    const json = JSON.parse((await run({ db, by: 'node', json: true })).out);
    assert.deepEqual(JSON.parse((await run({ db, by: 'node', format: 'json' })).out), json);
    assert.equal(json.everySeconds, 3600);
    assert.deepEqual(
      json.rows.map((row: { kind: string; joules: number; estimated: boolean }) => [
        row.kind,
        row.joules,
        row.estimated,
      ]),
      [
        ['node', 12601.8, true],
        ['idle', 9000, true],
      ],
    );
  });

  test('leaves out all but the top, and says so', async () => {
    const { out } = await run({ db, by: 'process', top: '1' });
    assert.match(out, /1 more with 1\.800 J in all are left out/);
    assert.ok(!out.includes('small'));
  });

  test('says when nothing is recorded', async () => {
    const { status, out } = await run({ db, by: 'vm' });
    assert.equal(status, 0);
    assert.match(out, /no energy is recorded from 2026-01-01T00:00:00Z to 2026-01-01T01:00:00Z/);
  });

  test('draws a plot that says it is estimated, and an SVG file', async () => {
    const svg = join(db, '..', 'plot.svg');
    const { out, err } = await run({ db, by: 'pod', every: '1m', plot: true, svg });
    assert.match(out, /Power by pod/);
    assert.match(out, /estimated/i);
    assert.match(err, /wrote /);
    assert.match(readFileSync(svg, 'utf8'), /^<svg[\s\S]*estimated/i);
  });

  test('an SVG file that cannot be written is a coded error', async () => {
    await assert.rejects(run({ db, svg: join(db, 'no', 'plot.svg') }), { code: 'KISIM_E_OUTPUT_FILE' });
  });

  test('bad options are coded errors', async () => {
    for (const [options, code] of [
      [{ by: 'planet' }, 'KISIM_E_USAGE'],
      [{ format: 'xml' }, 'KISIM_E_USAGE'],
      [{ top: 'many' }, 'KISIM_E_USAGE'],
      [{ top: '0' }, 'KISIM_E_USAGE'],
      [{ plot: true, format: 'csv' }, 'KISIM_E_USAGE'],
      [{ every: '1' }, 'KISIM_E_DURATION'],
      [{ every: '100ms' }, 'KISIM_E_HISTORY_QUERY'],
      [{ since: 'once upon a time' }, 'KISIM_E_POINT_IN_TIME'],
      [{ since: '2026-01-02', until: '2026-01-01' }, 'KISIM_E_HISTORY_QUERY'],
    ] as const) {
      await assert.rejects(run({ db, ...options }), { code }, JSON.stringify(options));
    }
  });

  test('a history that does not exist is a coded error and is not made', async () => {
    const missing = join(db, '..', 'missing.db');
    await assert.rejects(run({ db: missing }), { code: 'KISIM_E_HISTORY_OPEN' });
    assert.equal(existsSync(missing), false);
  });

  test('the configured history is read where none is named', async () => {
    const { out } = await run({ set: [`history.path=${db}`], by: 'pod' });
    assert.match(out, /3600\.000/);
  });
});
