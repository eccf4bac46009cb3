import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { yamlLayer } from '../../../src/config/yaml-layer.ts';
import { KisimError } from '../../../src/util/errors.ts';

const faults: readonly (readonly [text: string, found: RegExp])[] = [
  ['export: {port: *nope}', /^f:1:16: the alias \*nope names no anchor before it$/],
  ['*a : 1', /^f:1:1: the alias \*a names no anchor/],
  ['export: &x {port: 1, host: *x}', /^f:1:28: the alias \*x lies inside what it names$/],
  [
    `a: &a [1,1]\nb: &b [${'*a,'.repeat(20)}]\nc: &c [${'*b,'.repeat(20)}]\nmeter: {sources: [${'*c,'.repeat(20)}]}`,
    /Excessive alias count/,
  ],
];
for (const [text, found] of faults) {
  test(`an alias that cannot be followed is a mistake: ${JSON.stringify(text.slice(0, 30))}`, () => {
    const { problems } = yamlLayer('f', text);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['KISIM_E_CONFIG_SYNTAX'],
    );
    assert.match(problems[0]?.found ?? '', found);
  });
}

test('a section and a map of entries may be aliases', () => {
  const { entries, problems } = yamlLayer(
    'f',
    'history: &h {block-days: 3}\nattribution: {idle-watts: &w {package-0: 4}}\n',
  );
  assert.deepEqual(problems, []);
  assert.equal(entries.length, 2);
  const shared = yamlLayer('f', 'log: &l {level: warn}\nnode: *l\n');
  assert.deepEqual(
    shared.problems.map(({ found }) => found),
    ['node.level (f:1:10)'],
  );
});

test('keys that are no text are unknown keys', () => {
  for (const text of [
    '? [a, b]\n: 1',
    '? {x: 1}\n: {y: 2}',
    'meter: {? [x] : 1}',
    'meter: {? : 3}',
    '1: {}',
  ]) {
    assert.deepEqual(
      yamlLayer('f', text).problems.map(({ code }) => code),
      ['KISIM_E_CONFIG_UNKNOWN_KEY'],
      text,
    );
  }
});

test('no text at all makes it throw: whatever is wrong is a problem', () => {
  const word = fc.constantFrom(
    'meter',
    'export',
    'port',
    'sources',
    'idle-watts',
    'attribution',
    ': ',
    ':\n  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '&a ',
    '*a',
    '!!set ',
    '? ',
    '"',
    "'",
    '\n',
    '\t',
    '|',
    '>',
    '#',
    '%',
    '---',
    '...',
    '1',
    '~',
    '\u0000',
    '<<',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(word, { maxLength: 25 }).map((w) => w.join('')),
  );
  fc.assert(
    fc.property(text, (yaml) => {
      const { problems, entries } = yamlLayer('f', yaml);
      for (const problem of problems) assert.ok(problem instanceof KisimError);
      for (const { value } of entries) assert.doesNotThrow(() => JSON.stringify(value));
    }),
    { numRuns: 500 },
  );
});
