import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { errors } from '../../../src/kubernetes/errors.ts';
import type { KubeApi, KubeRequest, KubeResponse } from '../../../src/kubernetes/kube-api.ts';
import { LeaderElector, type LeaderElectorOptions, type Term } from '../../../src/kubernetes/lease.ts';
import { type ApiLease, microTime, newIdentity } from '../../../src/kubernetes/lease-record.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { seededRandom } from '../../../src/util/rng.ts';
import type { Milliseconds } from '../../../src/util/units.ts';
import { ManualTime } from '../../support/manual-time.ts';
import { MemoryApi } from '../../support/memory-api.ts';

const SECOND = 1000;

/** One candidate with its own way to the server, which can be cut, and its own clock, which can be wrong. */
class Candidate implements KubeApi {
  readonly name: string;
  readonly elector: LeaderElector;
  readonly stop = new AbortController();
  readonly events: string[] = [];
  readonly tokens: number[] = [];
  cut = false;
  hangs = false;
  /** The server does what it is asked at once, and its answer comes so late. */
  answerMilliseconds: Milliseconds = 0;
  running: Promise<void> = Promise.resolve();
  readonly #server: MemoryApi;
  readonly #time: ManualTime;

  constructor(
    name: string,
    server: MemoryApi,
    time: ManualTime,
    { ahead = 0, ...more }: Partial<LeaderElectorOptions> & { readonly ahead?: Milliseconds } = {},
  ) {
    this.name = name;
    this.#server = server;
    this.#time = time;
    this.elector = new LeaderElector({
      api: this,
      namespace: 'default',
      name: 'kisimd',
      identity: name,
      clock: time.clockAhead(ahead),
      sleep: time.sleep,
      random: seededRandom(name.length + name.charCodeAt(0)),
      log: silentLogger,
      started: (term) => this.#note('started', term),
      ended: (term) => this.#note('ended', term),
      ...more,
    });
  }

  run(): this {
    this.running = this.elector.run(this.stop.signal);
    return this;
  }

  get leads(): boolean {
    return this.elector.stillLeader();
  }

  #note(what: string, term: Term): void {
    this.events.push(`${what} ${term.fencingToken}`);
    if (what === 'started') this.tokens.push(term.fencingToken);
  }

  async request(request: KubeRequest): Promise<KubeResponse> {
    if (this.hangs) await this.#time.sleep(request.timeoutMilliseconds!);
    if (this.cut) throw errors.KISIM_E_KUBE_UNREACHABLE('cut');
    if (this.hangs) throw errors.KISIM_E_KUBE_TIMEOUT('hangs');
    const response = await this.#server.request(request);
    if (this.answerMilliseconds > 0) await this.#time.sleep(this.answerMilliseconds);
    return response;
  }

  watch(): Promise<never> {
    return Promise.reject(new Error('no watches here'));
  }
}

function lease(server: MemoryApi): ApiLease {
  return server.find('Lease', 'kisimd') as unknown as ApiLease;
}

