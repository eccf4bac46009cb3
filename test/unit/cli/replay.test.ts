import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { replayCommand } from '../../../src/cli/specs/replay.ts';
import { openHistory } from '../../support/open-history.ts';
import { anywhere, FROM } from '../../support/replayed-history.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const HOUR = 3_600_000;

async function run(options: Record<string, unknown>) {
  const stdout = new PassThrough();
  const status = await replayCommand.run({
    stdout,
    stderr: new PassThrough(),
    stdin: process.stdin,
    env: {},
    signal: new AbortController().signal,
    options,
    args: [],
  });
  return { status, out: String(stdout.read() ?? '') };
}

/**
 * An hour of two nodes with idle 100 and 50 W and 25 and 5 W a core: a pod of two cores on the first for half an hour,
 * metered with so much more than the model has.
 */
function written(t: TestContext, meteredShare = 1): string {
  const { history, path } = openHistory(t);
  history.clusterWatched({ fromUnixMilliseconds: FROM, toUnixMilliseconds: FROM + HOUR });
  for (const [node, idle, full] of [
    ['old', 100, 200],
    ['young', 50, 70],
  ] as const) {
    for (const at of [FROM, FROM + HOUR])
      history.nodeSeen({
        node,
        unixMilliseconds: at,
        cpuMilli: 4000,
        memoryBytes: 1e6,
        labels: {},
        description: { pods: 110, power: { provenance: 'published', watts: [idle, full] } },
      });
    for (let minute = 0; minute < 60; minute++) {
      const watts = idle + (node === 'old' && minute >= 10 && minute < 40 ? 50 : 0);
      history.nodeEnergy({
        node,
        unixSeconds: FROM / 1000 + 60 * minute,
        microjoules: watts * 60e6 * meteredShare,
        source: 'metered',
        coveredMilliseconds: 60_000,
      });
    }
  }
  const pod = {
    uid: 'a',
    namespace: 'shop',
    pod: 'web',
    owner: 'ReplicaSet',
    placeable: true,
    createdUnixMilliseconds: FROM + HOUR / 6,
    cpuMilli: 2000,
    memoryBytes: 1000,
    slackSeconds: 0,
  };
  history.podRun({ ...pod, scheduling: anywhere });
  history.podRun({ ...pod, node: 'old', boundUnixMilliseconds: FROM + HOUR / 6 });
  history.podRun({ ...pod, endedUnixMilliseconds: FROM + (2 * HOUR) / 3 });
  history.close();
  return path;
}

const usual = { days: String(1 / 24), policies: 'marginal-power,round-robin' };

test('energy and waits by rule against how it was, and the model against the meter', async (t) => {
  const { out, status } = await run({ db: written(t), ...usual });
  assert.equal(status, 0);
  assert.equal(
    out,
    `replay   2027-01-15T08:00:00Z to 2027-01-15T09:00:00Z: 1 hours of 1 hours asked for
cluster  live, 2 nodes; power curves: 2 published
pods     1: 1 placed anew, 0 stay where they ran (0 of them because what they ask of nodes is not known)
         0 ran at the beginning; 0 ended unseen
use      metered of 0 pods; of the others 100.0 % of their request is assumed
model    0.175 kWh where 0.175 kWh were counted (2 of 2 nodes, 100.0 % of the time, metered): +0.0 %

                   energy      saved          mean wait  95 % below     work
as it was       0.175 kWh                         0.0 s       0.0 s
marginal-power  0.155 kWh  0.020 kWh  11.4 %      0.0 s       0.0 s  100.0 %
round-robin     0.175 kWh  0.000 kWh   0.0 %      0.0 s       0.0 s  100.0 %

Energies are modelled, that of "as it was" too; waits of the rules leave out the loop itself.
`,
  );
});

test('--json has the same figures', async (t) => {
  const { out } = await run({ db: written(t, 0.91), ...usual, json: true });
  const { rules, calibration, asItWas, pods, nodes } = JSON.parse(out);
  assert.deepEqual(nodes, ['old', 'young']);
  assert.equal(pods.placeable, 1);
  assert.ok(Math.abs(asItWas.joules - 630_000) < 30);
  assert.ok(Math.abs(calibration.error.share - (1 / 0.91 - 1)) < 1e-6);
  assert.deepEqual(
    rules.map(({ policy, isTold, isComparable }: Record<string, unknown>) => [policy, isTold, isComparable]),
    [
      ['marginal-power', true, true],
      ['round-robin', false, true],
    ],
  );
});

test('a difference that is smaller than what the model is wrong by is said to say nothing', async (t) => {
  const { out } = await run({ db: written(t, 0.8), ...usual });
  assert.match(out, /metered\): \+25\.0 %/);
  assert.match(
    out,
    /wrong by 0\.035 kWh, which is more than the difference of marginal-power: that says nothing/,
  );
});

test('a table of nodes replaces what the history knows of their power', async (t) => {
  const table = join(temporaryFolder(t), 'nodes.yaml');
  writeFileSync(table, 'nodes: [{match: {name: "*"}, power: {curve: [10, 20]}}]');
  const { out } = await run({ db: written(t), ...usual, nodeTable: table, json: true });
  const { rules, curves } = JSON.parse(out);
  assert.deepEqual(curves, { measured: 2 });
  assert.ok(Math.abs(rules[0].savedJoules) < 1e-6);
});

test('--svg and --plot draw what was metered, what is modelled and each rule', async (t) => {
  const svg = join(temporaryFolder(t), 'plot.svg');
  const { out } = await run({ db: written(t), ...usual, svg, plot: true });
  assert.match(out, /as it was, metered/);
  assert.match(out, /as it was, modelled/);
  assert.match(out, /marginal-power/);
  assert.match(readFileSync(svg, 'utf8'), /^<svg/);
});

test('a history that is too short, has another cluster or nothing at all is refused with what to do', async (t) => {
  const path = written(t);
  await assert.rejects(run({ db: path, days: '7' }), {
    code: 'KISIM_E_REPLAY_SHORT',
    action: 'ask for that stretch: --days 0.041 --until 2027-01-15T09:00:00',
  });
  await assert.rejects(run({ db: path, cluster: 'simulated' }), { code: 'KISIM_E_REPLAY_NOTHING' });
  const { history, path: empty } = openHistory(t);
  history.close();
  await assert.rejects(run({ db: empty }), { code: 'KISIM_E_REPLAY_NOTHING' });
});

test('options that are none are refused by name', async (t) => {
  const db = written(t);
  for (const [options, text] of [
    [{ days: '0' }, /--days 0/],
    [{ days: 'week' }, /--days week/],
    [{ use: '-1' }, /--use -1/],
    [{ policies: 'a,,b' }, /--policies a,,b/],
    [{ cluster: 'other' }, /--cluster other/],
    [{ json: true, plot: true }, /--plot together with --json/],
  ] as const)
    await assert.rejects(async () => run({ db, ...options }), { code: 'KISIM_E_USAGE', message: text });
  await assert.rejects(run({ db, policies: 'guess' }), { code: 'KISIM_E_POLICY_UNKNOWN' });
});
