import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSpecTable, readSpecTable } from '../../../src/power-model/spec-table.ts';
import { sharedData } from '../../support/shared-data.ts';

const header =
  'cpu_key,system,year,chips,cores,threads,memory_gb,source,watts_idle,watts_10,watts_20,watts_30,watts_40,watts_50,watts_60,watts_70,watts_80,watts_90,watts_100';
const full = 'acme 1,"Big, ""blue"" box",2019,2,32,64,128,full,50,80,90,100,110,120,135,150,170,190,220';
const ends = 'acme 2,Small box,2012,1,4,8,16,ends,20,,,,,,,,,,90';
const parse = (...lines: string[]) => parseSpecTable(`${lines.join('\n')}\n`, 'servers.csv');

test('a full row is its own curve, published; an ends row gets the median shape, estimated', () => {
  const [one, two] = parse(header, full, ends);
  assert.equal(one!.name, 'Big, "blue" box (acme 1, 2019)');
  assert.equal(one!.cpuKey, 'acme 1');
  assert.equal(one!.threads, 64);
  assert.equal(one!.memoryBytes, 128 * 2 ** 30);
  assert.equal(one!.points, 'full');
  assert.equal(one!.curve.provenance, 'published');
  assert.equal(one!.curve.watts(0.1), 80);
  assert.equal(two!.points, 'ends');
  assert.equal(two!.curve.provenance, 'estimated');
  assert.equal(two!.curve.idleWatts, 20);
  assert.equal(two!.curve.fullWatts, 90);
});

test('columns may come in another order, with others between, and lines may end in CR LF', () => {
  const swapped = header.replace('cpu_key,system', 'system,extra,cpu_key');
  const row = ends.replace('acme 2,Small box', 'Small box,?,acme 2');
  const [model] = parseSpecTable(`${swapped}\r\n${row}\r\n`, 'servers.csv');
  assert.equal(model!.cpuKey, 'acme 2');
  assert.equal(model!.curve.fullWatts, 90);
});

test('several results of one system stay apart by name', () => {
  const names = parse(header, ends, ends, ends).map(({ name }) => name);
  assert.equal(new Set(names).size, 3);
});

const bad: readonly (readonly [what: string, lines: readonly string[], code: string, says: RegExp])[] = [
  [
    'a missing column',
    [header.replace('watts_50,', ''), ends],
    'KISIM_E_CURVE_TABLE',
    /servers\.csv:1: no column watts_50/,
  ],
  [
    'a falling curve',
    [header, full, full.replace(',150,', ',130,')],
    'KISIM_E_CURVE_FALLS',
    /servers\.csv:3: 70 % is 130 W after 135 W/,
  ],
  ['ends that fall', [header, ends.replace(/90$/, '19')], 'KISIM_E_CURVE_FALLS', /servers\.csv:2/],
  [
    'not a number',
    [header, full, full.replace(',110,', ',eleven,')],
    'KISIM_E_CURVE_TABLE',
    /servers\.csv:3: watts_40 is 'eleven'/,
  ],
  [
    'an empty point of a full row',
    [header, full.replace(',110,', ',,')],
    'KISIM_E_CURVE_TABLE',
    /servers\.csv:2: watts_40 is ''/,
  ],
  [
    'no threads',
    [header, ends.replace(',8,', ',0,')],
    'KISIM_E_CURVE_TABLE',
    /servers\.csv:2: threads is '0'/,
  ],
  ['an unknown source', [header, ends.replace('ends', 'half')], 'KISIM_E_CURVE_TABLE', /source is 'half'/],
  [
    'a short line',
    [header, 'acme 3,box'],
    'KISIM_E_CURVE_TABLE',
    /servers\.csv:2: 2 fields, the header has 19/,
  ],
  ['an open quote', [header, 'acme 3,"box'], 'KISIM_E_CURVE_TABLE', /servers\.csv:2: a quote is not closed/],
  ['no row', [header], 'KISIM_E_CURVE_TABLE', /has no row/],
];
for (const [what, lines, code, message] of bad) {
  test(`${what} is refused with file and line`, () => {
    assert.throws(() => parse(...lines), { code, message });
  });
}

test('a table that is not there is a coded error', () => {
  assert.throws(() => readSpecTable('/nowhere/servers.csv'), {
    code: 'KISIM_E_CURVE_TABLE',
    message: /\/nowhere\/servers\.csv \(ENOENT\)/,
  });
});

test('the whole SPECpower table loads', { skip: sharedData.skip }, () => {
  const models = readSpecTable(sharedData.path('power', 'spec_power_servers.csv'));
  assert.equal(models.length, 998);
  assert.equal(models.filter(({ points }) => points === 'full').length, 564);
  assert.equal(new Set(models.map(({ name }) => name)).size, 998);
  assert.ok(models.every(({ curve }) => curve.idleWatts < curve.fullWatts));
});
