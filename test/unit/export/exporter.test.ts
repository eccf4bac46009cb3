import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Config } from '../../../src/config/config.ts';
import { Exporter, type ExporterOptions } from '../../../src/export/exporter.ts';
import { acceptsGzip } from '../../../src/export/http-server.ts';
import type { NowSnapshot } from '../../../src/export/now-snapshot.ts';
import type { Clock } from '../../../src/util/clock.ts';
import { KisimError } from '../../../src/util/errors.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { anEntity, anInterval, aZone, share, zoneGap, zoneInterval } from '../../support/intervals.ts';
import { simulatedView } from '../../support/placement-views.ts';

function optionsFor(port: number): Pick<Config, 'node' | 'roots' | 'meter' | 'export'> {
  return {
    node: { name: 'node-1' },
    roots: { proc: '/proc', sys: '/sys', root: '/' },
    meter: {
      intervalMilliseconds: 1000,
      sources: ['estimated'],
      energySamplingHz: 0,
      recording: undefined,
      nvmlLibrary: '',
      stormExitsPerSecond: 2000,
      reconcileSeconds: 60,
      processClock: 'cpu-clock',
    },
    export: {
      enabled: true,
      host: '127.0.0.1',
      port,
      zeroEnergyProcesses: false,
      processMetrics: ['joules', 'watts'],
    },
  };
}

const running: Exporter[] = [];
afterEach(async () => {
  for (const exporter of running.splice(0)) await exporter.stop();
});

async function started(over: Partial<ExporterOptions> = {}): Promise<{ exporter: Exporter; port: number }> {
  const clock: Clock = { monotonicNanoseconds: () => 0, unixMilliseconds: () => 0 };
  const exporter = new Exporter({
    config: optionsFor(0),
    clock,
    log: silentLogger,
    version: '0.1.0',
    isAlive: () => true,
    ...over,
  });
  const { port }: AddressInfo = await exporter.start();
  running.push(exporter);
  return { exporter, port };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function ask(
  port: number,
  path: string,
  method = 'GET',
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    call.on('error', reject);
    call.end();
  });
}

const pkg = aZone();
const job = anEntity('process', 'job', { pid: 7 });
const busy = (sequence: number) =>
  anInterval(sequence, [zoneInterval(pkg, { idle: 5, active: 3, unattributed: 1 })], [share(job, [3])]);

async function jobJoules(port: number): Promise<number> {
  const text = (await ask(port, '/metrics')).body.toString();
  return Number(/kepler_process_cpu_joules_total\{[^}]*comm="job"[^}]*\} (\S+)/.exec(text)?.[1]);
}

test('scrapes at any rate see the counters advance (Scaphandre froze when scraped at 1 Hz)', async () => {
  const { exporter, port } = await started();
  exporter.accept(busy(1));
  for (let sequence = 2; sequence <= 6; sequence++) {
    const before = await jobJoules(port);
    exporter.accept(busy(sequence));
    assert.equal(await jobJoules(port), before + 3);
    assert.equal(await jobJoules(port), before + 3, 'a scrape alone adds nothing');
  }
});

test('a scrape leaves the ledger as it was', async () => {
  const { exporter, port } = await started();
  exporter.accept(busy(1));
  const before = JSON.stringify(exporter.snapshot());
  for (const path of ['/metrics', '/v1/now', '/healthz', '/']) await ask(port, path);
  assert.equal(exporter.ledger.intervals, 1);
  assert.equal(JSON.stringify((await ask(port, '/v1/now')).body.toString()), JSON.stringify(`${before}\n`));
});

test('health follows the age of the last interval, readiness the first one', async () => {
  let now = 0;
  const { exporter, port } = await started({
    clock: { monotonicNanoseconds: () => now, unixMilliseconds: () => 0 },
  });
  assert.equal((await ask(port, '/healthz')).status, 200, 'just started');
  assert.equal((await ask(port, '/readyz')).status, 503);
  assert.equal((await ask(port, '/v1/now')).status, 503);
  now = 5.1e9;
  assert.equal((await ask(port, '/healthz')).status, 503, 'no interval in five');
  exporter.accept(busy(1));
  assert.equal((await ask(port, '/healthz')).status, 200);
  assert.equal((await ask(port, '/readyz')).status, 200);
  now = 10e9;
  assert.equal((await ask(port, '/healthz')).status, 200);
  now = 10.2e9;
  assert.equal((await ask(port, '/healthz')).status, 503);
});

