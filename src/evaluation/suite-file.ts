import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { systemErrorCode } from '../util/errors.ts';
import { readYamlForm } from '../util/yaml-form.ts';
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
  const { data } = readYamlForm(form, path, text, (found) => errors.KISIM_E_EVALUATION_SUITE_FILE(found));
  const base = namedSuites['default']!;
  const { cells, name = path, ...rest } = data;
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
