import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCli } from '../../../src/cli/program.ts';
import type { LoadReport } from '../../../src/load/report/load-report.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { fakeHost } from './fake-host.ts';

async function server(t: TestContext, listener: RequestListener = (_, response) => response.end('ok')) {
  const http = createServer(listener);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  t.after(() => {
    http.closeAllConnections();
    http.close();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

async function load(args: readonly string[], host = fakeHost()) {
  const status = await runCli(['load', ...args], host);
  return { status, out: host.out(), err: host.err() };
}

async function report(args: readonly string[]): Promise<LoadReport> {
  const { status, out, err } = await load([...args, '--json']);
  assert.equal(status, 0, err);
  return JSON.parse(out);
}

test('a run prints its summary', async (t) => {
  const url = await server(t);
  const { status, out, err } = await load([url, '--rate', '50', '--duration', '300ms']);
  assert.equal(status, 0, err);
  assert.match(out, /^constant, open loop \(requests\/s\)/);
  assert.match(out, /latency {3}p50 .* ms, p90 .* ms, p95 .* ms/);
  assert.match(out, /requests {2}15 sent, 15 answered/);
  assert.match(out, /errors {4}none/);
});

test('the report as JSON has what was sent, by target and by second', async (t) => {
  const url = await server(t);
  const run = await report([
    `${url}/a`,
    `${url}/b`,
    '--weights',
    '1,3',
    '--rate',
    '100',
    '--duration',
    '1500ms',
  ]);
  assert.equal(run.total.sent, 150);
  assert.equal(run.total.answered, 150);
  assert.equal(
    run.seconds.reduce((sum, { sent }) => sum + sent, 0),
    150,
  );
  assert.deepEqual(
    run.targets.map(({ weight }) => weight),
    [1, 3],
  );
  assert.ok(run.targets[1]!.sent > run.targets[0]!.sent);
  assert.equal(run.following?.sent, 150);
  assert.equal(run.ended, 'complete');
});

test('method, headers and body are sent', async (t) => {
  const seen: string[] = [];
  const url = await server(t, (request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString();
    });
    request.on('end', () => {
      seen.push(`${request.method} ${request.headers['x-a']} ${body}`);
      response.end();
    });
  });
  await report([url, '--rate', '20', '--duration', '100ms', '--header', 'X-A: one', '--body', 'text']);
  assert.deepEqual(seen, ['POST one text', 'POST one text']);
});

test('users wait for their answers', async (t) => {
  const url = await server(t, (_, response) => setTimeout(() => response.end(), 20));
  const run = await report([url, '--users', '3', '--duration', '400ms', '--think-time', '10ms']);
  assert.equal(run.loop, 'closed');
  assert.ok(run.total.sent >= 3);
  assert.equal(run.total.sent, run.total.answered);
  assert.ok(run.total.latencyMilliseconds!.p50 >= 19);
});

test('a missed objective sets the status, and is told', async (t) => {
  const url = await server(t, (_, response) => {
    response.statusCode = 500;
    response.end();
  });
  const args = [
    url,
    '--rate',
    '50',
    '--duration',
    '200ms',
    '--slo',
    'errors<1%,p99<1h',
    '--slo',
    'rate>1000',
  ];
  const { status, out } = await load(args);
  assert.equal(status, 3);
  assert.match(out, /MISSED {2}errors<1%, is 100 %/);
  assert.match(out, /held {4}p99<1h, is/);
  assert.match(out, /MISSED {2}rate>1000, is 0\/s/);
  assert.match(out, /errors {4}10 \(100 %\): status 500 10/);
});

test('series, page and picture go to files', async (t) => {
  const url = await server(t);
  const folder = temporaryFolder(t);
  const file = (name: string) => join(folder, name);
  const { status, out, err } = await load([
    ...[url, '--rate', '50', '--duration', '1200ms', '--plot'],
    ...[
      '--csv',
      file('s.csv'),
      '--html',
      file('r.html'),
      '--svg',
      file('r.svg'),
      '--stream',
      file('s.jsonl'),
    ],
  ]);
  assert.equal(status, 0, err);
  assert.match(out, /Load: constant \[requests\/s\]/);
  assert.match(readFileSync(file('s.csv'), 'utf8'), /^second,seconds,.*\r\n0,1,50,,50,/);
  const page = readFileSync(file('r.html'), 'utf8');
  for (const id of ['run-load', 'run-latency', 'run-errors']) assert.ok(page.includes(`id="${id}"`));
  assert.match(readFileSync(file('r.svg'), 'utf8'), /^<svg/);
  const [first] = readFileSync(file('s.jsonl'), 'utf8').trim().split('\n');
  assert.equal(JSON.parse(first!).sent, 50);
});

test('a file that cannot be written is told before anything is sent', async (t) => {
  let requests = 0;
  const url = await server(t, (_, response) => {
    requests++;
    response.end();
  });
  const { status, err } = await load([url, '--rate', '10', '--duration', '1s', '--html', '/nowhere/r.html']);
  assert.equal(status, 1);
  assert.match(err, /KISIM_E_OUTPUT_FILE.*\/nowhere\/r\.html/);
  assert.equal(requests, 0);
});

test('a disk that fills up while it runs ends the load, with the summary of what was', async (t) => {
  const url = await server(t);
  const { status, out, err } = await load([url, '--rate', '20', '--duration', '1m', '--stream', '/dev/full']);
  assert.equal(status, 1);
  assert.match(err, /KISIM_E_OUTPUT_FILE.*\/dev\/full: ENOSPC/);
  assert.match(out, /requests {2}\d+ sent/);
});

test('a server that is not there is a coded error', async () => {
  const { status, out, err } = await load(['http://127.0.0.1:1/', '--rate', '10']);
  assert.equal(status, 1);
  assert.equal(out, '');
  assert.match(err, /KISIM_E_LOAD_REFUSED: .*GET http:\/\/127\.0\.0\.1:1\/: refused/);
});

test('a server that goes away ends the run with what was measured', async (t) => {
  const http = createServer((_, response) => response.end('ok'));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  let answered = 0;
  http.on('request', () => {
    answered++;
    if (answered !== 10) return;
    http.close();
    http.closeAllConnections();
  });
  t.after(() => http.close());
  const { status, out, err } = await load([url, '--rate', '100', '--duration', '1m', '--give-up', '100ms']);
  assert.equal(status, 1);
  assert.match(err, /KISIM_E_LOAD_TARGET_GONE/);
  assert.match(out, /open loop \(requests\/s\), .*failed/);
  assert.match(out, /refused \d+/);
});

test('a signal stops the run, and the summary is printed', async (t) => {
  const stop = new AbortController();
  const url = await server(t, (_, response) => {
    response.end('ok');
    stop.abort();
  });
  const { status, out } = await load([url, '--rate', '10', '--duration', '1h'], {
    ...fakeHost(),
    signal: stop.signal,
  });
  assert.equal(status, 130);
  assert.match(out, /constant, open loop \(requests\/s\), .*stopped/);
});

test('a JMeter plan runs as it is', async (t) => {
  const paths = new Set<string>();
  const url = await server(t, (request, response) => {
    paths.add(`${request.method} ${request.url}`);
    response.end();
  });
  const plan = readFileSync(new URL('../load/jmeter/fifty-threads.jmx', import.meta.url), 'utf8');
  const file = join(temporaryFolder(t), 'plan.jmx');
  writeFileSync(
    file,
    plan.replace('8080', new URL(url).port).replace('>-1<', '>1<').replace('>200<', '>20<'),
  );
  const { status, out, err } = await load(['--plan', file]);
  assert.equal(status, 0, err);
  assert.match(err, /note: redirects are not followed/);
  assert.deepEqual([...paths].sort(), ['GET /cpu?ms=exp%3A2', 'POST /network?kb=1']);
  assert.match(out, /requests {2}100 sent, 100 answered/);
});

test('the four patterns are in one picture', async (t) => {
  const folder = temporaryFolder(t);
  const [svg, html] = [join(folder, 'p.svg'), join(folder, 'p.html')];
  const { status, out } = await load(['--show-patterns', '--svg', svg, '--html', html]);
  assert.equal(status, 0);
  for (const name of ['ramp', 'spike', 'periodic', 'random']) {
    assert.match(out, new RegExp(`\\d ${name}: mean`));
    assert.ok(readFileSync(svg, 'utf8').includes(`>${name}<`));
    assert.ok(readFileSync(html, 'utf8').includes(`id="pattern-${name}"`));
  }
  const { out: json } = await load(['--show-patterns', '--json']);
  assert.equal(JSON.parse(json).length, 4);
});

for (const [args, found] of [
  [[], /no --pattern/],
  [['--rate', '1'], /no URL/],
  [['http://h/', '--rate', '1', '--users', '2'], /--rate together with --users/],
  [['http://h/', '--rate', '0'], /--rate 0/],
  [['http://h/', '--users', '1', '--loop', 'open'], /--users together with --loop open/],
  [['http://h/', '--rate', '1', '--think-time', '1s'], /--think-time without/],
  [['http://h/', '--rate', '1', '--weights', '1,2'], /2 shares for 1 URLs/],
  [['http://h/', '--rate', '1', '--timeout', '0s'], /--timeout 0s/],
  [['http://h/', '--rate', '1', '--json', '--plot'], /--plot together with --json/],
  [['http://h/', '--rate', '1', '--body', '@/nowhere/b'], /--body @\/nowhere\/b: ENOENT/],
  [['http://h/', '--pattern', 'p.yaml', '--low', '3'], /the file says it all/],
  [['--plan', 'p.jmx', '--rate', '1'], /--plan together with --rate/],
  [['--plan', 'p.jmx', 'http://h/'], /--plan together with a URL/],
  [['--targets', 't.yaml', '--rate', '1', 'http://h/'], /--targets together with a URL/],
] as const)
  test(`load ${args.join(' ')} is a mistake of usage`, async () => {
    const { status, err } = await load(args);
    assert.equal(status, 2, err);
    assert.match(err, /KISIM_E_USAGE/);
    assert.match(err, found);
  });

test('what is wrong with pattern, target or objective has a code of its own', async () => {
  for (const [args, code] of [
    [['http://h/', '--pattern', 'peak'], 'KISIM_E_LOAD_PATTERN'],
    [['http://h/', '--pattern', 'spike', '--cycles', '2'], 'KISIM_E_LOAD_PATTERN'],
    [['http://h/', '--pattern', '/nowhere/p.yaml'], 'KISIM_E_LOAD_PATTERN_FILE'],
    [['http://h/', '--trace', '/nowhere/t.csv'], 'KISIM_E_INPUT_UNREADABLE'],
    [['h', '--rate', '1'], 'KISIM_E_LOAD_TARGET'],
    [['http://h/', '--rate', '1', '--slo', 'p95'], 'KISIM_E_LOAD_SLO'],
    [['--plan', '/nowhere/p.jmx'], 'KISIM_E_LOAD_PLAN'],
    [['--targets', '/nowhere/t.yaml', '--rate', '1'], 'KISIM_E_LOAD_TARGETS_FILE'],
  ] as const) {
    const { status, err } = await load(args);
    assert.equal(status, 1);
    assert.ok(err.startsWith(`${code}:`), err);
  }
});
