import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CsvRows } from '../../../../src/simulation/inputs/csv-rows.ts';

test('rows are read by the names of the first line; empty lines count as lines and are passed over', () => {
  const rows = new CsvRows('name, cpu\r\n\r\nweb, 2.5 \r\n', 'pods.csv', ['cpu']);
  assert.ok(rows.has('name') && !rows.has('memory'));
  assert.ok(rows.next());
  assert.equal(rows.text('name'), 'web');
  assert.equal(rows.number('cpu'), 2.5);
  assert.throws(() => rows.count('cpu'), {
    code: 'KISIM_E_INPUT_VALUE',
    found: "pods.csv:3: cpu is '2.5'",
  });
  assert.equal(rows.next(), false);
});

test('a column that is named twice is refused, for nobody knows which is meant', () => {
  assert.throws(() => new CsvRows('a,b,a\n', 'pods.csv', ['a']), { code: 'KISIM_E_INPUT_COLUMN' });
});

for (const text of ['', 'NaN', 'Infinity', '1e999', '-1', '0x', '1 2'])
  test(`'${text}' is no number`, () => {
    const rows = new CsvRows(`a,b\n${text},1\n`, 'f.csv', ['a']);
    rows.next();
    assert.throws(() => rows.number('a'), { found: `f.csv:2: a is '${text}'` });
  });
