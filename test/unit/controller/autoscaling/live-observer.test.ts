import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ObservationField } from '../../../../src/autoscaling/policy.ts';
import {
  LiveObserver,
  type LiveObserverOptions,
} from '../../../../src/controller/autoscaling/live-observer.ts';
import type { MetricSource } from '../../../../src/controller/autoscaling/ports.ts';
import {
  PrometheusMetrics,
  PrometheusPodMetrics,
} from '../../../../src/controller/autoscaling/prometheus-metrics.ts';
import type { DeploymentReplicas } from '../../../../src/kubernetes/scale/deployment-scale.ts';

const signal = new AbortController().signal;
const web = { namespace: 'shop', name: 'web' };
const seen: DeploymentReplicas = { ...web, uid: 'w', wanted: 4, present: 4, ready: 3 };

function source(values: Readonly<Record<string, number | undefined>>, asked: string[] = []): MetricSource {
  return {
    name: 'played',
    gives: Object.keys(values) as MetricSource['gives'],
    read: (field) => {
      asked.push(field);
      return Promise.resolve(values[field]);
    },
  };
}

class Bench {
  seconds = 1000;

  observer(needs: readonly ObservationField[], over: Partial<LiveObserverOptions> = {}): LiveObserver {
    return new LiveObserver({
      needs,
      targets: { cpu: web },
      scaler: { read: () => Promise.resolve(seen) },
      sources: [],
      podSources: [],
      monotonicSeconds: () => this.seconds,
      episodeSeconds: 100,
      trendForm: 'normalised',
      ...over,
    });
  }
}

/** A Prometheus by query. */
function answers(
  samples: Readonly<Record<string, readonly (readonly [Readonly<Record<string, string>>, number])[]>>,
) {
  return {
    name: 'http://prometheus',
    queryInstant: (query: string) =>
      Promise.resolve(
        (samples[query] ?? []).map(([labels, value]) => ({ labels, value, unixMilliseconds: 0 })),
      ),
  };
}

describe('what is seen of a live cluster', () => {
  test('is what the policy needs and no more', async () => {
    const asked: string[] = [];
    const all = { latencyP95Milliseconds: 120, throughputPerSecond: 9, cpuUtilizationPercent: 50 };
    const observer = new Bench().observer(['latencyP95Milliseconds', 'cpuReplicas'], {
      sources: [source(all, asked)],
    });
    const observation = await observer.observe(await observer.replicas(signal), signal);
    assert.deepEqual(asked, ['latencyP95Milliseconds']);
    assert.equal(observation.latencyP95Milliseconds, 120);
    assert.equal(observation.cpuUtilizationPercent, undefined);
    assert.equal(observation.loadTrend, undefined);
    assert.deepEqual([observation.cpuReplicas, observation.gpuReplicas], [4, 0]);
    assert.deepEqual([observation.cpu, observation.gpu], [undefined, undefined]);
  });

  test('has trend and variance of throughputs, also where the throughput itself is not asked for', async () => {
    const values = { throughputPerSecond: 10 };
    const observer = new Bench().observer(['loadTrend', 'loadVariance'], { sources: [source(values)] });
    const observe = () => observer.observe({}, signal);
    await observe();
    await observe();
    values.throughputPerSecond = 30;
    const { loadTrend, loadVariance } = await observe();
    assert.equal(loadTrend, 0.5);
    assert((loadVariance ?? 0) > 0);
    observer.begin();
    assert.equal((await observe()).loadTrend, 0);
  });

  test('has no trend where the throughput is missing', async () => {
    const observer = new Bench().observer(['loadTrend'], {
      sources: [source({ throughputPerSecond: undefined })],
    });
    const { loadTrend, throughputPerSecond } = await observer.observe({}, signal);
    assert.deepEqual([loadTrend, throughputPerSecond], [undefined, undefined]);
  });

  test('knows how far the episode is', async () => {
    const bench = new Bench();
    const observer = bench.observer(['episodeProgress']);
    bench.seconds += 25;
    assert.equal((await observer.observe({}, signal)).episodeProgress, 0.25);
    bench.seconds += 100;
    assert.equal((await observer.observe({}, signal)).episodeProgress, 0.25);
  });

  test('has the pods as the algorithm of the HPA asks for them', async () => {
    const client = answers({
      pods: [
        [{ pod: 'a' }, 60],
        [{ pod: 'b' }, 90],
      ],
    });
    const observer = new Bench().observer(['cpu', 'gpu'], {
      podSources: [new PrometheusPodMetrics(client, { cpu: 'pods' })],
    });
    const { cpu, gpu } = await observer.observe({ cpu: { ...seen, present: 5 } }, signal);
    assert.deepEqual(cpu, { ready: 2, unready: 2, unmeasured: 1, utilizationPercent: 75 });
    assert.deepEqual(gpu, { ready: 0, unready: 0, unmeasured: 0, utilizationPercent: undefined });
  });

  test('takes one value for all pods of a backend', async () => {
    const observer = new Bench().observer(['cpu'], {
      podSources: [new PrometheusPodMetrics(answers({ mean: [[{}, 80]] }), { cpu: 'mean' })],
    });
    const { cpu } = await observer.observe({ cpu: seen }, signal);
    assert.deepEqual(cpu, { ready: 3, unready: 1, unmeasured: 0, utilizationPercent: 80 });
  });

  test('comes from the first source that has it', async () => {
    const prometheus = new PrometheusMetrics(answers({ p95: [[{}, 300]], rate: [[{}, 7]] }), {
      latencyP95Milliseconds: 'p95',
      throughputPerSecond: 'rate',
    });
    const observer = new Bench().observer(['latencyP95Milliseconds', 'throughputPerSecond'], {
      sources: [source({ latencyP95Milliseconds: 120 }), prometheus],
    });
    const { latencyP95Milliseconds, throughputPerSecond } = await observer.observe({}, signal);
    assert.deepEqual([latencyP95Milliseconds, throughputPerSecond], [120, 7]);
  });

  test('is never made up: a query without an answer is named, a field without a source refused at the start', async () => {
    const prometheus = new PrometheusMetrics(answers({}), { latencyP95Milliseconds: 'p95' });
    const observer = new Bench().observer(['latencyP95Milliseconds'], { sources: [prometheus] });
    await assert.rejects(observer.observe({}, signal), { code: 'KISIM_E_METRIC_NO_DATA' });
    assert.throws(() => new Bench().observer(['gpuUtilizationPercent', 'cpu', 'loadTrend']), {
      code: 'KISIM_E_AUTOSCALE_SOURCE',
      found: 'gpuUtilizationPercent, throughputPerSecond, the pods of cpu',
    });
    assert.throws(() => new Bench().observer([], { targets: {} }), { code: 'KISIM_E_AUTOSCALE_TARGET' });
  });
});
