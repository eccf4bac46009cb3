import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DeadlineKeeper } from '../../../src/controller/deadline-keeper.ts';
import { PlayedTime } from '../../support/played-time.ts';

test('each key is called once, at its time, with one timer in all', async () => {
  const time = new PlayedTime();
  const called: [string, number][] = [];
  const keeper = new DeadlineKeeper(time, (key) => void called.push([key, time.now]));
  keeper.set('b', 200);
  keeper.set('a', 100);
  keeper.set('c', 300);
  assert.equal(time.timers, 1);
  await time.play(1000);
  assert.deepEqual(called, [
    ['a', 100],
    ['b', 200],
    ['c', 300],
  ]);
  assert.equal(time.timers, 0);
});

test('a key may be given another time, and be taken back', async () => {
  const time = new PlayedTime();
  const called: [string, number][] = [];
  const keeper = new DeadlineKeeper(time, (key) => void called.push([key, time.now]));
  keeper.set('a', 100);
  keeper.set('a', 300);
  keeper.set('b', 200);
  keeper.clear('b');
  keeper.clear('b');
  await time.play(1000);
  assert.deepEqual(called, [['a', 300]]);
});

test('what is called may set keys again, and what throws does not lose the others', async () => {
  const time = new PlayedTime();
  const called: string[] = [];
  const keeper = new DeadlineKeeper(time, (key) => {
    called.push(key);
    if (key === 'again' && called.length < 3) keeper.set('again', time.now + 10);
    if (key === 'bad') throw new Error('bad');
  });
  keeper.set('again', 10);
  await time.play(50);
  assert.deepEqual(called, ['again', 'again', 'again']);
  keeper.set('bad', 60);
  keeper.set('good', 60);
  await assert.rejects(time.play(50), /bad/);
  await time.play(50);
  assert.equal(called.at(-1), 'good');
});

test('a time beyond what a timer can hold is kept too', async () => {
  const time = new PlayedTime();
  const called: number[] = [];
  const keeper = new DeadlineKeeper(time, () => void called.push(time.now));
  keeper.set('far', 2 ** 33);
  await time.play(2 ** 34);
  assert.deepEqual(called, [2 ** 33]);
});

test('keys are called in the order of their times, whatever is set and cleared', async () => {
  const operation = fc.record({
    key: fc.integer({ min: 0, max: 40 }),
    at: fc.integer({ min: 0, max: 500 }),
    set: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 300 }), async (operations) => {
      const time = new PlayedTime();
      const called: [string, number][] = [];
      const keeper = new DeadlineKeeper(time, (key) => void called.push([key, time.now]));
      const expected = new Map<string, number>();
      for (const { key, at, set } of operations) {
        if (set) {
          keeper.set(`${key}`, at);
          expected.set(`${key}`, at);
        } else {
          keeper.clear(`${key}`);
          expected.delete(`${key}`);
        }
      }
      assert.equal(keeper.size, expected.size);
      await time.play(600);
      assert.deepEqual(new Map(called), expected);
      assert.equal(called.length, expected.size);
    }),
  );
});
