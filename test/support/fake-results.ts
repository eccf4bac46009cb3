import type { BenchmarkResults } from '../../src/evaluation/results.ts';
import { runPairing } from '../../src/evaluation/run-pairing.ts';
import { pairingsOf, policiesOf, type Suite } from '../../src/evaluation/suite.ts';
import { summarise } from '../../src/evaluation/summarise.ts';
import { openLaboratory } from './fake-laboratory.ts';

const small: Suite = {
  name: 'fake',
  cells: [
    { scenario: 'plain', load: 0.6, control: false, policies: [] },
    { scenario: 'asleep', load: 0.3, control: false, policies: ['late'] },
    { scenario: 'flat', load: 0.6, control: true, policies: [] },
  ],
  policies: ['base', 'saving', 'wasting'],
  baseline: 'base',
  clusters: 3,
  seeds: 1,
  seed: 5,
  offline: false,
};

/** Figures of a small suite on the fake engine. */
export function fakeResults(change: Partial<Suite> = {}): BenchmarkResults {
  const suite = { ...small, ...change };
  const laboratory = openLaboratory({ hardware: undefined });
  const records = pairingsOf(suite).flatMap((pairing) => [
    ...runPairing(laboratory, suite, pairing, policiesOf(suite, pairing.cell)),
  ]);
  return summarise({ suite, version: '1.2.3', hardware: undefined, records });
}
