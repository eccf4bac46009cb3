import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NodeUse } from '../../../../src/attribution/node-use.ts';
import { PodUseReader } from '../../../../src/kubernetes/energy/pod-use.ts';
import { NODE_METRICS_PATH, POD_METRICS_PATH } from '../../../../src/kubernetes/energy/resource-metrics.ts';
import { errors } from '../../../../src/kubernetes/errors.ts';
import type { KubeApi, KubeRequest, KubeResponse } from '../../../../src/kubernetes/kube-api.ts';
import type { Logger } from '../../../../src/util/log.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { ManualTime } from '../../../support/manual-time.ts';

const NANO_PER_SECOND = 0.25e9;

/** An API server whose kubelets use a quarter of a CPU each, played. */
class Played implements KubeApi {
  readonly name = 'played';
  readonly time = new ManualTime();
  readonly asked: { readonly path: string; readonly at: number }[] = [];
  readonly uses: NodeUse[] = [];
  readonly told: string[] = [];
  nodes = ['n1', 'n2'];
  /** By path: what is answered instead. */
  readonly instead = new Map<string, KubeResponse | Error>();
  pending = 0;
  mostPending = 0;
  /** Milliseconds until an answer comes. */
  latency = 0;
  readonly #log: Logger = {
    debug: (event) => void this.told.push(`debug ${event}`),
    info: (event) => void this.told.push(`info ${event}`),
    warn: (event, fields) => void this.told.push(`warn ${event} ${String(fields?.['error'])}`),
    error: () => assert.fail('no error is that bad'),
  };

  reader(over: Partial<ConstructorParameters<typeof PodUseReader>[0]> = {}): PodUseReader {
    return new PodUseReader({
      api: this,
      mode: 'auto',
      hasMetrics: true,
      nodes: () => this.nodes,
      wantsPods: () => true,
      podPlace: (namespace, name) =>
        name === 'gone' ? undefined : { uid: `${namespace}-${name}`, node: 'n1' },
      sinks: [{ take: (use) => void this.uses.push(use) }],
      clock: this.time.clock,
      sleep: this.time.sleep,
      random: seededRandom(3),
      log: this.#log,
      ...over,
    });
  }

  async request({ path, query, signal }: KubeRequest): Promise<KubeResponse> {
    this.asked.push({ path, at: this.time.now });
    this.pending += 1;
    this.mostPending = Math.max(this.mostPending, this.pending);
    if (this.latency > 0) await this.time.sleep(this.latency, signal);
    this.pending -= 1;
    const instead = this.instead.get(path);
    if (instead instanceof Error) throw instead;
    if (instead !== undefined) return instead;
    const timestamp = new Date(this.time.clock.unixMilliseconds()).toISOString();
    const used = Math.round((this.time.now / 1000) * NANO_PER_SECOND);
    if (path === NODE_METRICS_PATH) return { status: 200, body: { items: [rate('n1', '', timestamp)] } };
    if (path === POD_METRICS_PATH)
      return {
        status: 200,
        body: { items: [rate('web', 'team', timestamp), rate('gone', 'team', timestamp)] },
      };
    assert.deepEqual(query, { only_cpu_and_memory: true });
    const cpu = { time: timestamp, usageCoreNanoSeconds: used };
    const podRef = { name: 'web', namespace: 'team', uid: 'u1' };
    return { status: 200, body: { node: { cpu }, pods: [{ podRef, cpu, containers: [] }] } };
  }

  watch(): Promise<never> {
    return Promise.reject(new Error('no watches here'));
  }
}

function rate(name: string, namespace: string, timestamp: string): object {
  const usage = { cpu: '250m' };
  const metadata = { name, namespace };
  return {
    metadata,
    timestamp,
    window: '15s',
    ...(namespace === '' ? { usage } : { containers: [{ usage }] }),
  };
}

const forbidden: KubeResponse = { status: 403, body: { kind: 'Status', message: 'cannot get nodes/proxy' } };

