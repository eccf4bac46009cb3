import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import type { CommandContext, CommandSpec } from '../../../src/cli/command.ts';
import { explainCommand } from '../../../src/cli/specs/explain.ts';
import { pauseCommand, resumeCommand } from '../../../src/cli/specs/pause.ts';
import { ModelStore } from '../../../src/policy/learned/model-store.ts';
import { demoDecisions } from '../../support/demo-decisions.ts';
import { writeDemoLoops } from '../../support/demo-loops.ts';
import { openHistory } from '../../support/open-history.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function run(command: CommandSpec, options: Record<string, unknown>, args: readonly string[] = []) {
  const stdout = new PassThrough();
  const context: CommandContext = {
    stdout,
    stderr: new PassThrough(),
    stdin: process.stdin,
    env: {},
    signal: new AbortController().signal,
    options,
    args,
  };
  const status = await command.run(context);
  return { status, out: String(stdout.read() ?? '') };
}

function demo(t: TestContext): string {
  const { history, path } = openHistory(t);
  for (const decision of demoDecisions) history.record(decision);
  history.bound('5f1c', 'green-1');
  history.close();
  return path;
}

test('a decision is told with joules per term, the other nodes, and the rule that it beat', async (t) => {
  const { out } = await run(explainCommand, { db: demo(t), namespace: 'shop' }, ['web-7d9f']);
  assert.equal(
    out,
    `shop/web-7d9f: sent to green-1 by marginal-run-out, 2026-01-01T00:10:00Z
  runs on green-1, as decided
  held for 41 ms; 3 nodes could take it

                 green-1 (chosen)  green-2    old-1
  active-energy            5210 J   5333 J   8104 J
  idle-energy             812.0 J   1291 J   2100 J
  sum                      6022 J   6624 J  10204 J

kube-score would have chosen old-1: 4182 J more, as marginal-run-out predicts.
`,
  );
});

test('of what `auto` came to the reason is told that it had then', async (t) => {
  const db = demo(t);
  const { history, path } = openHistory(t);
  history.record({ ...demoDecisions[0]!, policy: 'auto:marginal-run-out' });
  history.close();
  const cluster = '0123456789abcdef';
  const policy = 'auto:marginal-run-out';
  const store = new ModelStore(join(path, '..', 'models'));
  store.note({ time: '2025-12-31T00:00:00Z', cluster, policy, reason: 'it won' });
  store.note({ time: '2026-01-02T00:00:00Z', cluster, policy, reason: 'it won again' });
  const { out } = await run(explainCommand, { db: path, namespace: 'shop' }, ['web-7d9f']);
  assert.match(out, /^ {2}by auto:marginal-run-out, since it won$/m);
  const said = await run(explainCommand, { db: path, json: true }, ['web-7d9f']);
  assert.equal(JSON.parse(said.out)[0].policyReason, 'it won');
  const named = await run(explainCommand, { db, json: true }, ['web-7d9f']);
  assert.equal(JSON.parse(named.out)[0].policyReason, null);
});

test('a rule that failed is named with the one that decided in its place', async (t) => {
  const { out } = await run(explainCommand, { db: demo(t) }, ['shop/db-0']);
  assert.match(out, /sent to green-2 by kube-score/);
  assert.match(out, /instead of marginal-run-out, which failed: .*out of range/);
});

test('a pod that was freed is told why', async (t) => {
  const { out } = await run(explainCommand, { db: demo(t) }, ['batch-x2x4']);
  assert.match(out, /freed to the default scheduler as it was/);
  assert.match(out, /because: no node could take it then/);
});

test('a Job is asked for as kubectl names it', async (t) => {
  const { history, path: db } = openHistory(t);
  history.record({ ...demoDecisions[0]!, pod: 'job/report', uid: 'j1', node: 'green-1,green-2' });
  history.close();
  for (const [name, options] of [
    ['job/report', {}],
    ['job/report', { namespace: 'shop' }],
    ['shop/job/report', {}],
  ] as const)
    assert.match(
      (await run(explainCommand, { db, ...options }, [name])).out,
      /^shop\/job\/report: sent to green-1,green-2 by marginal-run-out/,
    );
  await assert.rejects(run(explainCommand, { db }, ['job/']), { code: 'KISIM_E_USAGE' });
});

