import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relativeLinks, unknownNames } from '../../../scripts/checks/documentation.ts';
import { errorCodeProblems } from '../../../scripts/checks/error-codes.ts';
import { inexactVersions } from '../../../scripts/checks/exact-versions.ts';
import { leftover } from '../../../scripts/checks/leftovers.ts';
import type { DeclaredError } from '../../../scripts/generators/error-codes.ts';

const declared: DeclaredError = {
  code: 'KISIM_E_TEA_COLD',
  room: 'tea',
  file: 'src/tea/errors.ts',
  summary: 'tea is cold',
  expected: 'above 60 C',
  action: 'boil water',
};

const declaration = { file: declared.file, text: 'KISIM_E_TEA_COLD: {}' };

test('a version range is refused, an exact version is not', () => {
  assert.deepEqual(
    inexactVersions({ dependencies: { a: '1.2.3' }, devDependencies: { b: '2.0.0-rc.1' } }),
    [],
  );
  assert.equal(
    inexactVersions({ dependencies: { a: '^1.2.3' }, optionalDependencies: { b: '*' } }).length,
    2,
  );
});

test('marks of unfinished work and single tests are found, words that hold them are not', () => {
  assert.match(leftover(`// ${'TO'}DO: later`) ?? '', /finish it/);
  assert.match(leftover(`test.${'only'}('x', () => {})`) ?? '', /one test only/);
  for (const line of ['to do: run it', 'TODOS', 'hackney', 'test.onlyIf()'])
    assert.equal(leftover(line), undefined);
});

test('a code that is declared and raised once is good', () => {
  const sources = [declaration, { file: 'src/tea/pot.ts', text: 'throw errors.KISIM_E_TEA_COLD(x);' }];
  assert.deepEqual(errorCodeProblems([declared], sources), []);
});

test('codes declared twice, not declared, never raised, or without an action are found', () => {
  const says = (errors: readonly DeclaredError[], text: string) =>
    errorCodeProblems(errors, [declaration, { file: 'src/tea/pot.ts', text }]).map((problem) => problem.says);
  assert.deepEqual(says([declared], 'KISIM_E_TEA_COLD KISIM_E_TEA_GONE'), [
    'KISIM_E_TEA_GONE is declared nowhere',
  ]);
  assert.deepEqual(says([declared], ''), ['KISIM_E_TEA_COLD is declared but raised nowhere']);
  assert.deepEqual(says([declared, { ...declared, file: 'src/cup/errors.ts' }], 'KISIM_E_TEA_COLD'), [
    'KISIM_E_TEA_COLD is declared in src/tea/errors.ts too',
  ]);
  assert.deepEqual(says([{ ...declared, action: ' ' }], 'KISIM_E_TEA_COLD'), [
    'KISIM_E_TEA_COLD has an empty action',
  ]);
});

test('the manual names only commands, settings, variables and errors that exist', () => {
  const known = {
    commands: new Set(['run', 'config']),
    settings: new Set(['export.port', 'attribution.idle-watts']),
    environment: new Set(['KISIMD_EXPORT_PORT']),
    errors: new Set(['KISIM_E_TEA_COLD']),
  };
  for (const good of [
    'run `kisimd run` or sudo kisimd config show',
    '--set export.port=1 --set attribution.idle-watts.package-0=2 --set key=value',
    'KISIMD_EXPORT_PORT and KISIM_E_TEA_COLD',
    'the user kisimd owns it',
  ]) {
    assert.deepEqual(unknownNames(good, known), [], good);
  }
  assert.equal(unknownNames('`kisimd rnu`', known).length, 1);
  assert.equal(unknownNames('$ kisimd rnu', known).length, 1);
  assert.equal(unknownNames('--set export.prot=1', known).length, 1);
  assert.equal(unknownNames('KISIMD_EXPORT_PROT, KISIM_E_TEA_GONE', known).length, 2);
});

test('relative links are found without their anchors, addresses and anchors are left out', () => {
  assert.deepEqual(relativeLinks('[a](b.md#c) [d](https://e/f) [g](#h) ![i](../j.svg)'), [
    'b.md',
    '../j.svg',
  ]);
});
