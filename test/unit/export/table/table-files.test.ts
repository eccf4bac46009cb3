import assert from 'node:assert/strict';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { ParquetFile } from '../../../../src/export/table/parquet-file.ts';
import { csvTable, jsonTable } from '../../../../src/export/table/table-text.ts';
import type { TableColumn, TableValue } from '../../../../src/export/table/table-writer.ts';
import { TextFile } from '../../../../src/export/table/text-file.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const columns: readonly TableColumn[] = [
  { name: 'name', type: 'text' },
  { name: 'bytes', type: 'integer' },
  { name: 'watts', type: 'real' },
  { name: 'ok', type: 'boolean' },
  { name: 'at', type: 'time' },
];
const instant = new Date('2026-01-01T00:11:58.123Z');
const rows: readonly (readonly TableValue[])[] = [
  ['a,"b"\nä', 2 ** 40 + 1, 0.1, true, instant],
  [null, null, null, null, null],
  ['', -1, -2.5e-9, false, new Date(0)],
];

test('a Parquet file holds every type, and nulls where nothing is known', async (t) => {
  const path = join(temporaryFolder(t), 'table.parquet');
  const writer = new ParquetFile(path, columns, 'kisimd test');
  writer.write(rows.slice(0, 1));
  writer.write(rows.slice(1));
  assert.ok(!existsSync(path), 'it has its name only when it is whole');
  writer.finish();
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  assert.equal(metadata.num_rows, 3n);
  assert.deepEqual(
    metadata.schema.slice(1).map(({ name, type, converted_type }) => [name, type, converted_type]),
    [
      ['name', 'BYTE_ARRAY', 'UTF8'],
      ['bytes', 'INT64', undefined],
      ['watts', 'DOUBLE', undefined],
      ['ok', 'BOOLEAN', undefined],
      ['at', 'INT64', 'TIMESTAMP_MILLIS'],
    ],
  );
  assert.deepEqual(await parquetReadObjects({ file }), [
    { name: 'a,"b"\nä', bytes: 2n ** 40n + 1n, watts: 0.1, ok: true, at: instant },
    { name: null, bytes: null, watts: null, ok: null, at: null },
    { name: '', bytes: -1n, watts: -2.5e-9, ok: false, at: new Date(0) },
  ]);
});

test('many rows go into several row groups, all of them', async (t) => {
  const path = join(temporaryFolder(t), 'table.parquet');
  const writer = new ParquetFile(path, [{ name: 'i', type: 'integer' }], 'kisimd test');
  for (let i = 0; i < 45; i++) writer.write(Array.from({ length: 1000 }, (_, j) => [1000 * i + j]));
  writer.finish();
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  assert.deepEqual(
    metadata.row_groups.map(({ num_rows }) => Number(num_rows)),
    [20_000, 20_000, 5000],
  );
  const read = await parquetReadObjects({ file });
  assert.ok(read.every(({ i }, at) => i === BigInt(at)));
});

test('a table without rows is a file with its columns', async (t) => {
  const path = join(temporaryFolder(t), 'table.parquet');
  new ParquetFile(path, columns, 'kisimd test').finish();
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
  assert.equal(metadata.num_rows, 0n);
  assert.equal(metadata.schema.length, columns.length + 1);
});

test('what is abandoned leaves the file that was there, and nothing beside it', (t) => {
  const path = join(temporaryFolder(t), 'table');
  writeFileSync(path, 'before');
  for (const writer of [
    new ParquetFile(path, columns, 'kisimd test'),
    new TextFile(path, csvTable(columns)),
  ]) {
    writer.write(rows);
    writer.abandon();
    assert.equal(readFileSync(path, 'utf8'), 'before');
    assert.ok(!existsSync(`${path}.new`));
  }
});

test('a folder that takes no file is told with the code and the file', (t) => {
  const path = join(temporaryFolder(t), 'no-folder', 'table');
  for (const make of [
    () => new ParquetFile(path, columns, 'kisimd test'),
    () => new TextFile(path, csvTable(columns)),
  ])
    assert.throws(make, { code: 'KISIM_E_EXPORT_WRITE', found: `${path}: ENOENT` });
});

test('a disk that is full ends it with the code, and leaves nothing of it', (t) => {
  const path = join(temporaryFolder(t), 'table');
  for (const make of [
    () => new ParquetFile(path, columns, 'kisimd test'),
    () => new TextFile(path, { head: '', row: () => 'x' }),
  ]) {
    symlinkSync('/dev/full', `${path}.new`);
    assert.throws(
      () => {
        const writer = make();
        writer.write(rows);
        writer.finish();
      },
      { code: 'KISIM_E_EXPORT_WRITE', found: `${path}: ENOSPC` },
    );
    assert.ok(!existsSync(path) && !existsSync(`${path}.new`));
  }
});

test('CSV and JSON lines tell the same values', (t) => {
  const folder = temporaryFolder(t);
  const csv = new TextFile(join(folder, 'csv'), csvTable(columns));
  const json = new TextFile(join(folder, 'json'), jsonTable(columns));
  for (const writer of [csv, json]) {
    writer.write(rows);
    writer.finish();
  }
  assert.equal(
    readFileSync(join(folder, 'csv'), 'utf8'),
    'name,bytes,watts,ok,at\r\n"a,""b""\nä",1099511627777,0.1,true,2026-01-01T00:11:58.123Z\r\n,,,,\r\n' +
      ',-1,-2.5e-9,false,1970-01-01T00:00:00.000Z\r\n',
  );
  const lines = readFileSync(join(folder, 'json'), 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      { name: 'a,"b"\nä', bytes: 1099511627777, watts: 0.1, ok: true, at: '2026-01-01T00:11:58.123Z' },
      { name: null, bytes: null, watts: null, ok: null, at: null },
      { name: '', bytes: -1, watts: -2.5e-9, ok: false, at: '1970-01-01T00:00:00.000Z' },
    ],
  );
});
