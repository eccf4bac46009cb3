import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placementLines } from '../../../../src/cli/top/placement-lines.ts';
import { liveView, simulatedView } from '../../../support/placement-views.ts';

test('decisions, energy and savings of a simulated cluster are called simulated', () => {
  assert.deepEqual(placementLines(simulatedView()), [
    'placement  SIMULATED cluster, nothing of it is real: 12 nodes, 32 pods; efficiency-first: 69 placed, 1 freed, 0 at the gate',
    '  10:21:07  simulated/build-1x3-17 -> sim-epyc4-1, 412.40 J predicted; round-robin: sim-haswell-2, 1903 J predicted',
    "  10:21:03  simulated/report-1x3-16  freed: no-node, the cluster's scheduler decides",
    '  energy so far, simulated, 4 min 20 s: efficiency-first 182.0k J, round-robin 251.0k J, kube-scheduler 231.0k J',
    '  saved so far, simulated: 27.5 % against round-robin, 21.2 % against kube-scheduler, with the same pods on the same nodes; nothing real was saved',
  ]);
});

test('a live cluster is told by its server and has no simulated lines', () => {
  const lines = placementLines(liveView({ held: 3 }));
  assert.match(
    lines[0]!,
    /^placement {2}https:\/\/10\.0\.0\.1:6443 \(minikube\): 12 nodes, 32 pods, leading; .* 3 at the gate$/,
  );
  assert.equal(lines.length, 3);
  assert.doesNotMatch(lines[0]!, /simulated/i);
});

test('a saving is not told of pods that more than one policy has placed', () => {
  const last = placementLines(simulatedView({}, { isOnePolicy: false })).at(-1)!;
  assert.match(last, /not told, since more than one policy/);
});

test('a loss is a loss', () => {
  const placed = { policy: 'round-robin', joules: 300_000, activeJoules: 1, watts: 1 };
  assert.match(placementLines(simulatedView({}, { placed })).at(-1)!, /-19\.5 % against round-robin/);
});

test('a pause, a trouble and a mode that writes nothing are told', () => {
  const [head] = placementLines(
    liveView({ paused: 'maintenance', trouble: 'pods: 403\u001b[2J', mode: 'shadow', observed: 7 }),
  );
  assert.match(head!, /PAUSED: maintenance/);
  assert.match(head!, /TROUBLE: pods: 403\?\[2J/);
  assert.match(head!, /7 decided, nothing written \(shadow\)/);
});

test('a reference with the same node is said in a word, and an unknown price not at all', () => {
  const [decision] = simulatedView().recent;
  const reference = { ...decision!.reference!, node: decision!.node! };
  const same = placementLines(liveView({ recent: [{ ...decision!, predictedJoules: null, reference }] }));
  assert.match(same[1]!, /-> sim-epyc4-1; round-robin: the same node$/);
});

test('of what `auto` came to the reason is told', () => {
  const lines = placementLines(simulatedView({ policy: 'auto:best-fit', policyReason: 'it won' }));
  assert.equal(lines[1], '  auto:best-fit, since it won');
});
