import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawAmount, parseAmount } from '../../../../src/load/test-application/amount.ts';
import { parseRequest } from '../../../../src/load/test-application/routes.ts';
import { RandomStream } from '../../../../src/util/rng.ts';

const parse = (path: string, query: string, method = 'GET') =>
  parseRequest(method, path, new URLSearchParams(query));

test('each route asks for its own kind of work', () => {
  const random = new RandomStream(1);
  assert.deepEqual(parse('/cpu', 'ms=2.5').draw(random), { kind: 'cpu', cpuMilliseconds: 2.5 });
  assert.deepEqual(parse('/memory', 'mb=3&seconds=1').draw(random), {
    kind: 'memory',
    bytes: 3 * 1024 * 1024,
    seconds: 1,
  });
  assert.deepEqual(parse('/disk', 'mb=1').draw(random), { kind: 'disk', bytes: 1024 * 1024 });
  assert.deepEqual(parse('/network', 'kb=2').draw(random), { kind: 'network', bytes: 2048 });
});

test('draws of exp: have the mean that was asked for, and come again with the seed', () => {
  const draws = (seed: number) => {
    const asked = parse('/cpu', 'ms=exp:20');
    const random = new RandomStream(seed);
    return Array.from({ length: 20_000 }, () => asked.draw(random)).map((work) =>
      work.kind === 'cpu' ? work.cpuMilliseconds : Number.NaN,
    );
  };
  const once = draws(5);
  assert.deepEqual(draws(5), once);
  assert.notDeepEqual(draws(6), once);
  const mean = once.reduce((sum, each) => sum + each, 0) / once.length;
  // Four standard errors of a mean of 20,000 draws.
  assert.ok(Math.abs(mean - 20) < (4 * 20) / Math.sqrt(once.length), String(mean));
  assert.ok(Math.max(...once) <= 200);
});

test('amounts beyond the bounds, an exponential by its greatest draw, are refused', () => {
  assert.deepEqual(parseAmount('60000', 60_000), { mean: 60_000, exponential: false });
  assert.equal(parseAmount('60000.1', 60_000), undefined);
  assert.deepEqual(parseAmount('exp:6000', 60_000), { mean: 6000, exponential: true });
  assert.equal(parseAmount('exp:6001', 60_000), undefined);
  for (const text of ['', '-1', '1e3', 'NaN', 'Infinity', 'exp:', 'exp:-1', '0x10', ' 1', '1,5'])
    assert.equal(parseAmount(text, 1e9), undefined, text);
  assert.equal(drawAmount({ mean: 7, exponential: false }, new RandomStream(1)), 7);
});

const refused: readonly (readonly [path: string, query: string, code: string, found: RegExp])[] = [
  ['/cpu', '', 'REQUEST', /ms is missing/],
  ['/cpu', 'ms=1&ms=2', 'REQUEST', /more than once/],
  ['/cpu', 'ms=abc', 'REQUEST', /ms=abc/],
  ['/cpu', 'ms=60001', 'REQUEST', /ms=60001/],
  ['/cpu', 'ms=1&mb=2', 'REQUEST', /'mb'/],
  ['/memory', 'mb=1', 'REQUEST', /seconds is missing/],
  ['/memory', 'mb=5000&seconds=1', 'REQUEST', /mb=5000/],
  ['/', '', 'ROUTE', /GET \//],
  ['/constructor', '', 'ROUTE', /constructor/],
  ['/gpu', 'ms=1', 'ROUTE', /gpu/],
];
for (const [path, query, code, found] of refused) {
  test(`${path}?${query} is refused`, () => {
    assert.throws(() => parse(path, query), {
      code: `KISIM_E_TEST_APPLICATION_${code}`,
      message: found,
    });
  });
}

test('what may cost something is asked for with GET alone', () => {
  assert.throws(() => parse('/cpu', 'ms=1', 'HEAD'), { code: 'KISIM_E_TEST_APPLICATION_ROUTE' });
});
