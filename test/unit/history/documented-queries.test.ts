import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { writeDemoHistory } from '../../support/demo-history.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const manual = readFileSync(new URL('../../../docs/user/history.md', import.meta.url), 'utf8');

/** Each query of the manual with the output printed below it. */
const documented = [...manual.matchAll(/```sql\n([\s\S]*?)```\n+```text\n([\s\S]*?)```/g)].map(
  ([, query, output]) => ({ query: query!.trim().replace(/;$/, ''), output: output!.trimEnd() }),
);

/** What `sqlite3 -header -column` prints. */
function columnMode(db: Database.Database, query: string): string {
  const names = db
    .prepare(query)
    .columns()
    .map(({ name }) => name);
  // SQLite's own text of a number, as its shell prints it.
  const texts = names.map((name) => `coalesce(CAST("${name}" AS TEXT), '')`).join(', ');
  const rows = db.prepare<[], string[]>(`SELECT ${texts} FROM (${query})`).raw().all();
  const widths = names.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return [names, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n');
}

test('the documented queries print what the manual says', (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  writeDemoHistory(path);
  const db = new Database(path, { readonly: true });
  t.after(() => void db.close());
  assert.ok(documented.length >= 9, `${documented.length} queries found in the manual`);
  for (const { query, output } of documented) assert.equal(columnMode(db, query), output, query);
});

test('every view of the schema is documented with a query', (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  writeDemoHistory(path);
  const db = new Database(path, { readonly: true });
  t.after(() => void db.close());
  const views = db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'view'").pluck().all();
  for (const view of views) {
    assert.ok(
      documented.some(({ query }) => query.includes(view)),
      `${view} has no query in the manual`,
    );
  }
});

test('the queries of the page on collecting run', (t) => {
  const page = readFileSync(new URL('../../../docs/user/collect.md', import.meta.url), 'utf8');
  const queries = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, query]) =>
    query!.trim().replace(/;$/, ''),
  );
  const path = join(temporaryFolder(t), 'energy.db');
  writeDemoHistory(path);
  const db = new Database(path, { readonly: true });
  t.after(() => void db.close());
  assert.ok(queries.length > 0);
  for (const query of queries) assert.ok(db.prepare(query).all().length > 0, query);
});
