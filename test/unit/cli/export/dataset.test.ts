import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { runExport } from '../../../../src/cli/commands/export.ts';
import { exportCommand } from '../../../../src/cli/specs/export.ts';
import { datasets } from '../../../../src/history/datasets.ts';
import { writeDemoHistory } from '../../../support/demo-history.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

class Text extends Writable {
  text = '';
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function run(options: Readonly<Record<string, unknown>>, signal = new AbortController().signal) {
  const stdout = new Text();
  const stderr = new Text();
  const stdin = new PassThrough() as unknown as NodeJS.ReadStream;
  const env = { KISIMD_CONFIG: '/dev/null' };
  const given = { format: 'json', until: 'now', every: '1m', ...options };
  const status = await runExport({ stdout, stderr, stdin, env, signal, options: given, args: [] });
  return { out: stdout.text, err: stderr.text, status };
}

function demo(t: TestContext): { readonly db: string; readonly file: string } {
  const folder = temporaryFolder(t);
  const db = join(folder, 'energy.db');
  writeDemoHistory(db);
  return { db, file: join(folder, 'out') };
}

test('every table that can be asked for is one that there is', () => {
  const choices = exportCommand.options.find(({ flags }) => flags.startsWith('--what'))!.choices;
  assert.deepEqual([...choices!].sort(), [...datasets.map(({ name }) => name), 'energy'].sort());
});

test('CSV, JSON lines and Parquet of a table hold the same rows', async (t) => {
  const { db, file } = demo(t);
  for (const what of exportCommand.options.find(({ flags }) => flags.startsWith('--what'))!.choices!) {
    const asked = { db, what, since: '2026-01-01T00:00:00Z', until: '2026-01-01T03:00:00Z', every: '1h' };
    const lines = (await run(asked)).out.trimEnd().split('\n');
    const csv = (await run({ ...asked, format: 'csv' })).out.trimEnd().split('\r\n');
    const { status, err, out } = await run({ ...asked, format: 'parquet', out: file });
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file) });
    assert.ok(rows.length > 0, what);
    assert.equal(out, '');
    assert.equal(status, 0);
    assert.match(err, new RegExp(`^${rows.length} rows? of ${what} in `));
    assert.equal(csv.length - 1, rows.length);
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      rows.map((row) =>
        JSON.parse(JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? Number(value) : value))),
      ),
      what,
    );
  }
});

test('without a range all rows of a table are told; energy needs one', async (t) => {
  const { db } = demo(t);
  const { out } = await run({ db, what: 'jobs', format: 'csv' });
  assert.equal(out.trimEnd().split('\r\n').length, 3);
  await assert.rejects(run({ db, what: 'energy' }), { code: 'KISIM_E_USAGE' });
});

test('a file is written for CSV, too', async (t) => {
  const { db, file } = demo(t);
  const { out } = await run({ db, what: 'training', format: 'csv', out: file });
  assert.equal(out, '');
  assert.match(readFileSync(file, 'utf8'), /^job_id,job_name,job_cpu_request,/);
});

test('an export that is stopped leaves no file', async (t) => {
  const { db, file } = demo(t);
  const { status } = await run({ db, what: 'jobs', format: 'parquet', out: file }, AbortSignal.abort());
  assert.equal(status, 130);
  assert.ok(!existsSync(file) && !existsSync(`${file}.new`));
});

test('options that do not go together are refused', async (t) => {
  const { db, file } = demo(t);
  for (const options of [
    { db, what: 'jobs', format: 'parquet' },
    { db, what: 'jobs', format: 'prometheus' },
    { db, what: 'nothing' },
    { db, since: '1h', format: 'parquet' },
    { out: file },
  ])
    await assert.rejects(run(options), { code: 'KISIM_E_USAGE' }, JSON.stringify(options));
});
