import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import type { CommandContext } from '../../src/cli/command.ts';
import { runExperiment } from '../../src/cli/commands/experiment.ts';
import { TableCurve } from '../../src/power-model/table-curve.ts';
import { systemClock } from '../../src/util/clock.ts';
import { RandomStream } from '../../src/util/rng.ts';
import type { Milliseconds } from '../../src/util/units.ts';
import { PlayedEnergy } from '../support/played-experiment.ts';
import {
  aloneOn,
  NODE_CPU_MILLI,
  POD_CPU_MILLI,
  type RunSpan,
  USED_SHARE,
  unequalNodes,
} from '../support/played-stream.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { ActingCluster } from './support/acting-cluster.ts';
import { outsideNamespace } from './support/in-namespace.ts';
import { PlayedKubelets } from './support/played-kubelets.ts';

/** Shorter than the wash-out: nothing is carried over. */
const LIFE: readonly [Milliseconds, Milliseconds] = [800, 2_200];
const BETWEEN_PODS: Milliseconds = 330;
const PERIOD_SECONDS = 8;
const PAIRS = 6;

/** What is looked at of `kisimd experiment --json`. */
interface Told {
  readonly says: string;
  readonly pairs: number;
  readonly difference: {
    readonly percent: number;
    readonly interval: { readonly low: number; readonly high: number };
  };
  readonly verdict: { readonly kind: string; readonly less?: string };
  readonly checks: { readonly carryOver: { readonly other: number } };
  readonly sides: readonly { readonly policy: string; readonly bound: { readonly count: number } }[];
}

describe('kisimd experiment on the real API server', { skip: outsideNamespace }, () => {
  const cleanups = new Cleanups();
  let cluster: ActingCluster;
  let energy: PlayedEnergy;
  let kubelets: PlayedKubelets;
  let folder: string;
  let runs = 0;

  before(async () => {
    cluster = await ActingCluster.start(cleanups);
    cluster.plane.startScheduler().output.resume();
    await cluster.node('n4');
    folder = cluster.plane.folder;
    const rows = unequalNodes.map(
      ({ name, watts }) => `  - match: {name: ${name}}\n    power: {curve: [${watts.join(', ')}]}\n`,
    );
    writeFileSync(join(folder, 'nodes.yaml'), `nodes:\n${rows.join('')}`);
    energy = new PlayedEnergy(systemClock);
    for (const { name, watts } of unequalNodes)
      energy.add(name, NODE_CPU_MILLI, new TableCurve(watts, 'synthetic'));
    const random = new RandomStream(1);
    kubelets = new PlayedKubelets(
      {
        api: cluster.admin,
        energy,
        lifeMilliseconds: () => random.uniform(...LIFE),
        usedMilli: POD_CPU_MILLI * USED_SHARE,
      },
      cleanups,
    );
  });
  after(() => cleanups.run());

  /** Pods one after the other, until what is returned is called. */
  function stream(): () => void {
    const resources = { requests: { cpu: `${POD_CPU_MILLI}m`, memory: '128Mi' } };
    const containers = [{ name: 'main', image: 'registry.example/base:1', resources }];
    const timer = setInterval(() => {
      cluster.pod({ containers }).catch((error: unknown) => {
        kubelets.failure ??= error;
      });
    }, BETWEEN_PODS);
    return () => clearInterval(timer);
  }

  /** The command as it is typed, but for the joules, which are played. */
  async function experiment(a: string, b: string, seed: number) {
    const out = join(folder, `experiment-${runs++}`);
    const ran = kubelets.ran.length;
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const texts = { out: '', err: '' };
    stdout.on('data', (chunk) => {
      texts.out += String(chunk);
    });
    stderr.on('data', (chunk) => {
      texts.err += String(chunk);
    });
    const set = [
      `kubernetes.kubeconfig=${join(folder, 'kisimd.kubeconfig')}`,
      'kubernetes.pod-use=off',
      `history.path=${join(folder, 'energy.db')}`,
      `placement.node-table=${join(folder, 'nodes.yaml')}`,
    ];
    const hours = (2 * PAIRS * PERIOD_SECONDS) / 3600;
    const options = {
      a,
      b,
      seed,
      out,
      set,
      hours,
      period: `${PERIOD_SECONDS}s`,
      washOut: '2500ms',
      json: true,
    };
    const context = {
      stdout,
      stderr,
      stdin: process.stdin,
      env: {},
      signal: new AbortController().signal,
      options,
      args: [],
    } as CommandContext;
    const stop = stream();
    let status: number;
    try {
      status = await runExperiment(context, { energy });
    } finally {
      stop();
    }
    assert.equal(kubelets.failure, undefined);
    const spans: readonly RunSpan[] = kubelets.ran.slice(ran);
    return { status, told: JSON.parse(texts.out) as Told, err: texts.err, out, spans };
  }

  /** What holds in nineteen of twenty experiments is no fault until it fails twice. */
  async function twice(attempt: () => Promise<string | undefined>): Promise<void> {
    const first = await attempt();
    if (first === undefined) return;
    const second = await attempt();
    assert.equal(second, undefined, `first ${first}; then ${second}`);
  }

  test('finds the true difference between round robin and least marginal power', async (t) => {
    await twice(async () => {
      const { status, told, err, out, spans } = await experiment('round-robin', 'marginal-power', 20);
      const report = readFileSync(join(out, 'report.txt'), 'utf8');
      t.diagnostic(told.says);
      assert.equal(status, 0, `${report}\n${err}`);
      assert.deepEqual(
        [told.verdict.kind, told.verdict.less, told.pairs],
        ['difference', 'b', PAIRS],
        report,
      );
      assert(told.checks.carryOver.other < 0.02, report);
      assert.match(readFileSync(join(out, 'periods.svg'), 'utf8'), /^<svg/);
      // Both policies alone, over the pods as they ran, on the same curves.
      const [a, b] = ['round-robin', 'marginal-power'].map((policy) => aloneOn(unequalNodes, policy, spans));
      const truth = 100 * (a! / b! - 1);
      const { low, high } = told.difference.interval;
      const says = `truth ${truth.toFixed(2)} %, interval ${low.toFixed(2)} to ${high.toFixed(2)} %`;
      t.diagnostic(says);
      assert(truth > 20, `the curves make a difference: ${says}`);
      return low <= truth && truth <= high ? undefined : `${says}\n${report}`;
    });
  });

  test('keeps the policy of its period with every decision', () => {
    const db = new Database(join(folder, 'energy.db'), { readonly: true });
    const rows = db
      .prepare("SELECT policy, count(*) AS count FROM decisions WHERE outcome = 'placed' GROUP BY policy")
      .all() as { policy: string; count: number }[];
    db.close();
    assert.deepEqual(rows.map(({ policy }) => policy).sort(), ['marginal-power', 'round-robin']);
    for (const { policy, count } of rows) assert(count > 50, `${policy}: ${count}`);
  });

  test('finds none between the scheduler of the cluster and itself', async (t) => {
    await twice(async () => {
      const { status, told, err, out } = await experiment('default', 'default', 21);
      const report = readFileSync(join(out, 'report.txt'), 'utf8');
      t.diagnostic(told.says);
      assert.equal(status, 0, `${report}\n${err}`);
      for (const { bound } of told.sides) assert(bound.count > 50, report);
      return told.verdict.kind === 'none' ? undefined : report;
    });
  });
});
