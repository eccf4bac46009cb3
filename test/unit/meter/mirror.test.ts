import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MirrorWatch } from '../../../src/meter/mirror.ts';

const RANGE = 65_532_610_987;
const watch = () => new MirrorWatch(500, RANGE);
const pair = (first: number, second: number, skewNanoseconds = 20_000) => ({
  first,
  second,
  skewNanoseconds,
});

function confirmed(): MirrorWatch {
  const made = watch();
  for (const reading of [10e6, 20e6, 30e6, 40e6]) made.observe(pair(reading, reading));
  assert.equal(made.state, 'confirmed');
  return made;
}

test('before the first pair nothing is said', () => {
  assert.equal(watch().state, 'unseen');
});

test('equal readings that do not advance never confirm', () => {
  const still = watch();
  for (let step = 0; step < 10; step += 1) still.observe(pair(5e6, 5e6));
  assert.equal(still.state, 'suspected');
});

test('a difference of less than one refresh asks for another look, and ends the suspicion if that differs too', () => {
  const close = watch();
  close.observe(pair(10e6, 10e6));
  assert.equal(close.observe(pair(20e6, 20.1e6)), true);
  assert.equal(close.state, 'suspected');
  close.differ();
  assert.equal(close.state, 'distinct');
});

test('once certain, a difference of less than one refresh changes nothing', () => {
  const certain = confirmed();
  assert.equal(certain.observe(pair(50e6, 50.1e6)), false);
  certain.differ();
  assert.equal(certain.state, 'confirmed');
});

test('a difference that no refresh explains ends it for good, certain or not', () => {
  const certain = confirmed();
  certain.observe(pair(50e6, 90e6));
  assert.equal(certain.state, 'distinct');
  certain.observe(pair(60e6, 60e6));
  assert.equal(certain.state, 'distinct');
});

test('one of the two having wrapped a moment before the other is no difference', () => {
  const certain = confirmed();
  certain.observe(pair(RANGE - 30_000, 50_000));
  assert.equal(certain.state, 'confirmed');
});
