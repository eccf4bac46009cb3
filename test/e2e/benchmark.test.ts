import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runBenchmark } from '../../src/cli/commands/benchmark.ts';
import type { BenchmarkResults } from '../../src/evaluation/results.ts';
import { policyNames } from '../../src/policy/registry.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fakeHost } from '../unit/cli/fake-host.ts';

/** The whole program but for its process: real scenarios, policies, engine, worker threads and files. */
async function benchmark(t: TestContext, options: Record<string, unknown>) {
  const out = join(temporaryFolder(t), 'out');
  const host = fakeHost();
  const context = { ...host, options: { suite: 'small', workers: '1', out, ...options }, args: [] };
  assert.equal(await runBenchmark(context), 0, host.err());
  const json = readFileSync(join(out, 'results.json'), 'utf8');
  return { out, json, results: JSON.parse(json) as BenchmarkResults };
}

test('with linear power every policy there is reads zero, at every load', async (t) => {
  const policies = policyNames.map(({ name }) => name);
  const { results } = await benchmark(t, {
    policies: policies.join(','),
    baseline: 'round-robin',
    scenarios: 'A-linear',
    loads: '0.3,0.6,0.9',
    clusters: '2',
  });
  assert.equal(results.controls.cells, 3);
  for (const { cell, policies: found } of results.cells) {
    assert.equal(found.length, policies.length);
    for (const { policy, percent } of found) {
      const { low, high } = percent.interval!;
      const rounding = 1e-6;
      assert.ok(low <= rounding && high >= -rounding, `${policy} in ${cell}: ${low} to ${high} %`);
      // An interval so wide that it holds everything would prove nothing.
      assert.ok(high - low < 0.1, `${policy} in ${cell}: ${low} to ${high} %`);
    }
  }
  assert.equal(results.controls.holds, true);
});

test('with real curves the same benchmark tells policies apart', async (t) => {
  const { results } = await benchmark(t, {
    policies: 'round-robin,most-allocated,efficiency-first',
    baseline: 'round-robin',
    scenarios: 'A,B',
    loads: '0.3',
    clusters: '3',
  });
  for (const { policies } of results.cells)
    assert.ok(policies.find(({ policy }) => policy === 'efficiency-first')!.percent.interval!.high < -2);
});

test('the offline solution is no worse than the rule that it sets out from, and the portfolio is one of the rules', async (t) => {
  const { results } = await benchmark(t, {
    policies: 'round-robin,efficiency-first,portfolio',
    baseline: 'round-robin',
    scenarios: 'Brnd,Drnd',
    loads: '0.3',
    clusters: '2',
    offline: true,
    workers: '2',
  });
  for (const { cell, offline, bestSingle, policies } of results.cells) {
    assert.equal(offline!.clusters, 2, cell);
    assert.ok(offline!.percent!.mean <= bestSingle!.percent.mean + 1e-9, cell);
    const portfolio = policies.find(({ policy }) => policy === 'portfolio')!;
    for (const name of portfolio.ranAs)
      assert.match(name, /^(round-robin|efficiency-first)(\+awake-first)?$/);
    assert.ok(portfolio.percent.mean < 0, cell);
  }
});

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The program as a process of its own, ended by a signal once some runs are in its log. */
async function stoppedBy(signal: 'SIGINT' | 'SIGKILL', args: readonly string[], out: string) {
  const log = join(out, 'runs.jsonl');
  mkdirSync(out);
  const watcher = watch(out);
  const child = spawn(process.execPath, [main, 'benchmark', ...args, '--out', out], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  watcher.on('change', () => {
    if (existsSync(log) && readFileSync(log, 'utf8').split('\n').length > 6) child.kill(signal);
  });
  const [status] = (await ended) as [number | null];
  watcher.close();
  return { status, lines: readFileSync(log, 'utf8').split('\n') };
}

test('stopped by Ctrl-C or killed, it goes on to the bytes of a run that was not stopped', async (t) => {
  const options = {
    policies: 'round-robin,best-fit,efficiency-first,bid-price',
    baseline: 'round-robin',
    scenarios: 'Brnd,Drnd',
    clusters: '4',
  };
  const args = Object.entries({ suite: 'small', ...options }).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ]);
  const whole = await benchmark(t, options);
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    const out = join(temporaryFolder(t), 'stopped');
    const { status, lines } = await stoppedBy(signal, args, out);
    assert.equal(status, signal === 'SIGINT' ? 130 : null);
    const made = readFileSync(join(whole.out, 'runs.jsonl'), 'utf8').split('\n').length;
    assert.ok(lines.length > 6 && lines.length < made, `${lines.length} of ${made} lines`);
    for (const line of lines.slice(0, -1)) JSON.parse(line);
    if (signal === 'SIGINT') assert.equal(lines.at(-1), '');
    const host = fakeHost();
    const resumed = { suite: 'small', ...options, out, workers: '2', resume: true };
    assert.equal(await runBenchmark({ ...host, options: resumed, args: [] }), 0, host.err());
    assert.equal(readFileSync(join(out, 'results.json'), 'utf8'), whole.json);
  }
});

test('two runs of one seed give the same bytes, and a third on two workers too', async (t) => {
  const options = {
    policies: 'round-robin,random,efficiency-first,bid-price',
    baseline: 'round-robin',
    scenarios: 'Brnd,Drnd,Ernd',
    loads: '0.6',
    clusters: '2',
  };
  const once = await benchmark(t, options);
  const again = await benchmark(t, options);
  const two = await benchmark(t, { ...options, workers: '2' });
  const other = await benchmark(t, { ...options, seed: '1' });
  for (const name of ['results.json', 'results.csv', 'runs.csv']) {
    const bytes = ({ out }: { out: string }) => readFileSync(join(out, name), 'utf8');
    assert.equal(bytes(again), bytes(once), name);
    assert.equal(bytes(two), bytes(once), name);
    assert.notEqual(bytes(other), bytes(once), name);
  }
});
