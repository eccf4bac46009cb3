import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';

/** Records of a long benchmark, one a line, so that it can be stopped and gone on with. */
export interface Journal<T> {
  readonly records: readonly T[];
  add(record: T): void;
}

/**
 * @param path undefined: nothing is kept
 * @param recipe everything that records must have been made with; those of another recipe are left out
 */
export function openJournal<T>(path: string | undefined, recipe: string): Journal<T> {
  const records: T[] = [];
  if (path !== undefined && existsSync(path)) {
    const text = readFileSync(path, 'utf8');
    // A line that was being written when the run ended is not a record.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
    for (const line of whole.split('\n').slice(0, -1)) {
      const each = JSON.parse(line) as { readonly recipe: string; readonly record: T };
      if (each.recipe === recipe) records.push(each.record);
    }
  }
  return {
    records,
    add(record) {
      records.push(record);
      if (path === undefined) return;
      mkdirSync(dirname(path), { recursive: true });
      appendFileSync(path, `${JSON.stringify({ recipe, record })}\n`);
    },
  };
}
