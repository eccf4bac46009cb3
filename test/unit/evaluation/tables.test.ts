import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultsCsv } from '../../../src/evaluation/results-csv.ts';
import { estimateText, resultTables, secondsText, signed } from '../../../src/evaluation/tables.ts';
import { fakeResults } from '../../support/fake-results.ts';

test('a line is never wider than asked, and cut tables go on below', () => {
  const results = fakeResults();
  const wide = resultTables(results, { width: 200 });
  const narrow = resultTables(results, { width: 45 });
  assert.equal(wide.match(/^policy /gm)!.length, 3);
  assert.ok(narrow.match(/^policy /gm)!.length > 3);
  const tableLines = narrow.split('\n').filter((line) => /^(policy|base|saving|wasting|late) /.test(line));
  for (const line of tableLines) assert.ok(line.length <= 45, line);
  for (const { cell } of results.cells) assert.ok(narrow.includes(cell));
});

test('a failed control cannot be overlooked', () => {
  const results = fakeResults();
  const [plain, , control] = results.cells;
  const failed = {
    ...results,
    controls: { cells: 1, holds: false },
    cells: [plain!, { ...control!, controlHolds: false }],
  };
  assert.match(resultTables(failed), /CONTROL FAILED: .* flat 60 % reads otherwise/);
});

test('one cluster gives means without intervals', () => {
  const text = resultTables(fakeResults({ clusters: 1 }));
  assert.match(text, /^saving +-[\d.]+ +-/m);
  assert.doesNotMatch(text, /±|NaN|null|undefined/);
});

test('a cell without a policy stays empty', () => {
  const late = resultTables(fakeResults(), { width: 200 })
    .split('\n')
    .find((line) => line.startsWith('late'))!;
  assert.match(late, /^late +[-+][\d.]+ ±[\d.]+[!*]*$/);
});

test('numbers are signed, and what rounds to zero has no sign', () => {
  assert.equal(signed(-0.04), '0.0');
  assert.equal(signed(0.05, 2), '+0.05');
  assert.equal(signed(-12.34), '-12.3');
  assert.equal(estimateText({ mean: -1, interval: null }), '-1.0');
  assert.equal(estimateText({ mean: -1, interval: { low: -3, high: 1 } }), '-1.0 ±2.0');
  assert.equal(secondsText(3.21), '3.2');
  assert.equal(secondsText(1234.5), '1235');
  assert.equal(secondsText(36_000), '10.0 h');
});

test('CSV leaves unknown figures empty', () => {
  const [head, first] = resultsCsv(fakeResults({ clusters: 1 })).split('\r\n');
  const at = head!.split(',').indexOf('percent_low');
  assert.equal(first!.split(',')[at], '');
});
