import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type AutoscalingObservation,
  type AutoscalingPolicy,
  measuredNumber,
  type ObservationField,
} from '../../../../src/autoscaling/policy.ts';
import {
  AutoscalingLoop,
  type AutoscalingLoopOptions,
} from '../../../../src/controller/autoscaling/autoscaling-loop.ts';
import { LiveObserver } from '../../../../src/controller/autoscaling/live-observer.ts';
import type { MeasuredField } from '../../../../src/controller/autoscaling/ports.ts';
import type { ScalingRecord } from '../../../../src/history/loop-record.ts';
import { metricErrors } from '../../../../src/kubernetes/metrics/errors.ts';
import { DeploymentScaler } from '../../../../src/kubernetes/scale/deployment-scale.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { fieldsOf, type StoredObject } from '../../../support/fake-api/objects.ts';
import { ManualTime } from '../../../support/manual-time.ts';
import { MemoryApi } from '../../../support/memory-api.ts';
import { recordingLogger } from '../../../support/open-history.ts';

/** As many replicas as there are tens of requests a second. */
class Tens implements AutoscalingPolicy {
  readonly name = 'tens';
  readonly needs: readonly ObservationField[] = ['throughputPerSecond', 'loadTrend'];
  resets = 0;

  reset(): void {
    this.resets += 1;
  }

  decide(observation: AutoscalingObservation) {
    const wanted = Math.ceil(measuredNumber(observation, 'throughputPerSecond') / 10);
    return { gpuReplicas: 0, cpuReplicas: wanted, placement: 'balanced', reason: `${wanted} tens` } as const;
  }
}

class Bench {
  readonly api = new MemoryApi();
  readonly time = new ManualTime();
  readonly policy = new Tens();
  readonly records: ScalingRecord[] = [];
  readonly logged = recordingLogger();
  readonly stop = new AbortController();
  leading = true;
  /** Read each time. */
  throughput: () => number | undefined = () => 25;
  readonly web: StoredObject;
  running: Promise<unknown> = Promise.resolve();

  constructor() {
    this.web = this.api.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { 'kisimd.io/scale': 'enabled' } },
      spec: { replicas: 1 },
    });
  }

  start(over: Partial<AutoscalingLoopOptions> = {}): AutoscalingLoop {
    const { api, time, policy } = this;
    const scaler = new DeploymentScaler({
      api,
      sleep: time.noSleep,
      random: seededRandom(1),
      stillLeader: () => this.leading,
    });
    const targets = { cpu: { namespace: 'default', name: 'web' } };
    const observer = new LiveObserver({
      needs: policy.needs,
      targets,
      scaler,
      sources: [
        {
          name: 'played',
          gives: ['throughputPerSecond'],
          read: (_: MeasuredField) => Promise.resolve(this.throughput()),
        },
      ],
      podSources: [],
      monotonicSeconds: () => time.clock.monotonicNanoseconds() / 1e9,
      episodeSeconds: 300,
      trendForm: 'normalised',
    });
    const loop = new AutoscalingLoop({
      policy,
      limits: { gpu: { min: 0, max: 0 }, cpu: { min: 1, max: 4 } },
      targets,
      observer,
      scaler,
      sink: { scaled: (record) => void this.records.push(record) },
      leadership: { isLeader: true },
      mode: 'act',
      intervalSeconds: 10,
      clock: time.clock,
      sleep: time.sleep,
      log: this.logged.log,
      ...over,
    });
    this.running = loop.run(this.stop.signal).catch((error: unknown) => error);
    return loop;
  }

  get replicas(): unknown {
    return fieldsOf(this.api.find('Deployment', 'web'), 'spec')['replicas'];
  }

  async end(): Promise<unknown> {
    this.stop.abort();
    return await this.running;
  }

  /** What ended the loop by itself. */
  async failure(): Promise<{ readonly code?: string; readonly found?: string }> {
    return (await this.running) as { code?: string };
  }
}

