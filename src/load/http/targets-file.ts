import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { KisimError, systemErrorCode } from '../../util/errors.ts';
import { readYamlForm } from '../../util/yaml-form.ts';
import { httpLoadErrors } from './errors.ts';
import { type LoadTarget, makeTarget } from './target.ts';

const form = z.strictObject({
  targets: z
    .array(
      z.strictObject({
        url: z.string().min(1),
        name: z.string().min(1).optional(),
        method: z.string().min(1).optional(),
        weight: z.number().positive().optional(),
        headers: z.record(z.string(), z.string()).optional(),
        body: z.string().optional(),
        'body-file': z.string().min(1).optional(),
      }),
    )
    .min(1),
});

/**
 * Targets with weights from a YAML file. Files of bodies are looked for beside it.
 *
 * @throws KISIM_E_LOAD_TARGETS_FILE, with file and line
 */
export function readTargetsFile(path: string): readonly LoadTarget[] {
  return parseTargetsFile(path, read(path, path));
}

/** @param path for messages, and where files of bodies are looked for */
export function parseTargetsFile(path: string, text: string): readonly LoadTarget[] {
  const refuse = (found: string) => httpLoadErrors.KISIM_E_LOAD_TARGETS_FILE(found);
  const { data, place } = readYamlForm(form, path, text, refuse);
  return data.targets.map(({ 'body-file': bodyFile, ...parts }, i) => {
    if (parts.body !== undefined && bodyFile !== undefined)
      throw refuse(`${place(['targets', i, 'body-file'])}: both body and body-file`);
    const body =
      bodyFile === undefined
        ? parts.body
        : read(resolve(dirname(path), bodyFile), place(['targets', i, 'body-file']));
    try {
      return makeTarget({ ...parts, body });
    } catch (cause) {
      if (!(cause instanceof KisimError)) throw cause;
      throw httpLoadErrors.KISIM_E_LOAD_TARGETS_FILE(`${place(['targets', i])}: ${cause.found}`, { cause });
    }
  });
}

function read(path: string, place: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = systemErrorCode(cause) ?? String(cause);
    throw httpLoadErrors.KISIM_E_LOAD_TARGETS_FILE(
      place === path ? `${path}: ${code}` : `${place}: ${path}: ${code}`,
      {
        cause,
      },
    );
  }
}