describe('reading the use of pods', () => {
  test('each kubelet is asked once in 10 to 15 s', async () => {
    const played = new Played();
    const reader = played.reader();
    reader.start();
    await played.time.advance(120_000);
    await reader.stop();
    for (const node of played.nodes) {
      const times = played.asked.filter(({ path }) => path.includes(`/${node}/`)).map(({ at }) => at);
      const gaps = times.slice(1).map((at, index) => at - times[index]!);
      assert(times.length >= 8 && times.length <= 12, `${times.length}`);
      assert(
        gaps.every((gap) => gap >= 10_000 && gap <= 16_100),
        gaps.join(),
      );
      assert(new Set(gaps).size > 1, 'no jitter');
    }
    const [first] = played.uses;
    assert.deepEqual(
      [first?.node, first?.source, first?.pods[0]?.uid, first?.pods[0]?.name],
      ['n1', 'kubelet', 'u1', 'web'],
    );
    assert.deepEqual(played.told, []);
  });

  test('no more than a few at once, and no more than twenty a second, however many nodes', async () => {
    const played = new Played();
    played.nodes = Array.from({ length: 1000 }, (_, index) => `n${index}`);
    played.latency = 400;
    const reader = played.reader();
    reader.start();
    await played.time.advance(60_000);
    assert.equal(played.mostPending, 4);
    assert(played.asked.length <= 60 * 20, `${played.asked.length}`);
    assert(reader.periodMilliseconds >= 50_000);
    await reader.stop();
  });

  test('a node that fails is told once, asked less and less, and told when it is over', async () => {
    const played = new Played();
    const path = '/api/v1/nodes/n2/proxy/stats/summary';
    played.instead.set(path, errors.KISIM_E_KUBE_TIMEOUT('n2'));
    const reader = played.reader();
    reader.start();
    await played.time.advance(600_000);
    const asked = played.asked.filter((each) => each.path === path).length;
    assert(asked >= 4 && asked < 12, `${asked}`);
    assert.equal(played.told.length, 1);
    assert.match(played.told[0]!, /^warn pod-use-not-read .*n2.*did not answer in time/);
    played.instead.clear();
    await played.time.advance(600_000);
    assert.deepEqual(played.told.slice(1), ['info pod-use-read-again']);
    await reader.stop();
  });

  test('thousands that fail alike are one warning', async () => {
    const played = new Played();
    played.nodes = Array.from({ length: 50 }, (_, index) => `n${index}`);
    for (const node of played.nodes)
      played.instead.set(`/api/v1/nodes/${node}/proxy/stats/summary`, { status: 503, body: 'no kubelet' });
    const reader = played.reader();
    reader.start();
    await played.time.advance(30_000);
    await reader.stop();
    assert.equal(played.told.filter((each) => each.startsWith('warn')).length, 1);
    assert.equal(played.told.length, 50);
  });

  test('kubelets that may not be asked are left alone where there are metrics', async () => {
    const played = new Played();
    for (const node of played.nodes)
      played.instead.set(`/api/v1/nodes/${node}/proxy/stats/summary`, forbidden);
    const reader = played.reader();
    reader.start();
    await played.time.advance(60_000);
    assert.equal(reader.way, 'metrics');
    const kubelets = played.asked.filter(({ path }) => path.includes('/proxy/'));
    assert(kubelets.length <= 2);
    const uses = played.uses.filter(({ node }) => node === 'n1');
    assert(uses.length >= 3);
    const [first, second] = uses as [NodeUse, NodeUse];
    assert.deepEqual([first.source, first.pods.map(({ uid }) => uid)], ['metrics', ['team-web']]);
    assert.equal(
      second.pods[0]!.cpu!.cpuNanoseconds - first.pods[0]!.cpu!.cpuNanoseconds,
      15 * NANO_PER_SECOND,
    );
    await reader.stop();
  });

  test('where there are none they are asked again, and the right that is missing is named', async () => {
    const played = new Played();
    played.nodes = ['n1'];
    played.instead.set('/api/v1/nodes/n1/proxy/stats/summary', forbidden);
    const reader = played.reader({ hasMetrics: false });
    reader.start();
    await played.time.advance(60_000);
    assert.equal(reader.way, 'kubelet');
    assert.match(played.told[0]!, /cannot get nodes\/proxy/);
    await reader.stop();
  });

  test('lists of pods are asked for only where they are wanted', async () => {
    const played = new Played();
    const reader = played.reader({ mode: 'metrics', wantsPods: () => false });
    reader.start();
    await played.time.advance(50_000);
    await reader.stop();
    assert.deepEqual([...new Set(played.asked.map(({ path }) => path))], [NODE_METRICS_PATH]);
    assert.equal(played.asked.length, 4);
  });

  test('a stop ends what is under way, and says nothing of it', async () => {
    const played = new Played();
    played.latency = 1000;
    const reader = played.reader();
    reader.start();
    await played.time.advance(10);
    played.instead.set('/api/v1/nodes/n1/proxy/stats/summary', new Error('stopped'));
    await reader.stop();
    assert.deepEqual(played.told, []);
  });
});
