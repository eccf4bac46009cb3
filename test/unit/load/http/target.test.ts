import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTarget, parseHeader, type TargetParts } from '../../../../src/load/http/target.ts';
import { parseTargetsFile, readTargetsFile } from '../../../../src/load/http/targets-file.ts';
import { parseThinkTime } from '../../../../src/load/http/think-time.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const code = (name: string, found: RegExp) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === name && found.test(error.message);

test('a target is taken apart for the connection', () => {
  const target = makeTarget({
    url: 'http://[::1]:8080/a b?c=1',
    method: 'post',
    headers: { 'x-a': '1' },
    body: 'x',
  });
  assert.equal(target.origin, 'http://[::1]:8080');
  assert.equal(target.path, '/a%20b?c=1');
  assert.equal(target.method, 'POST');
  assert.equal(target.name, 'POST http://[::1]:8080/a%20b?c=1');
  assert.equal(target.weight, 1);
});

const bad: readonly (readonly [TargetParts, RegExp])[] = [
  [{ url: 'localhost:80' }, /no http or https URL/],
  [{ url: 'ftp://host/' }, /no http or https URL/],
  [{ url: 'http://user:pass@host/' }, /http:\/\/host: user and password/],
  [{ url: 'http://host/', method: 'GE T' }, /method 'GE T'/],
  [{ url: 'http://host/', weight: 0 }, /weight 0/],
  [{ url: 'http://host/', headers: { 'content-length': '3' } }, /header 'content-length' cannot be set/],
  [{ url: 'http://host/', headers: { 'a b': '3' } }, /header 'a b'/],
  [{ url: 'http://host/', headers: { a: 'x\r\ny: 1' } }, /the value of header a/],
];
for (const [parts, found] of bad)
  test(`${JSON.stringify(parts)} is refused`, () => {
    assert.throws(() => makeTarget(parts), code('KISIM_E_LOAD_TARGET', found));
  });

test('no secret of a URL comes into a message', () => {
  assert.throws(
    () => makeTarget({ url: 'http://user:hunter2@host/' }),
    (error) => error instanceof Error && !error.message.includes('hunter2'),
  );
});

test('a header is a name, a colon and a value', () => {
  assert.deepEqual(parseHeader('Authorization:  Bearer a:b'), ['Authorization', 'Bearer a:b']);
  assert.throws(() => parseHeader(': x'), code('KISIM_E_LOAD_TARGET', /has no name/));
});

test('a file has targets with weights, headers and bodies of files', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'order.json'), '{"a":1}');
  const path = join(folder, 'targets.yaml');
  writeFileSync(
    path,
    'targets:\n  - url: http://h/a\n    weight: 3\n  - url: http://h/b\n    name: order\n    method: POST\n    headers: { content-type: application/json }\n    body-file: order.json\n',
  );
  const [first, second] = readTargetsFile(path);
  assert.equal(first!.weight, 3);
  assert.equal(second!.name, 'order');
  assert.equal(second!.body, '{"a":1}');
  assert.deepEqual(second!.headers, { 'content-type': 'application/json' });
});

for (const [text, found] of [
  ['targets:\n  - url: http://h/\n    wieght: 3\n', /t\.yaml:3: targets\.0\.wieght/],
  ['targets:\n  - url: http://h/\n  - url: h\n', /t\.yaml:3: 'h' is no http/],
  ['targets:\n  - url: http://h/\n    body: a\n    body-file: b\n', /t\.yaml:4: both/],
  ['targets:\n  - url: http://h/\n    body-file: /nowhere/b\n', /t\.yaml:3: \/nowhere\/b: ENOENT/],
  ['targets: []\n', /t\.yaml:1: targets/],
] as const)
  test(`a file of targets with ${JSON.stringify(text)} is refused with its line`, () => {
    assert.throws(() => parseTargetsFile('t.yaml', text), code('KISIM_E_LOAD_TARGETS_FILE', found));
  });

test('a think time is a duration, a range or a mean', () => {
  assert.deepEqual(parseThinkTime('500ms'), { kind: 'constant', seconds: 0.5 });
  assert.deepEqual(parseThinkTime('1s-3s'), { kind: 'uniform', fromSeconds: 1, toSeconds: 3 });
  assert.deepEqual(parseThinkTime('exp:2s'), { kind: 'exponential', meanSeconds: 2 });
  for (const text of ['soon', '1s-', '3s-1s', 'exp:'])
    assert.throws(() => parseThinkTime(text), code('KISIM_E_LOAD_THINK_TIME', new RegExp(`'${text}'`)));
});
