import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { defaultConfig } from '../../src/config/defaults.ts';
import { EnergyReader } from '../../src/kubernetes/energy/epoch-counters.ts';
import { PrometheusClient } from '../../src/kubernetes/energy/prometheus-client.ts';
import { PrometheusCounters } from '../../src/kubernetes/energy/prometheus-counters.ts';
import { systemClock } from '../../src/util/clock.ts';
import { Cleanups } from './support/cleanups.ts';
import { freePort, Meter } from './support/meter.ts';
import { unmetNeeds } from './support/needs.ts';
import { stopProcess } from './support/processes.ts';
import { scratchFolder } from './support/scratch.ts';
import { InVain, waitFor } from './support/wait-for.ts';

const skip = unmetNeeds({ programs: { prometheus: 'prometheus', promtool: 'prometheus' } });

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

describe('Prometheus', { skip }, () => {
  const cleanups = new Cleanups();
  let meter: Meter;
  let api: string;

  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(`${api}${path}`, { signal: AbortSignal.timeout(10_000) });
    const answer = (await response.json()) as { status: string; data: unknown };
    assert.equal(answer.status, 'success', JSON.stringify(answer));
    return answer.data;
  };
  const query = async (expression: string): Promise<readonly Sample[]> =>
    ((await ask(`/api/v1/query?query=${encodeURIComponent(expression)}`)) as { result: readonly Sample[] })
      .result;

  before(async () => {
    const folder = scratchFolder('prometheus', cleanups);
    meter = await Meter.start(folder, cleanups);
    const port = await freePort();
    api = `http://127.0.0.1:${port}`;
    const config = join(folder, 'prometheus.yml');
    writeFileSync(
      config,
      `global: {scrape_interval: 1s}
scrape_configs:
  - job_name: kisimd
    static_configs: [{targets: ['127.0.0.1:${meter.port}']}]
`,
    );
    const logPath = join(folder, 'prometheus.log');
    const log = openSync(logPath, 'a');
    const child = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: ['ignore', log, log] },
    );
    cleanups.add('prometheus', () => stopProcess(child));
    await waitFor('prometheus to be ready', 60, async () => {
      if (child.exitCode !== null) throw new InVain(readFileSync(logPath, 'utf8'));
      return (await fetch(`${api}/-/ready`)).ok;
    });
  });
  after(() => cleanups.run());

  test('scrapes /metrics: the target is up, without an error', async () => {
    const target = await waitFor('the first scrape', 30, async () => {
      const { activeTargets } = (await ask('/api/v1/targets')) as {
        activeTargets: readonly { health: string; lastError: string }[];
      };
      return activeTargets.find(({ health }) => health !== 'unknown');
    });
    assert.equal(target.lastError, '');
    assert.equal(target.health, 'up');
  });

  test('answers queries in the words of Kepler, for the node and for its processes', async () => {
    const [node] = await waitFor('the node in Prometheus', 30, async () => {
      const found = await query('kepler_node_cpu_joules_total');
      return found.length > 0 && found;
    });
    assert.match(node?.metric['zone'] ?? '', /./);
    const processes = await query('topk(3, kepler_process_cpu_joules_total)');
    assert(processes.length > 0);
    for (const { metric } of processes) assert.match(metric['pid'] ?? '', /^\d+$/);
  });

  test('sees energy grow from scrape to scrape, at the power that the daemon tells', async () => {
    const rate = await waitFor('a rate over some scrapes', 30, async () => {
      const scrapes = await query('count_over_time(kepler_node_cpu_joules_total[8s])');
      const enough = scrapes.length > 0 && scrapes.every(({ value }) => Number(value[1]) >= 6);
      return enough && (await query('sum(rate(kepler_node_cpu_joules_total[8s]))'))[0];
    });
    const watts = await query('sum(avg_over_time(kepler_node_cpu_watts[8s]))');
    const [fromEnergy, told] = [Number(rate.value[1]), Number(watts[0]?.value[1])];
    assert(fromEnergy > 0);
    // Both are means over the same 8 s, but the first samples the counter and the second the last interval.
    assert(Math.abs(fromEnergy - told) <= 0.35 * told, `rate ${fromEnergy} W, told ${told} W`);
  });

  test('is a source of the energy of nodes, by the configured query as it is by default', async () => {
    const { prometheusQuery } = defaultConfig(
      {},
      { hostname: '', uid: 0, homeDirectory: undefined },
    ).kubernetes;
    const [series] = await query('kepler_node_cpu_joules_total');
    const node = series?.metric['node_name'] ?? '';
    const identity = { machineId: '', systemUuid: '', bootId: '', addresses: [] };
    const counters = new PrometheusCounters({
      client: new PrometheusClient({ url: `${api}/`, tokenFile: undefined, caFile: undefined }),
      query: prometheusQuery,
      scrapeSeconds: 1,
      // As Kubernetes may name it.
      nodes: () => [node.toUpperCase(), 'elsewhere'].map((name) => ({ ...identity, name })),
      clock: systemClock,
      trouble: (error) => assert.fail(error),
    });
    const reader = new EnergyReader(counters);
    const first = await waitFor('the node', 30, async () => {
      const { nodes } = await reader.read();
      return nodes.get(node.toUpperCase());
    });
    await waitFor('five more scrapes', 30, async () => {
      const now = (await reader.read()).nodes.get(node.toUpperCase());
      return now !== undefined && now.asOfUnixMilliseconds - first.asOfUnixMilliseconds >= 5000;
    });
    const { nodes, missing } = await reader.read();
    const last = nodes.get(node.toUpperCase())!;
    const watts =
      (last.joules - first.joules) / ((last.asOfUnixMilliseconds - first.asOfUnixMilliseconds) / 1000);
    const told = Number((await query('sum(avg_over_time(kepler_node_cpu_watts[8s]))'))[0]?.value[1]);
    assert(Math.abs(watts - told) <= 0.5 * told, `${watts} W, told ${told} W`);
    assert.match(missing.get('elsewhere') ?? '', /^KISIM_E_PROMETHEUS_NO_DATA/);
  });

  test('tells what is wrong with a query', async () => {
    const client = new PrometheusClient({ url: api, tokenFile: undefined, caFile: undefined });
    const now = Date.now();
    const range = { startUnixMilliseconds: now - 5000, endUnixMilliseconds: now, stepMilliseconds: 1000 };
    await assert.rejects(client.queryRange({ ...range, query: 'sum by (' }), {
      code: 'KISIM_E_PROMETHEUS_QUERY',
      message: /bad_data: .*parse error/,
    });
  });

  test('promtool check metrics has no complaint', async () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: await meter.text('/metrics'),
      encoding: 'utf8',
    });
    assert.equal(`${stdout}${stderr}`, '');
    assert.equal(status, 0);
  });
});