test('before the first interval /metrics answers with what it has', async () => {
  const { port } = await started();
  const { status, body } = await ask(port, '/metrics');
  assert.equal(status, 200);
  assert.match(body.toString(), /^kisimd_intervals_total 0$/m);
  assert.doesNotMatch(body.toString(), /kepler_node_cpu_(joules|watts)/);
});

test('an unreadable cpuinfo is logged and everything else is served', async () => {
  const events: string[] = [];
  const config = optionsFor(0);
  const { port } = await started({
    config: { ...config, roots: { ...config.roots, proc: '/nonexistent' } },
    log: { ...silentLogger, warn: (event) => events.push(event) },
  });
  assert.deepEqual(events, ['cpuinfo-not-readable']);
  assert.equal((await ask(port, '/metrics')).status, 200);
});

test('unknown pages, other methods and HEAD', async () => {
  const { exporter, port } = await started();
  exporter.accept(busy(1));
  assert.equal((await ask(port, '/nothing')).status, 404);
  const post = await ask(port, '/metrics', 'POST');
  assert.equal(post.status, 405);
  assert.equal(post.headers.allow, 'GET, HEAD');
  const head = await ask(port, '/metrics', 'HEAD');
  assert.equal(head.status, 200);
  assert.equal(head.body.length, 0);
  assert.ok(Number(head.headers['content-length']) > 100);
  assert.equal((await ask(port, '/metrics?x=1')).status, 200);
});

test('a page that fails answers 500 and is logged; the others go on', async () => {
  const events: string[] = [];
  const { port } = await started({
    log: { ...silentLogger, error: (event) => events.push(event) },
    status: () => {
      throw new Error('no status');
    },
  });
  assert.equal((await ask(port, '/metrics')).status, 500);
  assert.deepEqual(events, ['export-page-failed']);
  assert.equal((await ask(port, '/healthz')).status, 200);
});

test('what is not HTTP is answered with 400 and the server lives on', async () => {
  const { port } = await started();
  const said = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GARBAGE\r\n\r\n'));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
  assert.match(said, /^HTTP\/1\.1 400 /);
  assert.equal((await ask(port, '/healthz')).status, 200);
});

