import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DeclaredError, declaredErrors } from '../generators/error-codes.ts';
import type { Problem } from './problem.ts';
import { filesBelow } from './source-files.ts';

interface SourceText {
  readonly file: string;
  readonly text: string;
}

/** Codes declared twice, used but not declared, and declared but raised nowhere. */
export function errorCodeProblems(
  declared: readonly DeclaredError[],
  sources: readonly SourceText[],
): Problem[] {
  const problems: Problem[] = [];
  const fileOf = new Map<string, string>();
  for (const { code, file, expected, action, summary } of declared) {
    const earlier = fileOf.get(code);
    if (earlier !== undefined) problems.push({ where: file, says: `${code} is declared in ${earlier} too` });
    fileOf.set(code, file);
    for (const [name, text] of Object.entries({ expected, action, summary })) {
      if (text.trim() === '') problems.push({ where: file, says: `${code} has an empty ${name}` });
    }
  }
  const uses = new Map<string, number>();
  for (const { file, text } of sources) {
    for (const [code] of text.matchAll(/\bKISIM_E_[A-Z0-9_]*[A-Z0-9]\b/g)) {
      if (!fileOf.has(code)) problems.push({ where: file, says: `${code} is declared nowhere` });
      uses.set(code, (uses.get(code) ?? 0) + 1);
    }
  }
  for (const [code, file] of fileOf) {
    // The set-up script declares by raising; elsewhere the declaration itself is one use.
    const declarations = file.startsWith('scripts/') ? 0 : 1;
    if ((uses.get(code) ?? 0) <= declarations)
      problems.push({ where: file, says: `${code} is declared but raised nowhere` });
  }
  return problems;
}

export async function checkErrorCodes(root: string): Promise<Problem[]> {
  const files = [...filesBelow(root, ['src'], ['.ts']), 'scripts/setup.mjs'].filter(
    // Its example of a declaration is no code of the program.
    (file) => file !== 'src/util/errors.ts',
  );
  const sources = files.map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
  return errorCodeProblems(await declaredErrors(root), sources);
}
