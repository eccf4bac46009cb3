import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Happening } from '../../../src/kubernetes/event-correlator.ts';
import { EventRecorder } from '../../../src/kubernetes/event-recorder.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { seededRandom } from '../../../src/util/rng.ts';
import { resources } from '../../support/fake-api/resources.ts';
import { ManualTime } from '../../support/manual-time.ts';
import { MemoryApi } from '../../support/memory-api.ts';

const eventResource = resources.find(({ kind, group }) => kind === 'Event' && group === '')!;

interface ApiEvent {
  readonly metadata: { readonly name: string };
  readonly message: string;
  readonly count: number;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
}

class Bench {
  readonly api = new MemoryApi('team');
  readonly time = new ManualTime();
  readonly warnings: unknown[] = [];
  readonly recorder = new EventRecorder({
    api: this.api,
    identity: 'host-1',
    clock: this.time.clock,
    sleep: this.time.noSleep,
    random: seededRandom(1),
    log: {
      ...silentLogger,
      warn: (_, fields) => this.warnings.push((fields!['error'] as { code: string }).code),
      error: (event) => this.warnings.push(event),
    },
  });

  async record(...happenings: readonly Happening[]): Promise<void> {
    for (const each of happenings) this.recorder.record(each);
    await this.recorder.flushed();
  }

  get events(): readonly ApiEvent[] {
    return this.api.store.list(eventResource, undefined) as unknown as readonly ApiEvent[];
  }
}

function placed(name: string, message = 'on n1'): Happening {
  return {
    subject: { apiVersion: 'v1', kind: 'Pod', name, namespace: 'team', uid: `uid-${name}` },
    type: 'Normal',
    reason: 'Placed',
    message,
  };
}

describe('an event', () => {
  test('says what happened to what, and who says it', async () => {
    const bench = new Bench();
    await bench.record(placed('web'));
    const { metadata, ...event } = bench.events[0]! as ApiEvent & { metadata: Record<string, string> };
    assert.match(metadata['name']!, /^web\.[0-9a-f]+$/);
    assert.equal(metadata['namespace'], 'team');
    assert.deepEqual(event, {
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'team', uid: 'uid-web' },
      type: 'Normal',
      reason: 'Placed',
      message: 'on n1',
      source: { component: 'kisimd' },
      reportingComponent: 'kisimd',
      reportingInstance: 'host-1',
      firstTimestamp: '2027-01-15T08:00:00Z',
      lastTimestamp: '2027-01-15T08:00:00Z',
      count: 1,
    });
  });

  test('of a node is in the default namespace', async () => {
    const bench = new Bench();
    const subject = { apiVersion: 'v1', kind: 'Node', name: 'n1' };
    await bench.record({ subject, type: 'Warning', reason: 'Asleep', message: 'empty' });
    assert.equal(bench.api.requests[0]?.path, '/api/v1/namespaces/default/events');
  });

  test('that happens again is counted', async () => {
    const bench = new Bench();
    await bench.record(placed('web'), placed('web'));
    bench.time.now += 60_000;
    await bench.record(placed('web'));
    assert.equal(bench.events.length, 1);
    assert.equal(bench.events[0]?.count, 3);
    assert.equal(bench.events[0]?.firstTimestamp, '2027-01-15T08:00:00Z');
    assert.equal(bench.events[0]?.lastTimestamp, '2027-01-15T08:01:00Z');
  });

  test('that has gone meanwhile is begun anew', async () => {
    const bench = new Bench();
    await bench.record(placed('web'));
    bench.api.store.delete(eventResource, 'team', bench.events[0]!.metadata.name);
    await bench.record(placed('web'));
    assert.equal(bench.events[0]?.count, 1);
    assert.equal(bench.recorder.dropped, 0);
  });

  test('with a message of any length is written', async () => {
    const bench = new Bench();
    await bench.record(placed('web', 'x'.repeat(5000)));
    assert.equal(bench.events[0]?.message.length, 1000);
  });
});

describe('many events', () => {
  test('that differ in their message alone become one', async () => {
    const bench = new Bench();
    await bench.record(...Array.from({ length: 14 }, (_, i) => placed('web', `try ${i}`)));
    assert.equal(bench.events.length, 11);
    const combined = bench.events.find(({ count }) => count > 1)!;
    assert.equal(combined.count, 4);
    assert.equal(combined.message, '(combined from similar events): try 13');
  });

  test('are apart again after a while', async () => {
    const bench = new Bench();
    await bench.record(...Array.from({ length: 12 }, (_, i) => placed('web', `try ${i}`)));
    bench.time.now += 11 * 60_000;
    await bench.record(placed('web', 'later'));
    assert(bench.events.some(({ message }) => message === 'later'));
  });

  test('of one subject are silenced, and those of others go on', async () => {
    const bench = new Bench();
    await bench.record(...Array.from({ length: 100 }, () => placed('web')), placed('db'));
    assert.deepEqual(bench.events.map(({ count }) => count).sort(), [1, 25]);
    assert.equal(bench.recorder.dropped, 75);
    bench.time.now += 300_000;
    await bench.record(placed('web'));
    assert.equal(bench.recorder.dropped, 75);
  });

  test('of all together are limited', async () => {
    const bench = new Bench();
    await bench.record(...Array.from({ length: 400 }, (_, i) => placed(`web-${i}`)));
    assert.equal(bench.events.length, 250);
    bench.time.now += 1000;
    await bench.record(...Array.from({ length: 400 }, (_, i) => placed(`db-${i}`)));
    assert.equal(bench.events.length, 275);
  });
});

describe('a server in trouble', () => {
  test('is given time', async () => {
    const bench = new Bench();
    bench.api.faults.add({ fault: 'cut' });
    bench.api.faults.add({ fault: { status: 429, headers: { 'retry-after': '3' } } });
    bench.api.faults.add({ fault: { status: 500 } });
    await bench.record(placed('web'));
    assert.equal(bench.events.length, 1);
    assert.equal(bench.time.slept[1], 3000);
  });

  test('that stays away loses events, and that is told once', async () => {
    const bench = new Bench();
    bench.api.faults.add({ times: 8, fault: 'cut' });
    await bench.record(placed('web'), placed('db'));
    assert.equal(bench.recorder.dropped, 2);
    assert.deepEqual(bench.warnings, ['KISIM_E_KUBE_UNREACHABLE']);
    await bench.record(placed('app'));
    assert.equal(bench.events.length, 1);
  });

  test('that forbids events is not asked again for the same one', async () => {
    const bench = new Bench();
    bench.api.faults.add({ fault: { status: 403 } });
    await bench.record(placed('web'));
    assert.equal(bench.api.requests.length, 1);
    assert.deepEqual(bench.warnings, ['KISIM_E_KUBE_FORBIDDEN']);
  });

  test('a fault of the program is told, and the recorder goes on', async () => {
    const bench = new Bench();
    let broken = true;
    bench.api.meanwhile = () => {
      if (broken) throw new TypeError('a bug');
    };
    await bench.record(placed('web'));
    assert.equal(bench.warnings[0], 'event-failed');
    broken = false;
    await bench.record(placed('db'));
    assert.equal(bench.events.length, 1);
  });
});
