import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EnergyReader } from '../../../../src/kubernetes/energy/epoch-counters.ts';
import { energyErrors } from '../../../../src/kubernetes/energy/errors.ts';
import type { NodeIdentity } from '../../../../src/kubernetes/energy/node-identity.ts';
import type { PrometheusSeries, RangeQuery } from '../../../../src/kubernetes/energy/prometheus-client.ts';
import { PrometheusCounters } from '../../../../src/kubernetes/energy/prometheus-counters.ts';
import type { KisimError } from '../../../../src/util/errors.ts';
import { type FakeSeries, scraped } from '../../../support/fake-prometheus.ts';
import { anIdentity } from '../../../support/node-identities.ts';

const SCRAPE = 60;

/** Counters over a Prometheus in memory, at a second that the test sets. */
class Played {
  second = 100_000;
  series: FakeSeries[] = [];
  nodes: readonly NodeIdentity[] = [anIdentity('a'), anIdentity('b')];
  failure: KisimError | undefined;
  readonly asked: RangeQuery[] = [];
  readonly troubles: (string | undefined)[] = [];
  readonly counters = new PrometheusCounters({
    client: { name: 'played', queryRange: (range) => this.#query(range) },
    query: 'joules',
    scrapeSeconds: SCRAPE,
    nodes: () => this.nodes,
    clock: { monotonicNanoseconds: () => 0, unixMilliseconds: () => this.second * 1000 },
    trouble: (error) => void this.troubles.push(error?.code),
  });

  async #query(range: RangeQuery): Promise<readonly PrometheusSeries[]> {
    this.asked.push(range);
    if (this.failure !== undefined) throw this.failure;
    return this.series.map(({ labels, at }) => {
      const points = [];
      for (
        let unixMilliseconds = range.startUnixMilliseconds;
        unixMilliseconds <= range.endUnixMilliseconds;
        unixMilliseconds += range.stepMilliseconds
      ) {
        const value = at(unixMilliseconds / 1000);
        if (value !== undefined) points.push({ unixMilliseconds, value });
      }
      return { labels, points };
    });
  }

  /** A counter of so many watts that began at a second. */
  metered(node: string, watts: number, since = 0, until = Number.POSITIVE_INFINITY): void {
    const at = scraped(
      (second) => (second < since ? undefined : (Math.min(second, until) - since) * watts),
      SCRAPE,
    );
    this.series.push({ labels: { node_name: node }, at });
  }
}

