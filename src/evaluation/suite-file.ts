import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { systemErrorCode } from '../util/errors.ts';
import { offsetOf } from '../util/yaml-offset.ts';
import { errors } from './errors.ts';
import { checkSuite, type Suite } from './suite.ts';
import { namedSuites } from './suites.ts';

const load = z.number().gt(0).lte(1);

const form = z.strictObject({
  name: z.string().min(1).optional(),
  baseline: z.string().min(1).optional(),
  clusters: z.int().min(1).max(10_000).optional(),
  seeds: z.int().min(1).max(10_000).optional(),
  seed: z.int().min(0).max(0xffffffff).optional(),
  offline: z.boolean().optional(),
  policies: z.array(z.string().min(1)).min(1).optional(),
  cells: z
    .array(
      z.strictObject({
        scenario: z.string().min(1),
        loads: z.array(load).min(1),
        control: z.boolean().optional(),
        policies: z.array(z.string().min(1)).optional(),
      }),
    )
    .min(1)
    .optional(),
});

/**
 * The suite of a name (`default`, `small`) or of a YAML file. What a file leaves out is as in `default`.
 *
 * @throws KISIM_E_EVALUATION_SUITE_FILE, with file and line
 */
export function loadSuite(nameOrFile: string): Suite {
  const named = namedSuites[nameOrFile];
  if (named !== undefined) return named;
  let text: string;
  try {
    text = readFileSync(nameOrFile, 'utf8');
  } catch (cause) {
    const code = systemErrorCode(cause) ?? String(cause);
    throw errors.KISIM_E_EVALUATION_SUITE_FILE(`${nameOrFile}: ${code}`, { cause });
  }
  return parseSuite(nameOrFile, text);
}

/** `path` is for messages, and names a suite that has no name of its own. */
export function parseSuite(path: string, text: string): Suite {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const place = (offset: number) => `${path}:${lines.linePos(offset).line}`;
  const mistake = [...document.errors, ...document.warnings][0];
  if (mistake !== undefined)
    throw errors.KISIM_E_EVALUATION_SUITE_FILE(`${place(mistake.pos[0])}: ${mistake.message}`);
  const parsed = form.safeParse(document.toJS());
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const keys = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
    const offset = offsetOf(document.contents, keys);
    throw errors.KISIM_E_EVALUATION_SUITE_FILE(
      `${place(offset)}: ${keys.join('.') || 'the file'}: ${issue.message}`,
    );
  }
  const base = namedSuites['default']!;
  const { cells, name = path, ...rest } = parsed.data;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return checkSuite({
    ...base,
    ...given,
    name,
    cells:
      cells?.flatMap(({ scenario, loads, control = false, policies = [] }) =>
        loads.map((each) => ({ scenario, load: each, control, policies })),
      ) ?? base.cells,
  });
}