describe('the autoscaling loop', () => {
  test('scales once an interval, the first time after one, and keeps each decision', async () => {
    const bench = new Bench();
    const loop = bench.start();
    await bench.time.advance(9_999);
    assert.equal(bench.records.length, 0);
    await bench.time.advance(1);
    assert.equal(bench.replicas, 3);
    await bench.time.advance(10_000);
    assert.equal(await bench.end(), undefined);
    assert.deepEqual(
      bench.records.map(({ before, wanted, after, outcome, reason }) => ({
        before,
        wanted,
        after,
        outcome,
        reason,
      })),
      [
        { before: 1, wanted: 3, after: 3, outcome: 'scaled', reason: '3 tens' },
        { before: 3, wanted: 3, after: 3, outcome: 'kept', reason: '3 tens' },
      ],
    );
    const [first] = bench.records;
    assert.deepEqual(first?.seen, [
      { name: 'throughputPerSecond', amount: 25, unit: '1/s' },
      { name: 'loadTrend', amount: 0, unit: 'share' },
    ]);
    assert.equal(first.policy, 'tens');
    assert.equal(first.deployment, 'web');
    assert.deepEqual(loop.counts, { rounds: 2, scaled: 1 });
  });

  test('stays within its limits, and says so', async () => {
    const bench = new Bench();
    bench.throughput = () => 300;
    bench.start();
    await bench.time.advance(10_000);
    bench.throughput = () => 0;
    await bench.time.advance(10_000);
    await bench.end();
    assert.deepEqual(
      bench.records.map(({ after, reason }) => [after, reason]),
      [
        [4, '30 tens; 30 wanted, 1 to 4 allowed'],
        [1, '0 tens; 0 wanted, 1 to 4 allowed'],
      ],
    );
  });

  test('writes nothing in a dry run, and keeps what it would have done', async () => {
    const bench = new Bench();
    bench.start({ mode: 'dry-run', leadership: undefined });
    await bench.time.advance(10_000);
    await bench.end();
    assert.equal(bench.replicas, 1);
    assert.deepEqual(
      bench.records.map(({ outcome, wanted, after, mode }) => ({ outcome, wanted, after, mode })),
      [{ outcome: 'observed', wanted: 3, after: 1, mode: 'dry-run' }],
    );
    assert(bench.api.requests.every(({ method }) => method === 'GET'));
  });

  test('does nothing while another leads, and begins anew when it leads again', async () => {
    const bench = new Bench();
    const leadership = { isLeader: false };
    bench.start({ leadership });
    await bench.time.advance(20_000);
    assert.equal(bench.records.length, 0);
    leadership.isLeader = true;
    await bench.time.advance(10_000);
    assert.equal(bench.policy.resets, 1);
    leadership.isLeader = false;
    await bench.time.advance(10_000);
    leadership.isLeader = true;
    await bench.time.advance(10_000);
    await bench.end();
    assert.equal(bench.policy.resets, 2);
    assert.equal(bench.records.length, 2);
  });

  test('ends where a metric is missing: nothing is made up, and nothing scaled', async () => {
    const bench = new Bench();
    bench.throughput = () => undefined;
    bench.start();
    await bench.time.advance(10_000);
    const { code } = await bench.failure();
    assert.equal(code, 'KISIM_E_AUTOSCALE_METRIC');
    assert.equal(bench.replicas, 1);
    const [record] = bench.records;
    assert.equal(record?.outcome, 'failed');
    assert.equal(record.after, 1);
    assert.match(record.reason, /^KISIM_E_AUTOSCALE_METRIC: .*throughputPerSecond/);
    assert.deepEqual(record.seen[0], { name: 'throughputPerSecond', amount: undefined, unit: '1/s' });
  });

  test('ends with the error of a query, and keeps it', async () => {
    const bench = new Bench();
    bench.throughput = () => {
      throw metricErrors.KISIM_E_METRIC_NO_DATA('rate(x[1m])');
    };
    bench.start();
    await bench.time.advance(10_000);
    assert.equal((await bench.failure()).code, 'KISIM_E_METRIC_NO_DATA');
    assert.match(bench.records[0]?.reason ?? '', /rate\(x\[1m\]\)/);
  });

  test('ends where the Deployment vanishes, or asks for it no more', async () => {
    const bench = new Bench();
    bench.start();
    await bench.time.advance(10_000);
    bench.api.remove(bench.web);
    await bench.time.advance(10_000);
    const { code, found } = await bench.failure();
    assert.deepEqual([code, found], ['KISIM_E_SCALE_GONE', 'default/web']);
    assert.equal(bench.records.at(-1)?.before, undefined);

    const other = new Bench();
    other.api.change(other.web, ({ metadata }) => {
      metadata['labels'] = {};
    });
    other.start();
    await other.time.advance(10_000);
    assert.equal((await other.failure()).code, 'KISIM_E_SCALE_NOT_OPTED_IN');
  });

  test('ends where it may not scale, naming the path', async () => {
    const bench = new Bench();
    bench.api.faults.add({ method: 'PATCH', fault: { status: 403 } });
    bench.start();
    await bench.time.advance(10_000);
    const { code, found } = await bench.failure();
    assert.equal(code, 'KISIM_E_KUBE_FORBIDDEN');
    assert.match(found ?? '', /default\/deployments\/web\/scale/);
    assert.equal(bench.records[0]?.outcome, 'failed');
    assert.equal(bench.records[0]?.wanted, 3);
  });

  test('goes on when the server is away for a round or two, and not for ever', async () => {
    const bench = new Bench();
    bench.api.faults.add({ times: 2, fault: 'cut' });
    bench.start();
    await bench.time.advance(30_000);
    assert.deepEqual(
      bench.records.map(({ outcome }) => outcome),
      ['failed', 'failed', 'scaled'],
    );
    bench.api.faults.add({ times: 9, fault: 'cut' });
    await bench.time.advance(40_000);
    assert.equal((await bench.failure()).code, 'KISIM_E_KUBE_UNREACHABLE');
    assert.equal(bench.records.length, 6);
  });

  test('ends where somebody else sets the replicas again and again', async () => {
    const bench = new Bench();
    bench.start();
    const meddle = () =>
      bench.api.change(bench.web, (copy) => {
        copy['spec'] = { replicas: 2 };
      });
    for (let round = 0; round < 4; round++) {
      await bench.time.advance(10_000);
      meddle();
    }
    const { code, found } = await bench.failure();
    assert.deepEqual([code, found], ['KISIM_E_SCALE_CONTESTED', 'default/web: 3 asked for, 2 found']);
    assert.equal(bench.logged.events.filter(({ event }) => event === 'replicas-changed-by-others').length, 2);
  });

  test('tells whoever sends the requests where they are to go', async () => {
    const bench = new Bench();
    const routed: unknown[] = [];
    bench.start({ router: { route: (placement, ready) => void routed.push(placement, ready) } });
    await bench.time.advance(10_000);
    await bench.end();
    assert.deepEqual(routed, ['balanced', { gpu: 0, cpu: 0 }]);
  });
});
