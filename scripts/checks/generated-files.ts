import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedFiles } from '../generators/generated-files.ts';
import type { Problem } from './problem.ts';

/** Generated files that are not what their generator makes now. */
export async function checkGeneratedFiles(root: string): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [file, text] of await generatedFiles(root)) {
    const path = join(root, file);
    if (!existsSync(path)) problems.push({ where: file, says: 'is missing: run `npm run generate`' });
    else if (readFileSync(path, 'utf8') !== text) {
      problems.push({ where: file, says: 'differs from what its source says: run `npm run generate`' });
    }
  }
  return problems;
}
