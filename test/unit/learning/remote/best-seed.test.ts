import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestOf, outcomeOf } from '../../../../src/learning/remote/best-seed.ts';
import { parcelOf } from '../../../support/played-workers.ts';

test('the best is chosen by validation among those that passed the gate, the report aside', () => {
  const worse = parcelOf(4, -0.01);
  const best = parcelOf(5, -0.02);
  const refused = { card: { ...parcelOf(6, -0.5).card, accepted: false } };
  const lucky = { card: { ...worse.card, report: { ...worse.card.report, change: -0.9 } } };
  assert.equal(bestOf([refused, lucky, best]), best);
  assert.equal(bestOf([best, lucky, refused]), best);
});

test('the first is taken where none passed, and of equals', () => {
  const [one, two] = [parcelOf(4, 0.01), parcelOf(5, 0.001)];
  assert.equal(bestOf([one, two]), one);
  const [first, second] = [parcelOf(6, -0.01), parcelOf(7, -0.01)];
  assert.equal(bestOf([first, second]), first);
});

test('what a card tells of a seed has its own numbers', () => {
  const { card } = parcelOf(5, -0.02);
  assert.deepEqual(outcomeOf(card), {
    seed: 5,
    steps: 3,
    accepted: true,
    validation: { generation: 2, change: -0.02, upper: -0.01 },
    report: { change: -0.02, low: -0.04, high: -0.01, workloads: 40 },
    sha256: card.model.sha256,
  });
});
