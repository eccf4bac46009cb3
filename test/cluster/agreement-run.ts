// Started in a private network: `agreement-run.ts FIRST_SEED CORPORA PODS` compares that many corpora, and more until
// there are PODS pods, with the real scheduler; a line of JSON each.
import { Cleanups } from '../system/support/cleanups.ts';
import { countFeatures } from './corpora/features.ts';
import { randomCorpus } from './corpora/random-corpus.ts';
import type { AgreementLine } from './support/agreement-report.ts';
import { ControlPlane } from './support/control-plane.ts';
import { programHere } from './support/in-namespace.ts';
import { replay } from './support/replay.ts';
import { createSurroundings, runCorpus } from './support/run-corpus.ts';

const [firstSeed = 1, corpora = 1, wantedPods = 1] = process.argv.slice(2).map(Number);

async function compare(plane: ControlPlane, seed: number): Promise<AgreementLine> {
  const corpus = randomCorpus(seed);
  await createSurroundings(plane, corpus);
  const acts = await runCorpus(plane, corpus);
  const attempts = acts.flatMap((act) => act.attempts);
  const { pods, equalPods, sameNodePods, decisions, scores, ties, differences } = replay(corpus, acts);
  const features = new Map<string, number>();
  countFeatures(corpus, features);
  return {
    seed,
    nodes: corpus.nodes.length,
    pods,
    equalPods,
    sameNodePods,
    sameNodePodsReversed: replay(corpus, acts, 'reversed').sameNodePods,
    decisions,
    bound: attempts.filter(({ outcome }) => outcome === 'bound').length,
    scores,
    ties,
    sampled: attempts.filter(({ evaluated }) => evaluated !== undefined && evaluated < corpus.nodes.length)
      .length,
    features: Object.fromEntries(features),
    differences: differences.map(
      ({ act, attempt, pod, what, real, ours }) =>
        `seed ${seed}, act ${act}, attempt ${attempt}, ${pod}, ${what}: real ${real}; ours ${ours}`,
    ),
  };
}

const cleanups = new Cleanups();
try {
  const plane = await ControlPlane.start(programHere()!, cleanups);
  let pods = 0;
  for (let i = 0; i < corpora || pods < wantedPods; i++) {
    const line = await compare(plane, firstSeed + i);
    pods += line.pods;
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
} finally {
  cleanups.run();
}
