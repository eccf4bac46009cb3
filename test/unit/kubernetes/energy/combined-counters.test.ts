import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CombinedCounters } from '../../../../src/kubernetes/energy/combined-counters.ts';
import {
  EnergyReader,
  type EpochCounters,
  type EpochJoules,
} from '../../../../src/kubernetes/energy/epoch-counters.ts';

const MINUTE = 60_000;

/** A source whose nodes the test sets. */
class Source implements EpochCounters {
  readonly joules = new Map<string, number>();
  epoch = 0;
  readonly #time: { now: number };

  constructor(time: { now: number }) {
    this.#time = time;
  }

  async read() {
    const { now } = this.#time;
    const told = (joules: number): EpochJoules => ({
      joules,
      source: 'metered',
      asOfUnixMilliseconds: now,
      epoch: this.epoch,
      began: 'anew',
    });
    const nodes = new Map([...this.joules].map(([node, joules]) => [node, told(joules)]));
    const missing = new Map(['a', 'b'].flatMap((node) => (nodes.has(node) ? [] : [[node, 'not there']])));
    return { unixMilliseconds: now, nodes, missing };
  }
}

function setUp() {
  const time = { now: 0 };
  const [best, second] = [new Source(time), new Source(time)];
  const switched: string[] = [];
  const counters = new CombinedCounters({
    sources: [
      { name: 'best', counters: best },
      { name: 'second', counters: second },
    ],
    names: () => ['a', 'b'],
    switched: (node, from, to) => void switched.push(`${node}: ${from} to ${to}`),
    patienceMilliseconds: 5 * MINUTE,
  });
  const reader = new EnergyReader(counters);
  return {
    best,
    second,
    switched,
    after: async (minutes: number) => {
      time.now += minutes * MINUTE;
      return await reader.read();
    },
  };
}

describe('several sources of energy', () => {
  test('the first that knows a node tells of it', async () => {
    const { best, second, after } = setUp();
    best.joules.set('a', 10);
    second.joules.set('a', 999);
    second.joules.set('b', 20);
    const { nodes, missing } = await after(0);
    assert.deepEqual([nodes.get('a')?.joules, nodes.get('b')?.joules, missing.size], [10, 20, 0]);
  });

  test('a short silence of a source is a missing reading, and no reason to change it', async () => {
    const { best, second, switched, after } = setUp();
    best.joules.set('a', 10);
    second.joules.set('a', 999);
    await after(0);
    best.joules.delete('a');
    assert.match((await after(1)).missing.get('a') ?? '', /^best: not there$/);
    best.joules.set('a', 30);
    assert.equal((await after(1)).nodes.get('a')?.joules, 30);
    assert.deepEqual(switched, []);
  });

  test('a long one is: missing once, told, and the sum goes on', async () => {
    const { best, second, switched, after } = setUp();
    best.joules.set('a', 10);
    second.joules.set('a', 999);
    await after(0);
    best.joules.delete('a');
    for (let minute = 1; minute <= 5; minute++) assert.match((await after(1)).missing.get('a') ?? '', /best/);
    second.joules.set('a', 1100);
    const changed = await after(1);
    assert.match(changed.missing.get('a') ?? '', /comes from second from now on, before from best/);
    second.joules.set('a', 1150);
    assert.equal((await after(1)).nodes.get('a')?.joules, 10 + 50);
    assert.deepEqual(switched, ['a: best to second']);
  });

  test('the better source is taken again after it has spoken for a while', async () => {
    const { best, second, switched, after } = setUp();
    second.joules.set('b', 100);
    await after(0);
    best.joules.set('b', 7);
    assert.equal((await after(1)).nodes.get('b')?.joules, 100);
    best.joules.delete('b');
    await after(3);
    best.joules.set('b', 8);
    await after(1);
    await after(3);
    assert.deepEqual(switched, []);
    assert.match((await after(3)).missing.get('b') ?? '', /from best from now on/);
    best.joules.set('b', 10);
    assert.equal((await after(1)).nodes.get('b')?.joules, 102);
    assert.deepEqual(switched, ['b: second to best']);
  });

  test('a break of the source is a break of the sum', async () => {
    const { best, after } = setUp();
    best.joules.set('a', 10);
    await after(0);
    best.epoch += 1;
    assert.equal((await after(1)).missing.get('a'), 'anew');
    best.joules.set('a', 12);
    assert.equal((await after(1)).nodes.get('a')?.joules, 12);
  });

  test('a node that nobody knows is missing with what each says', async () => {
    const { after } = setUp();
    assert.equal((await after(0)).missing.get('a'), 'best: not there; second: not there');
  });
});
