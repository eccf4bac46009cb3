import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cleanups } from '../system/support/cleanups.ts';
import type { Corpus } from './corpora/corpus.ts';
import { randomCorpus } from './corpora/random-corpus.ts';
import { ControlPlane } from './support/control-plane.ts';
import { outsideNamespace, programHere } from './support/in-namespace.ts';
import { replay } from './support/replay.ts';
import { type Act, createSurroundings, runCorpus } from './support/run-corpus.ts';
import { type SmallCase, shrink } from './support/shrink.ts';

/** Of the benchmark's many these few are for every change; others than those of the golden files. */
const SEEDS = Array.from({ length: 12 }, (_, i) => 501 + i);

describe('the exact default scheduler beside the real one', { skip: outsideNamespace }, () => {
  const cleanups = new Cleanups();
  let plane: ControlPlane;
  let last: { corpus: Corpus; acts: readonly Act[] } | undefined;

  before(async () => {
    plane = await ControlPlane.start(programHere()!, cleanups);
  });
  after(() => cleanups.run());

  for (const seed of SEEDS) {
    test(`corpus ${seed}: every pod goes where it goes there, by the same scores`, async (t) => {
      const corpus = randomCorpus(seed, { pods: 60 });
      await createSurroundings(plane, corpus);
      const acts = await runCorpus(plane, corpus);
      last = { corpus, acts };
      const { pods, decisions, scores, ties, differences } = replay(corpus, acts);
      t.diagnostic(
        `${corpus.nodes.length} nodes, ${pods} pods, ${decisions} decisions, ${scores} scores, ${ties} ties`,
      );
      const [first] = differences;
      if (first === undefined) return;
      const small = await shrink(plane, corpus, acts, differences);
      assert.fail(
        `${differences.length} differences; the first: ${first.what} of ${first.pod}\nreal: ${first.real}\nours: ${first.ours}\n${keep(small)}`,
      );
    });
  }

  test('differences would be seen: with the nodes in another order there are some', () => {
    assert(last !== undefined);
    assert(replay(last.corpus, last.acts, 'reversed').differences.length > 0);
  });
});

/** Where a person finds the small case. */
function keep(small: SmallCase | undefined): string {
  if (small === undefined) return 'in a cluster with that pod alone to place there is no difference';
  const { corpus, difference } = small;
  const file = join(mkdtempSync(join(tmpdir(), 'kisimd-agreement-')), 'case.json');
  const items = [...corpus.surroundings, ...corpus.nodes, ...corpus.pods];
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 1));
  return `smallest case found, ${corpus.nodes.length} nodes and ${corpus.pods.length} pods, as manifests: ${file}\nreal: ${difference.real}\nours: ${difference.ours}`;
}
