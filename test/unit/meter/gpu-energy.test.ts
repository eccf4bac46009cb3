import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GpuCrossCheck } from '../../../src/meter/gpu-cross-check.ts';
import { GpuEnergyCounter } from '../../../src/meter/gpu-energy.ts';

const SECOND = 1e9;

test('a counter’s difference is the energy, in microjoules', () => {
  const counter = new GpuEnergyCounter(450);
  assert.equal(counter.step(1_000_000, 0).gap, 'first-reading');
  assert.deepEqual(counter.step(1_250_000, SECOND), {
    energyMicrojoules: 250e6,
    gap: undefined,
    intervalNanoseconds: SECOND,
  });
});

test('a driver loaded again is a negative jump and a new base', () => {
  const counter = new GpuEnergyCounter(450);
  counter.step(1_000_000, 0);
  assert.equal(counter.step(10, SECOND).gap, 'negative-jump');
  assert.equal(counter.step(100_010, 2 * SECOND).energyMicrojoules, 100e6);
});

test('an impossible difference is an absurd jump', () => {
  const counter = new GpuEnergyCounter(450);
  counter.step(0, 0);
  assert.equal(counter.step(1_000_000, SECOND).gap, 'absurd-jump');
  assert.equal(counter.step(1_300_000, 2 * SECOND).energyMicrojoules, 300e6);
});

test('two refreshes of a slow counter in one short interval are no fault', () => {
  // Read at 10 Hz, refreshed every 100 ms, 300 W at a limit of 300 W (ceiling 450 W).
  const counter = new GpuEnergyCounter(450);
  counter.step(0, 0);
  assert.equal(counter.step(60_000, 0.1 * SECOND).energyMicrojoules, 60e6);
});

test('after a failed read the next one holds the energy of both intervals', () => {
  const counter = new GpuEnergyCounter(450);
  counter.step(0, 0);
  assert.equal(counter.fail('unreadable', SECOND).gap, 'unreadable');
  const step = counter.step(200_000, 2 * SECOND);
  assert.equal(step.energyMicrojoules, 200e6);
  assert.equal(step.intervalNanoseconds, 2 * SECOND);
});

test('after a board was lost its counter has a new base', () => {
  const counter = new GpuEnergyCounter(450);
  counter.step(0, 0);
  counter.fail('vanished', SECOND);
  assert.equal(counter.step(900_000, 2 * SECOND).gap, 'first-reading');
});

test('counter and power are judged minute by minute (187 J against 327 J at idle was seen)', () => {
  const check = new GpuCrossCheck();
  for (let second = 1; second < 60; second += 1) {
    assert.equal(check.observe(187e6 / 60, 327e6 / 60, SECOND), undefined);
  }
  const verdict = check.observe(187e6 / 60, 327e6 / 60, SECOND);
  assert.equal(verdict?.agrees, false);
  assert.ok(Math.abs(verdict!.share - 140 / 327) < 1e-9);
  assert.ok(Math.abs(verdict!.counterWatts - 187 / 60) < 1e-9);
  assert.ok(Math.abs(verdict!.powerWatts - 327 / 60) < 1e-9);
});

test('up to 10 % is agreement, and so is nothing at all', () => {
  const minute = (counter: number, power: number) =>
    new GpuCrossCheck().observe(counter * 1e6, power * 1e6, 60 * SECOND)?.agrees;
  assert.equal(minute(100, 91), true);
  assert.equal(minute(91, 100), true);
  assert.equal(minute(89, 100), false);
  assert.equal(minute(100, 89), false);
  assert.equal(minute(0, 0), true);
  assert.equal(minute(0, 30), false);
});

test('an interval that lacks one of the two starts the minute again', () => {
  const check = new GpuCrossCheck();
  check.observe(1e6, 500e6, 59 * SECOND);
  assert.equal(check.observe(undefined, 1e6, SECOND), undefined);
  assert.equal(check.observe(1e6, 1e6, 59 * SECOND), undefined);
  assert.equal(check.observe(1e6, 1e6, SECOND)?.agrees, true);
});
