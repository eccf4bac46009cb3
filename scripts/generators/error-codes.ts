import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ErrorTemplate } from '../../src/util/errors.ts';
import { filesBelow } from '../checks/source-files.ts';

export interface DeclaredError extends ErrorTemplate {
  readonly code: string;
  /** The room of src/ that raises it. */
  readonly room: string;
  readonly file: string;
}

/** Every coded error: what modules of src/ declare, and those of the set-up script, which uses no module of ours. */
export async function declaredErrors(root: string): Promise<DeclaredError[]> {
  const found: DeclaredError[] = [];
  for (const file of filesBelow(root, ['src'], ['.ts'])) {
    // util/errors.ts holds `defineErrors` itself.
    if (file === 'src/util/errors.ts' || !readFileSync(join(root, file), 'utf8').includes('= defineErrors('))
      continue;
    const room = file.split('/')[1] ?? '';
    const module: Record<string, unknown> = await import(pathToFileURL(join(root, file)).href);
    for (const value of Object.values(module)) {
      if (typeof value !== 'object' || value === null || !('templates' in value)) continue;
      for (const [code, template] of Object.entries(value.templates as Record<string, ErrorTemplate>)) {
        found.push({ code, room, file, ...template });
      }
    }
  }
  return [...found, ...setupErrors(root)];
}

function setupErrors(root: string): DeclaredError[] {
  const file = 'scripts/setup.mjs';
  const source = readFileSync(join(root, file), 'utf8');
  const call = /fail\(\s*'(KISIM_E_\w+)',\s*(['`])(.*?)\2,\s*'(.*?)',\s*'(.*?)',?\s*\)/gs;
  return [...source.matchAll(call)].map(([, code = '', , summary = '', expected = '', action = '']) => ({
    code,
    room: 'setup',
    file,
    summary: summary.replaceAll(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, '...'),
    expected,
    action,
  }));
}
