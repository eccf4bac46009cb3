import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkOneWayImports, importProblem, importsOf } from '../../../scripts/checks/one-way-imports.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test('no room of src imports a later room', () => {
  const problems = checkOneWayImports(root);
  assert.deepEqual(
    problems.map(({ where, says }) => `${where}: ${says}`),
    [],
  );
});

test('static, type-only, re-exported, bare and dynamic imports are all seen', () => {
  const source = `
import { a } from './a.ts';
import type { B } from "./b.ts";
export { c } from './c.ts';
export * from './d.ts';
import './e.ts';
const f = await import('./f.ts');
import {
  g,
} from './g.ts';
`;
  assert.deepEqual(
    importsOf(source).map(({ specifier }) => specifier),
    ['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts', './g.ts'],
  );
  assert.equal(importsOf(source).at(-1)?.line, 10);
});

test('an import in a comment is none, and a comment mark in a string begins no comment', () => {
  const source = `// import { a } from './a.ts';
/** import { b } from './b.ts'; */
const url = 'http://x/*'; import { c } from './c.ts';`;
  assert.deepEqual(
    importsOf(source).map(({ specifier }) => specifier),
    ['./c.ts'],
  );
});

const cases: readonly (readonly [file: string, specifier: string, says: RegExp | undefined])[] = [
  ['src/history/a.ts', '../util/b.ts', undefined],
  ['src/history/a.ts', './b.ts', undefined],
  ['src/history/a.ts', 'node:fs', undefined],
  ['src/cli/doctor/a.ts', '../../meter/b.ts', undefined],
  ['src/main.ts', './cli/process-host.ts', undefined],
  ['src/meter/a.ts', '../history/b.ts', /meter imports history, a later room/],
  ['src/util/a.ts', '../cli/b.ts', /a later room/],
  ['src/policy/a.ts', '../meter/b.ts', /policy imports meter, but must run without it/],
  ['src/power-model/a.ts', '../history/b.ts', undefined],
  ['src/meter/a.ts', '../../test/support/b.ts', /outside src/],
  ['src/meter/a.ts', '../../../shared/b.ts', /outside src/],
  ['src/cli/a.ts', '../main.ts', /above the rooms/],
  ['src/attic/a.ts', '../util/b.ts', /attic, which is no room/],
];
for (const [file, specifier, says] of cases) {
  test(`${file} importing ${specifier} is ${says === undefined ? 'allowed' : 'refused'}`, () => {
    const problem = importProblem(file, specifier);
    if (says === undefined) assert.equal(problem, undefined);
    else assert.match(problem ?? '', says);
  });
}
