import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressLine } from '../../../src/cli/progress-line.ts';
import { fakeHost } from './fake-host.ts';

/** A line on a clock that is set by hand. */
function line(isTTY: boolean) {
  const host = fakeHost();
  const time = { now: 0 };
  const stderr = Object.assign(host.stderr, { isTTY });
  return { progress: new ProgressLine(stderr, () => time.now), time, err: () => host.err() };
}

test('elsewhere than on a terminal it says a line every five seconds, and the last one all the same', () => {
  const { progress, time, err } = line(false);
  progress.say('one');
  time.now = 4999;
  progress.say('two');
  time.now = 5000;
  progress.say('three');
  progress.say('last', true);
  progress.end();
  assert.equal(err(), 'one\nthree\nlast\n');
});

test('on a terminal it writes over its line, and takes it away at the end', () => {
  const { progress, time, err } = line(true);
  progress.say('one');
  time.now = 200;
  progress.say('two');
  progress.end();
  assert.equal(err(), '\r\x1b[Kone\r\x1b[Ktwo\r\x1b[K');
});

test('a count tells its rate and the time that is left', () => {
  const { progress, time, err } = line(false);
  time.now = 10_000;
  progress.count(50, 200, 'runs', ', all well');
  assert.equal(err(), '50 of 200 runs, 5/s, all well, 30 s left\n');
});
