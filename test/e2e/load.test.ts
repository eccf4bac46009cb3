import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { LoadReport } from '../../src/load/report/load-report.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const plan = fileURLToPath(new URL('../unit/load/jmeter/fifty-threads.jmx', import.meta.url));

function kisimd(t: TestContext, ...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function ended(child: ChildProcess): Promise<{ status: number | null; out: string; err: string }> {
  const written = { out: '', err: '' };
  child.stdout!.on('data', (text) => {
    written.out += text;
  });
  child.stderr!.on('data', (text) => {
    written.err += text;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...written };
}

/** The application that the load is sent to, in a process of its own. */
async function application(t: TestContext): Promise<string> {
  const child = kisimd(t, 'test-application', '--port', '0', '--seed', '1', '--log-level', 'error');
  const [url] = await once(child.stdout!, 'data');
  return String(url).trim();
}

test('a spike on the test application is printed, drawn, and written second by second', async (t) => {
  const url = await application(t);
  const folder = temporaryFolder(t);
  const [csv, html, svg] = ['s.csv', 'r.html', 'r.svg'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const { status, out, err } = await ended(
    kisimd(
      t,
      ...[
        'load',
        `${url}/network?kb=1`,
        '--pattern',
        'spike',
        '--low',
        '10',
        '--high',
        '100',
        '--duration',
        '3s',
      ],
      ...['--plot', '--csv', csv, '--html', html, '--svg', svg, '--slo', 'errors<1'],
    ),
  );
  assert.equal(status, 0, err);
  assert.match(out, /Load: spike \[requests\/s\]/);
  assert.match(out, /requests {2}138 sent, 138 answered/);
  assert.match(out, /pattern {3}138 of 138 requests/);
  const rows = readFileSync(csv, 'utf8').trim().split('\r\n').slice(1);
  assert.equal(
    rows.reduce((sum, row) => sum + Number(row.split(',')[4]), 0),
    138,
  );
  assert.match(readFileSync(html, 'utf8'), /id="run-load"/);
  assert.match(readFileSync(svg, 'utf8'), /^<svg/);
});

test('a JMeter plan of fifty threads without an end runs until it is interrupted, and prints what it saw', async (t) => {
  const url = await application(t);
  const folder = temporaryFolder(t);
  const file = join(folder, 'plan.jmx');
  writeFileSync(file, readFileSync(plan, 'utf8').replace('8080', new URL(url).port));
  const stream = join(folder, 'seconds.jsonl');
  const child = kisimd(t, 'load', '--plan', file, '--json', '--stream', stream);
  const end = ended(child);
  // Interrupted once there is a whole second in which all fifty were there.
  const watcher = watch(folder, () => {
    if (existsSync(stream) && readFileSync(stream, 'utf8').includes('"users":50')) child.kill('SIGINT');
  });
  const { status, out, err } = await end;
  watcher.close();
  assert.equal(status, 130, err);
  const report: LoadReport = JSON.parse(out);
  assert.equal(report.ended, 'stopped');
  const [burn, order] = report.targets as [LoadReport['targets'][0], LoadReport['targets'][0]];
  assert.deepEqual([burn.target, Object.keys(burn.byStatus)], ['burn', ['200']]);
  // The application takes no POST there.
  assert.deepEqual([order.target, Object.keys(order.byStatus)], ['order', ['404']]);
  const timeouts = report.total.errorsByKind['timeout'] ?? 0;
  assert.equal(report.total.sent, report.total.answered + timeouts + report.unanswered);
});
