import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import type { CommandContext } from '../../../../src/cli/command.ts';
import { runExperiment } from '../../../../src/cli/commands/experiment.ts';
import { readExperimentOptions } from '../../../../src/cli/experiment/options.ts';
import { experimentPlot } from '../../../../src/cli/experiment/plot.ts';
import { ExperimentProgressReport, progressLine } from '../../../../src/cli/experiment/progress.ts';
import { experimentJson } from '../../../../src/cli/experiment/result-json.ts';
import { ExperimentJournal } from '../../../../src/daemon/experiment/journal.ts';
import type { ExperimentProgress } from '../../../../src/daemon/experiment/runner.ts';
import { analyse } from '../../../../src/evaluation/switchback/analysis.ts';
import { sampleSecondsOf } from '../../../../src/evaluation/switchback/measure.ts';
import { type SwitchbackPlan, scheduleOf } from '../../../../src/evaluation/switchback/plan.ts';
import { renderSvgPlot } from '../../../../src/export/plot/svg-plot.ts';
import { renderTerminalPlot } from '../../../../src/export/plot/terminal-plot.ts';
import { KisimError } from '../../../../src/util/errors.ts';
import { planOf, playedPeriods } from '../../../support/played-switchback.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

function coded(code: string, says = /./): (error: unknown) => boolean {
  return (error) =>
    error instanceof KisimError &&
    error.code === `KISIM_E_${code}` &&
    says.test(`${error.message}: ${error.expected}: ${error.action}`);
}

async function run(options: Readonly<Record<string, unknown>>, env: Readonly<Record<string, string>> = {}) {
  const texts = { out: '', err: '' };
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  stdout.on('data', (chunk) => {
    texts.out += String(chunk);
  });
  stderr.on('data', (chunk) => {
    texts.err += String(chunk);
  });
  const signal = new AbortController().signal;
  const context = { stdout, stderr, stdin: process.stdin, env, signal, options, args: [] } as CommandContext;
  const status = await runExperiment(context);
  return { status, ...texts };
}

describe('options', () => {
  test('have a day of half hours and a wash-out of a sixth unless told', () => {
    const { plan } = readExperimentOptions({ a: 'default', b: 'best-fit', seed: '4' });
    assert.deepEqual(plan, {
      a: 'default',
      b: 'best-fit',
      periodSeconds: 1800,
      washOutSeconds: 300,
      pairs: 24,
      seed: 4,
    });
  });

  test('without a seed draw one', () => {
    const seeds = [1, 2].map(() => readExperimentOptions({ a: 'default', b: 'default' }).plan!.seed);
    assert.notEqual(seeds[0], seeds[1]);
  });

  const bad: readonly (readonly [what: string, options: object, code: string, says: RegExp])[] = [
    [
      'a model that does not exist',
      { a: 'default', b: 'learned' },
      'EXPERIMENT_POLICY',
      /one of default, random, round-robin/,
    ],
    ['one policy alone', { a: 'default' }, 'USAGE', /--b/],
    ['too few hours', { a: 'default', b: 'default', hours: '5' }, 'EXPERIMENT_PLAN', /--hours 6/],
    ['hours that are no number', { a: 'default', b: 'default', hours: 'many' }, 'USAGE', /--hours many/],
    ['a period without a unit', { a: 'default', b: 'default', period: '30' }, 'DURATION', /30/],
    [
      'a wash-out as long as the period',
      { a: 'default', b: 'default', washOut: '30m' },
      'EXPERIMENT_PLAN',
      /wash-out/,
    ],
    ['a seed below 0', { a: 'default', b: 'default', seed: '-1' }, 'USAGE', /--seed/],
    ['no noise at all', { a: 'default', b: 'default', noise: '0' }, 'USAGE', /--noise/],
    ['--resume without a folder', { resume: true }, 'USAGE', /--out/],
  ];
  for (const [what, options, code, says] of bad) {
    test(`refuse ${what}`, () => {
      assert.throws(() => readExperimentOptions(options as Record<string, unknown>), coded(code, says));
    });
  }
});

