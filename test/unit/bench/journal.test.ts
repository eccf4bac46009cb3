import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openJournal } from '../../bench/support/journal.ts';

function withPath(use: (path: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-journal-'));
  try {
    use(join(folder, 'below', 'records.jsonl'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a run that goes on finds what was written before', () => {
  withPath((path) => {
    const first = openJournal<{ readonly cell: string }>(path, 'a');
    first.add({ cell: 'B30' });
    first.add({ cell: 'B60' });
    const second = openJournal<{ readonly cell: string }>(path, 'a');
    assert.deepEqual(second.records, [{ cell: 'B30' }, { cell: 'B60' }]);
    second.add({ cell: 'B90' });
    assert.equal(openJournal(path, 'a').records.length, 3);
  });
});

test('a line that was being written when the run ended is cut off, and the next one is whole', () => {
  withPath((path) => {
    openJournal<number>(path, 'a').add(1);
    appendFileSync(path, '{"recipe":"a","rec');
    const journal = openJournal<number>(path, 'a');
    assert.deepEqual(journal.records, [1]);
    journal.add(2);
    assert.deepEqual(openJournal<number>(path, 'a').records, [1, 2]);
    assert.equal(readFileSync(path, 'utf8').split('\n').length, 3);
  });
});

test('records of another recipe are left alone and not read', () => {
  withPath((path) => {
    openJournal<number>(path, 'a').add(1);
    const other = openJournal<number>(path, 'b');
    assert.deepEqual(other.records, []);
    other.add(2);
    assert.deepEqual(openJournal<number>(path, 'a').records, [1]);
  });
});

test('without a path nothing is kept', () => {
  const journal = openJournal<number>(undefined, 'a');
  journal.add(1);
  assert.deepEqual(journal.records, [1]);
});
