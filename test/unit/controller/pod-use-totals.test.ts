import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeUse, PodUse } from '../../../src/attribution/node-use.ts';
import { PodUseBook } from '../../../src/controller/pod-use-totals.ts';

const START = 1_800_000_000_000;

function use(
  at: number,
  cpuSeconds: number | undefined,
  more: Partial<PodUse> = {},
  source: NodeUse['source'] = 'kubelet',
): NodeUse {
  const cpu =
    cpuSeconds === undefined ? undefined : { cpuNanoseconds: cpuSeconds * 1e9, unixMilliseconds: START + at };
  return {
    node: 'n',
    source,
    receivedUnixMilliseconds: START + at,
    receivedMonotonicNanoseconds: at * 1e6,
    cpu: undefined,
    pods: [
      {
        uid: 'u',
        namespace: 'shop',
        name: 'web',
        startUnixMilliseconds: START,
        cpu,
        containers: [],
        ...more,
      },
    ],
  };
}

test('a kubelet counts from the start of the pod on, so that its first word counts too', () => {
  const book = new PodUseBook();
  book.take(use(10_000, 4));
  assert.deepEqual(book.of('u'), { usedMicroseconds: 4e6, meteredMilliseconds: 10_000 });
  book.take(use(30_000, 9));
  assert.deepEqual(book.of('u'), { usedMicroseconds: 9e6, meteredMilliseconds: 30_000 });
});

test('where the start is not known, use counts from the first word on', () => {
  const book = new PodUseBook();
  book.take(use(10_000, 4, { startUnixMilliseconds: undefined }));
  assert.equal(book.of('u'), undefined);
  book.take(use(30_000, 9, { startUnixMilliseconds: undefined }));
  assert.deepEqual(book.of('u'), { usedMicroseconds: 5e6, meteredMilliseconds: 20_000 });
  const rates = new PodUseBook();
  rates.take(use(10_000, 4, {}, 'metrics'));
  assert.equal(rates.of('u'), undefined);
});

test('a counter that began anew adds all that it says; an older word adds nothing', () => {
  const book = new PodUseBook();
  book.take(use(10_000, 4));
  book.take(use(20_000, 1));
  book.take(use(20_000, 50));
  assert.deepEqual(book.of('u'), { usedMicroseconds: 5e6, meteredMilliseconds: 20_000 });
});

test('pods of which nothing is counted, or that are forgotten, are not known', () => {
  const book = new PodUseBook();
  book.take(use(10_000, undefined));
  assert.equal(book.of('u'), undefined);
  book.take(use(10_000, 4));
  book.forget('u');
  assert.equal(book.of('u'), undefined);
});
