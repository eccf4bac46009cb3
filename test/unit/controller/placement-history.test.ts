import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costOf } from '../../../src/history/decision-record.ts';
import { openHistoryReader } from '../../../src/history/reader.ts';
import { policyByName } from '../../../src/policy/registry.ts';
import { openHistory } from '../../support/open-history.ts';
import { pendingPod, playedPlacement } from '../../support/played-placement.ts';

test('what the loop decides can be read back from the history: joules per term, other nodes, the rule that it beat', async (t) => {
  const { history, path, rows } = openHistory(t);
  const { loop, pods, time, actor } = playedPlacement({
    policy: policyByName('marginal-run-out', { ties: 'first' }),
    reference: policyByName('kube-score', { ties: 'first' }),
    loop: { sink: history },
  });
  loop.start();
  pods.tell(pendingPod(0));
  await time.play(10);
  pods.settle('uid-0', 'node-2');
  history.flush();
  const reader = openHistoryReader(path);
  t.after(() => reader.close());
  const [decision] = reader.decisions({ pod: 'pod-0', namespace: 'shop', limit: 1 });
  assert.equal(decision?.node, 'node-2');
  assert.equal(decision?.node, actor.handed[0]?.node);
  assert.equal(decision?.bound, 'node-2');
  assert.deepEqual(decision?.others.map(({ node }) => node).sort(), ['node-0', 'node-1']);
  const chosen = costOf(decision!.terms)!;
  assert.equal(chosen.unit, 'J');
  for (const other of decision!.others) assert.ok(costOf(other.terms)!.amount >= chosen.amount);
  assert.equal(decision?.reference?.policy, 'kube-score');
  const [row] = rows<{ joules: number; saved_joules: number }>('select joules, saved_joules from decisions');
  assert.ok(row !== undefined && row.joules > 0 && row.saved_joules >= 0);
});
