import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  placementTerms,
  TERM,
  TERM_COUNT,
  WAIT_TERM,
  WAIT_TERM_COUNT,
  waitTerms,
} from '../../../../src/policy/energy/term-table.ts';

const kebab = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

test('every placement term is described at its position, under its name', () => {
  assert.equal(placementTerms.length, TERM_COUNT);
  assert.deepEqual(
    placementTerms.map(({ name }) => name),
    Object.keys(TERM)
      .map(kebab)
      .map((name) => name.replace('above70', 'above-70')),
  );
  assert.deepEqual(
    Object.values(TERM),
    placementTerms.map((_, position) => position),
  );
});

test('every wait term likewise', () => {
  assert.equal(waitTerms.length, WAIT_TERM_COUNT);
  assert.deepEqual(
    waitTerms.map(({ name }) => name),
    Object.keys(WAIT_TERM).map(kebab),
  );
  assert.deepEqual(
    Object.values(WAIT_TERM),
    waitTerms.map((_, position) => position),
  );
});
