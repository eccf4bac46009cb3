import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from './problem.ts';
import { filesBelow } from './source-files.ts';

const endings = ['.ts', '.mjs', '.cc', '.h', '.md', '.yaml', '.service', '.txt'];
/** Spelled apart, so that this file is no finding of its own. */
const words = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`);
const singleTest = /\b(?:test|describe|it)\.only\(/;

/** What a line should not be committed with, or undefined. */
export function leftover(line: string): string | undefined {
  const word = words.exec(line)?.[0];
  if (word !== undefined) return `holds ${word}: finish it or open an issue`;
  return singleTest.test(line) ? 'runs one test only' : undefined;
}

export function checkLeftovers(root: string): Problem[] {
  return filesBelow(root, ['src', 'native', 'scripts', 'test', 'docs', 'systemd', 'deploy'], endings)
    .filter((file) => !file.startsWith('test/golden/'))
    .flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => {
          const says = leftover(line);
          return says === undefined ? [] : [{ where: `${file}:${index + 1}`, says }];
        }),
    );
}
