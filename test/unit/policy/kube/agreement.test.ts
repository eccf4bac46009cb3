import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRecording, recordingNames } from '../../../cluster/support/recording.ts';
import { replay } from '../../../cluster/support/replay.ts';

/** What the real kube-scheduler decided, recorded by `npm run test:cluster record`. */
const names = recordingNames();

test('there are recordings of the real scheduler', () =>
  assert(names.length >= 30, `${names.length} recordings`));

for (const name of names) {
  test(`${name}: every pod goes where the real scheduler put it, by the same scores`, () => {
    const { corpus, acts } = readRecording(name);
    const { decisions, differences } = replay(corpus, acts);
    assert(decisions > 0);
    assert.deepEqual(differences.slice(0, 3), []);
  });
}

test('a scheduler that meets the nodes in another order would be found out', () => {
  const differing = names.filter((name) => {
    const { corpus, acts } = readRecording(name);
    return replay(corpus, acts, 'reversed').differences.length > 0;
  });
  assert(differing.length > names.length / 2, `${differing.length} of ${names.length}`);
});