describe('leader election', () => {
  test('the first creates the lease and leads; the second waits while it is renewed', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    const a = new Candidate('a', server, time).run();
    await time.advance(1);
    const b = new Candidate('b', server, time).run();
    await time.advance(120 * SECOND);
    assert(a.leads && !b.leads);
    assert.deepEqual(a.events, ['started 0']);
    const { spec } = lease(server);
    assert.equal(spec?.holderIdentity, 'a');
    assert.equal(spec?.leaseDurationSeconds, 15);
    assert.match(spec?.renewTime ?? '', /T\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  test('a leader that stops hands the lease back, and the next leads at its next try', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    const a = new Candidate('a', server, time).run();
    await time.advance(1);
    const b = new Candidate('b', server, time).run();
    await time.advance(10 * SECOND);
    a.stop.abort();
    await a.running;
    assert.equal(lease(server).spec?.holderIdentity, '');
    assert(!a.leads);
    await time.advance(5 * SECOND);
    assert(b.leads);
    assert.deepEqual(a.events, ['started 0', 'ended 0']);
    assert.deepEqual(b.events, ['started 1']);
  });

  test('a leader that was killed is followed after its lease has run out, not before', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    const a = new Candidate('a', server, time).run();
    await time.advance(1);
    const b = new Candidate('b', server, time).run();
    await time.advance(10 * SECOND);
    // Killed: nothing of it reaches the server any more, its release neither.
    a.cut = true;
    a.stop.abort();
    await a.running;
    await time.advance(12 * SECOND);
    assert(!b.leads);
    // It was seen a try after its last renewal, and is taken a try after it has run out.
    await time.advance(13 * SECOND);
    assert(b.leads);
    assert.deepEqual(b.tokens, [1]);
  });

  test('a leader without a server stops by itself before anyone can follow, and stands again later', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    const a = new Candidate('a', server, time).run();
    await time.advance(1);
    const b = new Candidate('b', server, time).run();
    await time.advance(10 * SECOND);
    a.cut = true;
    while (a.leads) {
      assert(!b.leads);
      await time.advance(100);
    }
    await time.advance(2 * SECOND);
    assert.deepEqual(a.events, ['started 0', 'ended 0']);
    assert(!b.leads);
    await time.advance(10 * SECOND);
    assert(b.leads);
    a.cut = false;
    await time.advance(60 * SECOND);
    assert(b.leads && !a.leads);
    b.stop.abort();
    await time.advance(10 * SECOND);
    assert.deepEqual(a.tokens, [0, 2]);
  });

  test('a request that hangs does not prolong a term', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    const a = new Candidate('a', server, time).run();
    await time.advance(5 * SECOND);
    a.hangs = true;
    await time.advance(11 * SECOND);
    assert(!a.leads);
    await time.advance(2 * SECOND);
    assert.deepEqual(a.events, ['started 0', 'ended 0']);
  });

  test('clocks that differ by hours change nothing', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    const a = new Candidate('a', server, time, { ahead: -5 * 3600 * SECOND }).run();
    await time.advance(1);
    const b = new Candidate('b', server, time, { ahead: 7 * 3600 * SECOND }).run();
    await time.advance(60 * SECOND);
    assert(a.leads && !b.leads);
    a.cut = true;
    await time.advance(25 * SECOND);
    assert(b.leads && !a.leads);
  });

  test('a host that was asleep leads no more when it wakes, though its monotonic clock stood still', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    let slept = 0;
    const { clock } = time;
    const a = new Candidate('a', server, time, {
      clock: { ...clock, unixMilliseconds: () => clock.unixMilliseconds() + slept },
    }).run();
    await time.advance(1 * SECOND);
    assert(a.leads);
    slept = 60 * SECOND;
    assert(!a.leads);
    await time.advance(2 * SECOND);
    assert(a.leads, 'nobody had followed: renewed');
  });

  test('a wall clock that is set back does not prolong a term', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    let back = 0;
    const { clock } = time;
    const a = new Candidate('a', server, time, {
      clock: { ...clock, unixMilliseconds: () => clock.unixMilliseconds() - back },
    }).run();
    await time.advance(1 * SECOND);
    a.cut = true;
    back = 3600 * SECOND;
    await time.advance(9 * SECOND - 1);
    assert(a.leads);
    await time.advance(1 * SECOND);
    assert(!a.leads);
  });

  test('a term counts from when its renewal was sent, not from when the answer came', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    // By the monotonic clock alone: the wall clock stands still.
    const clock = { ...time.clock, unixMilliseconds: () => 1_800_000_000_000 };
    const a = new Candidate('a', server, time, { clock }).run();
    await time.advance(1 * SECOND);
    a.answerMilliseconds = 4 * SECOND;
    // Sent at 2 s, answered at 6 s.
    await time.advance(6 * SECOND);
    a.cut = true;
    await time.advance(5 * SECOND - 1);
    assert(a.leads);
    await time.advance(2);
    assert(!a.leads);
  });

  test('an operator who takes the lease away ends the term, and a new one has a new token', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    const a = new Candidate('a', server, time).run();
    await time.advance(1 * SECOND);
    server.change(server.find('Lease', 'kisimd')!, (copy) => {
      copy['spec'] = { ...(copy['spec'] as object), holderIdentity: '' };
    });
    await time.advance(10 * SECOND);
    assert.deepEqual(a.events, ['started 0', 'ended 0', 'started 1']);
    assert.equal(lease(server).spec?.leaseTransitions, 1);
  });

  test('an operator who gives the lease to somebody else ends the term at the next renewal', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    const a = new Candidate('a', server, time).run();
    await time.advance(1 * SECOND);
    server.change(server.find('Lease', 'kisimd')!, (copy) => {
      copy['spec'] = { ...(copy['spec'] as object), holderIdentity: 'operator' };
    });
    await time.advance(2 * SECOND);
    assert(!a.leads);
    assert.deepEqual(a.events, ['started 0', 'ended 0']);
    await time.advance(30 * SECOND);
    assert.deepEqual(a.tokens, [0, 1], 'the operator did not renew it');
  });

  test('a lease that somebody removed is made again, and terms go on being counted', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    const a = new Candidate('a', server, time).run();
    await time.advance(1 * SECOND);
    a.stop.abort();
    await a.running;
    const b = new Candidate('b', server, time).run();
    await time.advance(1 * SECOND);
    server.remove(server.find('Lease', 'kisimd')!);
    await time.advance(4 * SECOND);
    assert(b.leads);
    assert.deepEqual(b.events, ['started 1']);
    assert.equal(lease(server).spec?.leaseTransitions, 1);
  });

  test('a renewal whose answer was lost is found in the lease', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    const a = new Candidate('a', server, time).run();
    await time.advance(1 * SECOND);
    server.faults.add({ method: 'PUT', fault: 'cut-after' });
    await time.advance(60 * SECOND);
    assert(a.leads);
    assert.deepEqual(a.events, ['started 0']);
  });

  test('a lease of another form is free: one without a holder, one without a spec', async () => {
    for (const parts of [{}, { spec: { leaseDurationSeconds: 15 } }]) {
      const [server, time] = [new MemoryApi(), new ManualTime()];
      server.create({
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'kisimd' },
        ...parts,
      });
      const a = new Candidate('a', server, time).run();
      await time.advance(1);
      assert(a.leads);
    }
  });

  test('what the server forbids is told once, and asked again', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    const told: unknown[] = [];
    const log = {
      ...silentLogger,
      warn: (_event: string, fields?: Readonly<Record<string, unknown>>) => told.push(fields?.['error']),
    };
    server.faults.add({ times: 10, fault: { status: 403 } });
    const a = new Candidate('a', server, time, { log }).run();
    await time.advance(60 * SECOND);
    assert(a.leads);
    assert.equal(told.length, 1);
    assert.equal((told[0] as { code: string }).code, 'KISIM_E_KUBE_FORBIDDEN');
  });

  test('a fault of the program ends it', async () => {
    const server = new MemoryApi();
    const time = new ManualTime();
    server.meanwhile = () => {
      throw new TypeError('a bug');
    };
    await assert.rejects(new Candidate('a', server, time).run().running, TypeError);
  });

  test('a fault while it leads ends its term', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    const a = new Candidate('a', server, time).run();
    const ended = assert.rejects(a.running, TypeError);
    await time.advance(1 * SECOND);
    assert(a.leads);
    server.meanwhile = () => {
      throw new TypeError('a bug');
    };
    await time.advance(2 * SECOND);
    await ended;
    assert(!a.leads);
  });

  test('what is still being done is waited for before the lease is handed back', async () => {
    const [server, time] = [new MemoryApi(), new ManualTime()];
    const work = Promise.withResolvers<void>();
    const signals: AbortSignal[] = [];
    const a = new Candidate('a', server, time, {
      started: ({ signal }) => signals.push(signal),
      ended: () => work.promise,
    }).run();
    await time.advance(1);
    a.stop.abort();
    await time.advance(1);
    assert(signals[0]?.aborted);
    assert(!a.leads);
    assert.equal(lease(server).spec?.holderIdentity, 'a');
    work.resolve();
    await a.running;
    assert.equal(lease(server).spec?.holderIdentity, '');
  });

  test('times that contradict each other are refused', () => {
    for (const [leaseSeconds, renewSeconds, retrySeconds] of [
      [10, 10, 2],
      [15, 2, 2],
      [15, 10, 0],
    ] as const) {
      assert.throws(
        () =>
          new Candidate('a', new MemoryApi(), new ManualTime(), {
            times: { leaseSeconds, renewSeconds, retrySeconds },
          }),
        { code: 'KISIM_E_KUBE_LEASE' },
      );
    }
  });
});