test('gzip and OpenMetrics are given to those who ask', async () => {
  const { exporter, port } = await started();
  exporter.accept(busy(1));
  const packed = await ask(port, '/metrics', 'GET', { 'accept-encoding': 'gzip, deflate' });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  const plain = await ask(port, '/metrics');
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(gunzipSync(packed.body).toString(), plain.body.toString());
  assert.match(plain.headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  const open = await ask(port, '/metrics', 'GET', { accept: 'application/openmetrics-text;version=1.0.0' });
  assert.match(open.headers['content-type'] ?? '', /^application\/openmetrics-text; version=1\.0\.0/);
  assert.match(open.body.toString(), /# EOF\n$/);
});

test('Accept-Encoding is read by its weights', () => {
  assert.equal(acceptsGzip('gzip'), true);
  assert.equal(acceptsGzip('*;q=0, gzip;q=0.5'), true);
  assert.equal(acceptsGzip('gzip;q=0, *'), false);
  assert.equal(acceptsGzip('br'), false);
  assert.equal(acceptsGzip(undefined), false);
});

test('a port in use is a coded error that names it', async () => {
  const { port } = await started();
  const second = new Exporter({
    config: optionsFor(port),
    clock: { monotonicNanoseconds: () => 0, unixMilliseconds: () => 0 },
    log: silentLogger,
    version: '0.1.0',
  });
  await assert.rejects(second.start(), (error) => {
    assert.ok(error instanceof KisimError);
    assert.equal(error.code, 'KISIM_E_EXPORT_PORT_IN_USE');
    assert.ok(error.found.includes(String(port)));
    return true;
  });
  await second.stop();
});

test('an address that is not this host is a coded error', async () => {
  const config = optionsFor(0);
  const exporter = new Exporter({
    config: { ...config, export: { ...config.export, host: '192.0.2.1' } },
    clock: { monotonicNanoseconds: () => 0, unixMilliseconds: () => 0 },
    log: silentLogger,
    version: '0.1.0',
  });
  await assert.rejects(exporter.start(), { code: 'KISIM_E_EXPORT_LISTEN' });
});

test('an ended process is shown to a scrape once, and HEAD does not use that up', async () => {
  let now = 1e9;
  const { exporter, port } = await started({
    clock: { monotonicNanoseconds: () => now, unixMilliseconds: () => 0 },
  });
  exporter.accept(anInterval(1, [zoneInterval(pkg, { active: 3 })], [share(job, [3], { terminated: true })]));
  await ask(port, '/metrics', 'HEAD');
  now = 200e9;
  exporter.accept(anInterval(200, [zoneInterval(pkg, {})]));
  const shown = (await ask(port, '/metrics')).body.toString();
  assert.match(shown, /comm="job",type="regular",state="terminated"/);
  now = 300e9;
  exporter.accept(anInterval(300, [zoneInterval(pkg, {})]));
  assert.doesNotMatch((await ask(port, '/metrics')).body.toString(), /comm="job"/);
});

test('/v1/now tells powers, sums and provenance, and null for what is unknown', async () => {
  const { exporter, port } = await started();
  exporter.accept(busy(1));
  const now = JSON.parse((await ask(port, '/v1/now')).body.toString()) as NowSnapshot;
  assert.equal(now.node.watts, 9);
  assert.equal(now.node.idleWatts, 5);
  assert.equal(now.node.activeWatts, 3);
  assert.equal(now.node.unattributedWatts, 1);
  assert.equal(now.node.provenance, 'measured');
  assert.equal(now.node.idleState, 'learned');
  assert.deepEqual(
    now.entities.map(({ name, watts, joules }) => ({ name, watts, joules })),
    [{ name: 'job', watts: 3, joules: 3 }],
  );
  exporter.accept(anInterval(2, [zoneGap(pkg, 'absurd-jump')]));
  const gap = JSON.parse((await ask(port, '/v1/now')).body.toString()) as NowSnapshot;
  assert.equal(gap.node.watts, null);
  assert.equal(gap.entities[0]?.watts, null);
  assert.equal(gap.node.joules, 9);
  assert.equal(gap.zones[0]?.gap, 'absurd-jump');
  assert.deepEqual(gap.zones[0]?.gaps, { 'absurd-jump': 1 });
});

test('the snapshot of the weakest zone is what the node is: one estimate makes it estimated', () => {
  const exporter = new Exporter({
    config: optionsFor(0),
    clock: { monotonicNanoseconds: () => 0, unixMilliseconds: () => 0 },
    log: silentLogger,
    version: '0.1.0',
  });
  const estimated = aZone({ id: 'dram-0', kind: 'dram', source: 'estimated', provenance: 'estimated' });
  exporter.accept(
    anInterval(1, [
      zoneInterval(pkg, { idle: 1 }),
      zoneInterval(estimated, { idle: 1 }, { idleState: 'provisional' }),
    ]),
  );
  assert.equal(exporter.snapshot()?.node.provenance, 'estimated');
  assert.equal(exporter.snapshot()?.node.idleState, 'provisional');
  assert.deepEqual(exporter.snapshot()?.node.sources, ['rapl-powercap', 'estimated']);
});

test('what the placement loop is at is a page and part of the metrics; without a loop there is neither', async () => {
  const { port } = await started({ placement: () => simulatedView() });
  const answer = await ask(port, '/v1/placement');
  assert.equal(answer.status, 200);
  assert.deepEqual(JSON.parse(answer.body.toString()), JSON.parse(JSON.stringify(simulatedView())));
  assert.match((await ask(port, '/')).body.toString(), /\/v1\/placement/);
  assert.match((await ask(port, '/metrics')).body.toString(), /kisimd_placement_info\{cluster="simulated"/);
  const other = await started();
  assert.equal((await ask(other.port, '/v1/placement')).status, 404);
  assert.doesNotMatch((await ask(other.port, '/metrics')).body.toString(), /kisimd_placement/);
});
