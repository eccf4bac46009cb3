import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  displayWidth,
  fit,
  joulesText,
  printable,
  sparkline,
  wattsText,
} from '../../../../src/cli/top/text.ts';

test('a name cannot steer the terminal', () => {
  assert.equal(printable('evil\x1b[2J\r\nname\u202e'), 'evil?[2J??name?');
});

test('wide characters take two columns and a cut never splits one', () => {
  assert.equal(displayWidth('日本'), 4);
  assert.equal(fit('日本語', 4), '日… ');
  assert.equal(fit('abc', 5, 'right'), '  abc');
});

test('what was fitted has exactly the width', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 40 }), (text, width) => {
      assert.equal(displayWidth(fit(printable(text), width)), width);
    }),
  );
});

test('an unknown power is a question mark, never a zero', () => {
  assert.equal(wattsText(null), '?');
  assert.equal(wattsText(0), '0.000');
  assert.equal(wattsText(12.345), '12.35');
  assert.equal(wattsText(123.45), '123.5');
});

test('joules keep a readable length', () => {
  assert.equal(joulesText(12.345), '12.35');
  assert.equal(joulesText(123_456), '123.5k');
  assert.equal(joulesText(123_456_789), '123.5M');
});

test('a sparkline runs from zero to the greatest and leaves holes', () => {
  assert.equal(sparkline([0, null, 5, 10]), '▁ ▅█');
  assert.equal(sparkline([0, 0]), '▁▁');
  assert.equal(sparkline([]), '');
});
