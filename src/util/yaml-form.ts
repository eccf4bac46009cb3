import { isMap, isSeq, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

/** A YAML text that has the wanted form, and where its parts stand. */
export interface YamlForm<T> {
  readonly data: T;
  /** `FILE:LINE` of what a path of keys and indices leads to, as deep as it can be followed. */
  place(keys: readonly PropertyKey[]): string;
}

/**
 * Reads a YAML text against a schema.
 *
 * @param path of the file, for messages alone
 * @param refuse makes the error to be thrown of what was found: `FILE:LINE: KEYS: what is wrong`
 */
export function readYamlForm<T>(
  form: z.ZodType<T>,
  path: string,
  text: string,
  refuse: (found: string) => Error,
): YamlForm<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const line = (offset: number) => `${path}:${lines.linePos(offset).line}`;
  const mistake = [...document.errors, ...document.warnings][0];
  if (mistake !== undefined) throw refuse(`${line(mistake.pos[0])}: ${mistake.message}`);
  const place = (keys: readonly PropertyKey[]) => line(offsetOf(document.contents, keys));
  const parsed = form.safeParse(document.toJS());
  if (parsed.success) return { data: parsed.data, place };
  const issue = parsed.error.issues[0]!;
  const keys = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
  throw refuse(`${place(keys)}: ${keys.join('.') || 'the file'}: ${issue.message}`);
}

function offsetOf(contents: unknown, keys: readonly PropertyKey[]): number {
  let node: unknown = contents;
  let offset = 0;
  for (const key of keys) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === String(key));
      if (pair === undefined) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = startOf(node) ?? offset;
    } else break;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  return Array.isArray(node.range) && typeof node.range[0] === 'number' ? node.range[0] : undefined;
}
