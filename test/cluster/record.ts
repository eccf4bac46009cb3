// Started by `npm run test:cluster record`, in a private network: lets the real scheduler place some corpora and keeps
// what it did, so that `npm test` can compare without it.
import { Cleanups } from '../system/support/cleanups.ts';
import { randomCorpus } from './corpora/random-corpus.ts';
import { ControlPlane } from './support/control-plane.ts';
import { programHere } from './support/in-namespace.ts';
import { writeRecording } from './support/recording.ts';
import { createSurroundings, runCorpus } from './support/run-corpus.ts';

const CORPORA = 40;

const cleanups = new Cleanups();
try {
  const plane = await ControlPlane.start(programHere()!, cleanups);
  const { gitVersion } = (await plane.client.call('GET', '/version')) as { gitVersion: string };
  for (let seed = 1; seed <= CORPORA; seed++) {
    const corpus = randomCorpus(seed, { pods: 60 });
    await createSurroundings(plane, corpus);
    const acts = await runCorpus(plane, corpus);
    writeRecording(`corpus-${String(seed).padStart(2, '0')}.json.gz`, {
      kubernetes: gitVersion,
      corpus,
      acts,
    });
    process.stderr.write(`${corpus.name}: ${acts.flatMap(({ attempts }) => attempts).length} decisions\n`);
  }
} finally {
  cleanups.run();
}