describe('energy by Prometheus', () => {
  test('is that of the last scrape, with its time', async () => {
    const played = new Played();
    played.metered('a', 50);
    played.metered('b', 20);
    const reader = new EnergyReader(played.counters);
    const first = await reader.read();
    const last = Math.floor(played.second / SCRAPE) * SCRAPE;
    assert.equal(first.nodes.get('a')?.joules, last * 50);
    assert.equal(first.nodes.get('a')?.source, 'prometheus');
    const age = first.nodes.get('a')!.asOfUnixMilliseconds / 1000 - last;
    assert(age >= 0 && age <= SCRAPE / 4, `${age}`);
    played.second += 1800;
    const second = await reader.read();
    const gained = second.nodes.get('b')!.joules - first.nodes.get('b')!.joules;
    assert.equal(gained, 1800 * 20);
    assert.deepEqual([...second.missing], []);
    assert.deepEqual(played.troubles, []);
  });

  test('a counter that began anew between two readings is missing once, and goes on from where it was', async () => {
    const played = new Played();
    played.metered('b', 20);
    const restart = played.second + 300;
    const at = scraped((second) => (second < restart ? second * 50 : (second - restart) * 50), SCRAPE);
    played.series.push({ labels: { node: 'a' }, at });
    const reader = new EnergyReader(played.counters);
    const first = await reader.read();
    played.second += 1800;
    const second = await reader.read();
    assert.equal(second.nodes.has('a'), false);
    assert.match(second.missing.get('a') ?? '', /began anew/);
    assert.equal(second.nodes.has('b'), true);
    played.second += 600;
    const third = await reader.read();
    played.second += 600;
    const fourth = await reader.read();
    assert.equal(fourth.nodes.get('a')!.joules - third.nodes.get('a')!.joules, 600 * 50);
    assert(third.nodes.get('a')!.joules >= first.nodes.get('a')!.joules);
  });

  test('each reader sees a break once, whoever read before', async () => {
    const played = new Played();
    const restart = played.second + 300;
    played.series.push({
      labels: { node: 'a' },
      at: scraped((second) => (second < restart ? second : second - restart), SCRAPE),
    });
    const [one, other] = [new EnergyReader(played.counters), new EnergyReader(played.counters)];
    await one.read();
    await other.read();
    played.second += 900;
    assert.match((await one.read()).missing.get('a') ?? '', /began anew/);
    played.second += 120;
    assert.equal((await one.read()).nodes.has('a'), true);
    assert.match((await other.read()).missing.get('a') ?? '', /began anew/);
    played.second += 120;
    assert.equal((await other.read()).nodes.has('a'), true);
  });

  test('a counter that stands still for more than two scrapes is an old one', async () => {
    const played = new Played();
    played.metered('a', 50, 0, played.second - 40);
    played.metered('b', 20);
    const reader = new EnergyReader(played.counters);
    assert.equal((await reader.read()).nodes.has('a'), true);
    played.second += 200;
    const { nodes, missing } = await reader.read();
    assert.deepEqual([...nodes.keys()], ['b']);
    assert.match(missing.get('a') ?? '', /^KISIM_E_PROMETHEUS_NO_DATA: .*no growth for 2\d\d s/);
  });

  test('a node without a series, and one with two, are missing with the reason', async () => {
    const played = new Played();
    played.series = [
      { labels: { node: 'a', zone: 'package' }, at: (second) => second },
      { labels: { node: 'a', zone: 'dram' }, at: (second) => second },
      { labels: { node: 'elsewhere' }, at: (second) => second },
    ];
    const { nodes, missing } = await played.counters.read();
    assert.equal(nodes.size, 0);
    assert.match(missing.get('a') ?? '', /^KISIM_E_PROMETHEUS_AMBIGUOUS: .*"package".* and .*"dram"/);
    assert.match(missing.get('b') ?? '', /^KISIM_E_PROMETHEUS_NO_DATA: /);
  });

  test('a Prometheus that fails leaves all nodes missing, told once and once when it is over', async () => {
    const played = new Played();
    played.metered('a', 50);
    played.failure = energyErrors.KISIM_E_PROMETHEUS_UNREACHABLE('played: gone');
    const reader = new EnergyReader(played.counters);
    for (let read = 0; read < 3; read++) {
      const { nodes, missing } = await reader.read();
      assert.equal(nodes.size, 0);
      assert.match(missing.get('b') ?? '', /^KISIM_E_PROMETHEUS_UNREACHABLE: .*gone/);
    }
    played.failure = undefined;
    assert.equal((await reader.read()).nodes.has('a'), true);
    assert.deepEqual(played.troubles, ['KISIM_E_PROMETHEUS_UNREACHABLE', undefined]);
  });

  test('an outage of Prometheus between two readings costs nothing', async () => {
    const played = new Played();
    played.metered('a', 50);
    const reader = new EnergyReader(played.counters);
    const first = await reader.read();
    const { at } = played.series[0]!;
    const begin = played.second;
    played.series[0] = {
      labels: { node_name: 'a' },
      at: (second) => (second > begin + 100 && second < begin + 700 ? undefined : at(second)),
    };
    played.second += 1800;
    const second = await reader.read();
    assert.equal(second.nodes.get('a')!.joules - first.nodes.get('a')!.joules, 1800 * 50);
  });

  test('never asks for more points than servers give', async () => {
    const played = new Played();
    played.metered('a', 50);
    await played.counters.read();
    played.second += 90 * 86_400;
    await played.counters.read();
    for (const { startUnixMilliseconds, endUnixMilliseconds, stepMilliseconds } of played.asked)
      assert((endUnixMilliseconds - startUnixMilliseconds) / stepMilliseconds <= 5001);
  });

  test('rejects only where it is aborted', async () => {
    const played = new Played();
    const reason = new Error('enough');
    await assert.rejects(played.counters.read(AbortSignal.abort(reason)), reason);
  });
});
