import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { Problem } from './problem.ts';
import { filesBelow } from './source-files.ts';

/** The rooms of src/, in the order that data walks through them. A room imports itself and the rooms before it. */
export const roomOrder = [
  'util',
  'native',
  'config',
  'meter',
  'inventory',
  'attribution',
  'history',
  'power-model',
  'cluster',
  'policy',
  'simulation',
  'learning',
  'evaluation',
  'load',
  'autoscaling',
  'queueing',
  'kubernetes',
  'controller',
  'export',
  'web',
  'service',
  'daemon',
  'cli',
] as const;

type Room = (typeof roomOrder)[number];

/** These run unchanged in the simulator, in a replay and on a live cluster, so they know nothing of any of them. */
const runsEverywhere: readonly Room[] = [
  'cluster',
  'policy',
  'power-model',
  'simulation',
  'learning',
  'evaluation',
  'autoscaling',
  'queueing',
];
const outside: readonly Room[] = ['kubernetes', 'daemon', 'meter'];

export interface ImportLine {
  readonly specifier: string;
  readonly line: number;
}

function isRoom(name: string): name is Room {
  return (roomOrder as readonly string[]).includes(name);
}

/** Same length and lines, but blanks for comments: an example in a comment imports nothing. */
function withoutComments(source: string): string {
  const blank = (text: string) => text.replaceAll(/[^\n]/g, ' ');
  // Strings come first in the alternation, so that '//' inside one is not taken for a comment.
  return source.replaceAll(
    /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (match) => (match.startsWith('/') ? blank(match) : match),
  );
}

/** Every module that a source text imports: static, type-only, re-exported and dynamic. */
export function importsOf(source: string): readonly ImportLine[] {
  const code = withoutComments(source);
  const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)(['"])([^'"\n]+)\1/gm;
  return [...code.matchAll(pattern)].map((match) => ({
    specifier: match[2] ?? '',
    line: code.slice(0, match.index + match[0].indexOf(match[1] ?? '')).split('\n').length,
  }));
}

/** What is wrong with one import of a file of src/, or undefined. Paths are relative to the repository. */
export function importProblem(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const target = normalize(join(dirname(file), specifier));
  if (!target.startsWith('src/')) return `imports ${target}, which lies outside src`;
  const [, from = '', ...fromRest] = file.split('/');
  const [, to = '', ...toRest] = target.split('/');
  if (fromRest.length === 0) {
    // src/main.ts is above all rooms.
    return undefined;
  }
  if (toRest.length === 0) return `imports ${target}, which is above the rooms`;
  if (!isRoom(from)) return `lies in ${from}, which is no room of scripts/checks/one-way-imports.ts`;
  if (!isRoom(to)) return `imports ${to}, which is no room of scripts/checks/one-way-imports.ts`;
  if (roomOrder.indexOf(to) > roomOrder.indexOf(from))
    return `${from} imports ${to}, a later room (${specifier})`;
  if (runsEverywhere.includes(from) && outside.includes(to)) {
    return `${from} imports ${to}, but must run without it (${specifier})`;
  }
  return undefined;
}

/** Imports in src/ that go against the order of the rooms. */
export function checkOneWayImports(root: string): Problem[] {
  return filesBelow(root, ['src'], ['.ts']).flatMap((file) =>
    importsOf(readFileSync(join(root, file), 'utf8')).flatMap(({ specifier, line }) => {
      const says = importProblem(file, specifier);
      return says === undefined ? [] : [{ where: `${file}:${line}`, says }];
    }),
  );
}