test('--json has every term of every node', async (t) => {
  const { out } = await run(explainCommand, { db: demo(t), json: true }, ['web-7d9f']);
  const [decision] = JSON.parse(out);
  assert.deepEqual(decision.cost, { amount: 6022.4, unit: 'J' });
  assert.equal(decision.reference.policy, 'kube-score');
  assert.equal(decision.others.length, 2);
  assert.equal(decision.bound, 'green-1');
  assert.equal(decision.reason, null);
});

test('a pod that nobody decided on, and a name that is none, are refused', async (t) => {
  const db = demo(t);
  const options = { db };
  await assert.rejects(run(explainCommand, options, ['web-0']), { code: 'KISIM_E_CLI_NO_DECISION' });
  await assert.rejects(run(explainCommand, { db, namespace: 'other' }, ['web-7d9f']), {
    code: 'KISIM_E_CLI_NO_DECISION',
  });
  await assert.rejects(run(explainCommand, options, ['a/b/c']), { code: 'KISIM_E_USAGE' });
  await assert.rejects(run(explainCommand, { db, namespace: 'x' }, ['shop/db-0']), { code: 'KISIM_E_USAGE' });
  await assert.rejects(run(explainCommand, { db, last: 'many' }, ['db-0']), { code: 'KISIM_E_USAGE' });
});

test('replicas of a Deployment are told with what the policy saw', async (t) => {
  const { history, path: db } = openHistory(t);
  writeDemoLoops(history);
  history.close();
  const { out } = await run(explainCommand, { db, last: '2' }, ['deployment/web']);
  assert.equal(
    out,
    `shop/web: kept at 4 replicas by hpa, 2026-01-01T00:20:30Z
  because: within 10 % of the target
  backend cpu; 3 of its pods served

  seen:
    latencyP95Milliseconds  412.5 ms
    throughputPerSecond     88.2 1/s

shop/web: scaled from 2 to 4 replicas by hpa, 2026-01-01T00:20:00Z
  because: cpu at 140 % of 70 %
  backend cpu; 2 of its pods served

  seen:
    latencyP95Milliseconds  412.5 ms
    throughputPerSecond     88.2 1/s
`,
  );
  const json = await run(explainCommand, { db, json: true }, ['shop/deployment/web']);
  const [row] = JSON.parse(json.out);
  assert.deepEqual([row.kind, row.deployment, row.outcome, row.seen.length], ['scaling', 'web', 'kept', 2]);
});

test('a job of a queue is told with those that it was taken before', async (t) => {
  const { history, path: db } = openHistory(t);
  writeDemoLoops(history);
  history.record({ ...demoDecisions[0]!, namespace: 'team', pod: 'job/report', uid: '90ee' });
  history.close();
  const { out } = await run(explainCommand, { db, last: '2' }, ['team/job/report']);
  const [admission, placement] = out.split('\n\nteam/job/report: sent');
  assert.match(
    admission ?? '',
    /^team\/job\/report: admitted to green-1 by easy, .*\n {2}waited for 61.5 s; 3 in the queue with it\n {2}before 1 that had come earlier, team\/train the first of them/,
  );
  assert.match(placement ?? '', /^ to green-1 by marginal-run-out/);
  const workload = await run(explainCommand, { db, namespace: 'team' }, ['workload/job-train-4f1c']);
  assert.match(workload.out, /sent back to its queue by easy.*\n {2}because: no node has room/);
  await assert.rejects(run(explainCommand, { db }, ['deployment/none']), {
    code: 'KISIM_E_CLI_NO_DECISION',
    found: `deployment/none in ${db}`,
  });
});

test('pause makes the file and resume takes it away', async (t) => {
  const folder = temporaryFolder(t);
  const options = { set: [`history.path=${join(folder, 'energy.db')}`], reason: 'node swap' };
  const file = join(folder, 'paused');
  const paused = await run(pauseCommand, options);
  assert.equal(paused.status, 0);
  assert.equal(readFileSync(file, 'utf8'), 'node swap\n');
  const resumed = await run(resumeCommand, options);
  assert.match(resumed.out, /was paused: node swap/);
  assert.ok(!existsSync(file));
  const again = await run(resumeCommand, { ...options, json: true });
  assert.deepEqual(JSON.parse(again.out), { paused: false, file, wasPaused: false });
});

test('a pause file that cannot be written is a coded error', async (t) => {
  const file = join(temporaryFolder(t), 'folder');
  mkdirSync(file);
  await assert.rejects(run(pauseCommand, { file }), { code: 'KISIM_E_CONTROLLER_PAUSE_FILE' });
  await assert.rejects(run(resumeCommand, { file }), { code: 'KISIM_E_CONTROLLER_PAUSE_FILE' });
});