describe('kisimd experiment', () => {
  const noCluster = { HOME: '/nowhere', KUBECONFIG: '/nowhere/kubeconfig' };

  test('--plan says what it would do, and how small a difference it could find, and leaves nothing behind', async (t) => {
    const folder = temporaryFolder(t);
    const { status, out } = await run({
      a: 'default',
      b: 'best-fit',
      seed: '3',
      plan: true,
      noise: '4',
      out: join(folder, 'x'),
    });
    assert.equal(status, 0);
    assert.match(
      out,
      /24 pairs of periods find a difference of 2\.\d % with a chance of 80 %, if a pair's own noise is 4\.0 %/,
    );
    assert.match(out, /order: ((ab|ba) ?){24}\n/);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('takes the noise from a pilot', async (t) => {
    const pilot = temporaryFolder(t);
    finished(pilot, planOf({ pairs: 6 })).close();
    const { out } = await run({ a: 'default', b: 'best-fit', plan: true, pilot });
    // Nothing is known of its energy.
    assert.match(out, /assumed: .* has fewer than two pairs/);
  });

  test('of one that is finished tells its result again, without the cluster', async (t) => {
    const out = temporaryFolder(t);
    finished(out, planOf({ pairs: 6, a: 'default', b: 'best-fit' })).close();
    const told = await run({ resume: true, out }, noCluster);
    assert.equal(told.status, 1);
    assert.match(told.out, /NO VERDICT\n {2}KISIM_E_EXPERIMENT_ENERGY_MISSING/);
    assert.match(told.err, /all 6 pairs are done/);
    assert.doesNotMatch(told.err, /start the daemon/);
    const json = await run({ resume: true, out, json: true }, noCluster);
    assert.equal((JSON.parse(json.out) as { verdict: { kind: string } }).verdict.kind, 'refused');
    assert.deepEqual(readdirSync(out).sort(), ['journal.jsonl', 'periods.svg', 'report.txt', 'result.json']);
  });

  test('does not begin over another experiment, nor go on with another plan or with nothing', async (t) => {
    const out = temporaryFolder(t);
    await assert.rejects(run({ resume: true, out }, noCluster), coded('EXPERIMENT_NOTHING_TO_RESUME'));
    finished(out, planOf({ pairs: 6, a: 'default' })).close();
    const begin = { a: 'default', b: 'best-fit', out };
    await assert.rejects(run(begin, noCluster), coded('EXPERIMENT_FOLDER_USED'));
    await assert.rejects(
      run({ resume: true, out, period: '10m' }, noCluster),
      coded('EXPERIMENT_OTHER_PLAN', /periodSeconds is 1800 there, and 600 here/),
    );
  });
});

/** A journal in which all periods are over, and nothing was read. */
function finished(folder: string, plan: SwitchbackPlan): ExperimentJournal {
  const sampleSeconds = sampleSecondsOf(plan);
  const journal = ExperimentJournal.create(folder, {
    kind: 'experiment',
    format: 1,
    version: '0',
    plan,
    sampleSeconds,
  });
  journal.append({ kind: 'begin', at: 0, alive: [] });
  for (const { index, side, policy } of scheduleOf(plan)) {
    const at = index * plan.periodSeconds * 1000;
    journal.append({ kind: 'period', at, index, side, policy });
    journal.append({ kind: 'end', at: at + plan.periodSeconds * 1000, index });
  }
  return journal;
}

describe('progress', () => {
  const progress: ExperimentProgress = {
    period: { index: 6, pair: 3, side: 'b', policy: 'best-fit' },
    periods: 48,
    doing: 'measuring',
    why: undefined,
    secondsLeftOfPeriod: 720.2,
    secondsLeft: 74_520,
  };

  test('says where it is and how long it takes', () => {
    assert.equal(
      progressLine(progress),
      'period 7 of 48, best-fit (b), measuring, 12 min 1 s left of it; 20 h 42 min in all',
    );
    assert.match(
      progressLine({ ...progress, doing: 'waiting', why: 'paused: storm' }),
      /, waiting: paused: storm; /,
    );
  });

  test('is a line a minute in a file, and one at once where something else begins', () => {
    let text = '';
    let now = 0;
    const stderr = new PassThrough();
    stderr.on('data', (chunk) => {
      text += String(chunk);
    });
    const report = new ExperimentProgressReport(stderr, () => now);
    for (; now < 125_000; now += 1000) report.tell(progress);
    report.tell({ ...progress, doing: 'waiting', why: 'paused' });
    report.end();
    assert.equal(text.split('\n').length - 1, 4);
  });
});

describe('plot', () => {
  const plan = planOf({ pairs: 6 });
  const result = analyse(
    plan,
    playedPeriods(plan, (side, index) => ({
      joules: index === 4 ? undefined : side === 'a' ? 900 + index : 1000 - index,
      work: 10,
    })),
  );

  test('has a bar for every period that is known, and mean and interval for each policy, in its colour', () => {
    const { series } = experimentPlot(result);
    assert.deepEqual(
      series.map(({ name, colour }) => [name, colour]),
      ['learned (a)', 'default (b)'].flatMap((name, colour) => [
        [name, colour],
        [`${name}, mean`, colour],
        [`${name}, 95 % low`, colour],
        [`${name}, 95 % high`, colour],
      ]),
    );
    const known = (at: number) => series[at]!.points.filter(({ value }) => value !== undefined).length;
    assert.equal(known(0) + known(4), 2 * 11);
    const values = [1, 2, 3].map((at) => series[at]!.points[0]!.value!);
    assert(values[1]! < values[0]! && values[0]! < values[2]!);
  });

  test('can be drawn, and says that played energy is none that was measured', async () => {
    const lines = renderTerminalPlot(experimentPlot(result), { colour: true });
    assert.match(lines[0]!, /ESTIMATED/);
    assert.match(lines.join('\n'), /\[36m/);
    assert.match(await renderSvgPlot(experimentPlot(result)), /^<svg/);
  });
});

test('the JSON has no holes and tells refusals by their parts', () => {
  const plan = planOf({ pairs: 6 });
  const json = experimentJson(analyse(plan, [])) as {
    verdict: { kind: string; refusals: { code: string; action: string }[] };
    findablePercent: null;
    checks: null;
  };
  assert.equal(json.verdict.kind, 'refused');
  assert.equal(json.verdict.refusals[0]!.code, 'KISIM_E_EXPERIMENT_TOO_FEW');
  assert(json.verdict.refusals[0]!.action.length > 0);
  assert.deepEqual([json.findablePercent, json.checks], [null, null]);
});