test('whatever is cut and when, there are never two leaders, and tokens grow', async () => {
  const faults = fc.array(
    fc.record({
      who: fc.constantFrom(0, 1, 2),
      what: fc.constantFrom('cut' as const, 'hangs' as const, 'stop' as const),
      after: fc.integer({ min: 0, max: 20 * SECOND }),
      lasts: fc.integer({ min: 1, max: 40 * SECOND }),
    }),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(faults, async (plan) => {
      const [server, time] = [new MemoryApi(), new ManualTime()];
      const tokens: number[] = [];
      const everyone = ['a', 'b', 'c'].map((name, i) =>
        new Candidate(name, server, time, {
          ahead: i * 100_000,
          started: ({ fencingToken }) => tokens.push(fencingToken),
        }).run(),
      );
      const watch = async (milliseconds: number) => {
        for (let passed = 0; passed < milliseconds; passed += 500) {
          await time.advance(500);
          assert(everyone.filter(({ leads }) => leads).length <= 1, 'two leaders');
        }
      };
      for (const { who, what, after, lasts } of plan) {
        await watch(after);
        const one = everyone[who]!;
        if (what === 'stop') one.stop.abort();
        else {
          one[what] = true;
          await watch(lasts);
          one[what] = false;
        }
      }
      await watch(40 * SECOND);
      const alive = everyone.filter(({ stop }) => !stop.signal.aborted);
      assert.equal(everyone.filter(({ leads }) => leads).length, alive.length === 0 ? 0 : 1);
      for (let i = 1; i < tokens.length; i++) assert(tokens[i]! > tokens[i - 1]!, `tokens ${tokens}`);
    }),
    { numRuns: 25 },
  );
});

test('a time of a lease has six digits', () => {
  assert.equal(microTime(1_800_000_000_007), '2027-01-15T08:00:00.007000Z');
});

test('no two processes have one identity', () => {
  assert.notEqual(newIdentity(), newIdentity());
});
