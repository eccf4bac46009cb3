import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClosedLoopPlan, ScriptStep } from '../../../../src/load/http/closed-loop.ts';
import type { OpenLoopPlan } from '../../../../src/load/http/open-loop.ts';
import { type LoadPlan, type LoadResult, runLoad } from '../../../../src/load/http/run-load.ts';
import { makeTarget } from '../../../../src/load/http/target.ts';
import { patternErrors } from '../../../../src/load/pattern/errors.ts';
import { StepPattern } from '../../../../src/load/pattern/load-pattern.ts';
import { constantPattern, spikePattern } from '../../../../src/load/pattern/shapes.ts';
import { PlayedTime } from '../../../support/played-time.ts';
import { type PlayedAnswer, PlayedTransport } from '../../../support/played-transport.ts';

const target = makeTarget({ url: 'http://played/' });

function open(level: number, seconds: number, more: Partial<OpenLoopPlan> = {}): OpenLoopPlan {
  return {
    kind: 'open',
    pattern: constantPattern(level, seconds),
    spacing: 'even',
    mostConnections: 1000,
    ...more,
  };
}

const request: ScriptStep = { kind: 'request', target: 0 };
const think = (seconds: number): ScriptStep => ({ kind: 'think', time: { kind: 'constant', seconds } });

function closed(
  users: number,
  seconds: number,
  script: readonly ScriptStep[] = [request],
  loops = Number.POSITIVE_INFINITY,
): ClosedLoopPlan {
  return {
    kind: 'closed',
    groups: [{ name: 'users', pattern: constantPattern(users, seconds), script, loops }],
  };
}

interface Played {
  readonly result: LoadResult;
  readonly server: PlayedTransport;
}

async function play(
  loop: LoadPlan['loop'],
  answer: (request: number, at: number) => PlayedAnswer,
  more: Partial<LoadPlan> & { readonly stopAfter?: number } = {},
): Promise<Played> {
  const time = new PlayedTime();
  const server = new PlayedTransport(time, answer);
  const { stopAfter, ...plan } = more;
  const stop = new AbortController();
  if (stopAfter !== undefined) time.after(stopAfter, () => stop.abort());
  const run = runLoad(
    {
      targets: [target],
      loop,
      timeoutMilliseconds: 10_000,
      giveUpMilliseconds: 5000,
      seed: 1,
      ...plan,
    },
    { transport: server, time, signal: stop.signal },
  );
  await time.play(200_000);
  const result = await run;
  assert.equal(time.timers, 0, 'a timer is left');
  return { result, server };
}

test('an open loop sends what the pattern adds up to, when it is due', async () => {
  const pattern = spikePattern({ low: 10, high: 100, durationSeconds: 10 });
  const { result, server } = await play({ ...open(1, 1), pattern }, () => ({ milliseconds: 3 }));
  assert.equal(result.ended, 'complete');
  assert.equal(result.total.sent, 460);
  assert.deepEqual(
    result.seconds.map(({ sent }) => sent),
    [10, 10, 10, 100, 100, 100, 100, 10, 10, 10],
  );
  assert.deepEqual(
    result.seconds.map(({ wanted }) => Math.round(wanted)),
    [10, 10, 10, 100, 100, 100, 100, 10, 10, 10],
  );
  assert.ok(Math.abs(server.requests[1]!.atMilliseconds - 150) < 1e-6);
  assert.equal(result.total.latency?.p99, 3);
  assert.equal(result.elapsedSeconds, 10);
});

test('a server that stalls is charged with all who came while it did', async () => {
  // It answers in 1 ms, but nothing from second 4 to second 5. Of the 100 that come then, number k waits until the stall is
  // over and for those before it: 1001 - 9 k ms. So the 50th longest of 1000 is about 555 ms and the 10th 915 ms.
  const stalled = (_: number, at: number) => ({ milliseconds: at >= 4000 && at < 5000 ? 5001 - at : 1 });
  const one = open(100, 10, { mostConnections: 1 });
  const { result } = await play(one, stalled);
  assert.equal(result.total.answered, 1000);
  const { latency } = result.total;
  assert.ok(Math.abs(latency!.p95 - 555) < 15, `p95 is ${latency!.p95}`);
  assert.ok(Math.abs(latency!.p99 - 915) < 15, `p99 is ${latency!.p99}`);
  // A closed loop of one user meets the stall once, and is as good as blind to it.
  const { result: blind } = await play(closed(1, 10, [think(0.009), request]), stalled);
  assert.ok(blind.total.latency!.p99 < 2);
});

test('what is due while all connections are busy waits for one, in order', async () => {
  const { result, server } = await play(open(10, 1, { mostConnections: 2 }), () => ({ milliseconds: 400 }));
  assert.equal(server.connections, 2);
  assert.equal(result.total.answered, 10);
  // Due at 50, 150, ... 950; two at a time, 400 ms each.
  assert.deepEqual(
    server.requests.map(({ atMilliseconds }) => Math.round(atMilliseconds)),
    [50, 150, 450, 550, 850, 950, 1250, 1350, 1650, 1750],
  );
  assert.equal(result.total.latency?.max, 1200);
  assert.equal(result.lateness?.max, 800);
});

test('connections are opened as they are needed and used again', async () => {
  const { server } = await play(open(10, 5), () => ({ milliseconds: 250 }));
  assert.equal(server.connections, 3);
});

test('who is not answered in time is given up, and counts with the time that it waited', async () => {
  const { result, server } = await play(open(10, 1), (i) => (i === 4 ? 'never' : { milliseconds: 2 }), {
    timeoutMilliseconds: 300,
  });
  assert.equal(result.total.answered, 9);
  assert.deepEqual(result.total.errorsByKind, { timeout: 1 });
  assert.equal(result.total.latency?.count, 10);
  assert.ok(result.total.latency!.max >= 300 && result.total.latency!.max <= 310);
  assert.equal(server.abandoned, server.connections + 1);
});

test('who never got a connection is a time-out too, and was never sent', async () => {
  const { result, server } = await play(open(1000, 1, { mostConnections: 1 }), () => 'never', {
    timeoutMilliseconds: 300,
  });
  assert.deepEqual(result.total.errorsByKind, { timeout: 1000 });
  assert.equal(result.total.latency?.count, 1000);
  assert.equal(result.total.sent, server.requests.length);
  assert.ok(result.total.sent < 500, `sent ${result.total.sent}`);
});

test('answers of 400 and above are errors with their status, and have a latency', async () => {
  const { result } = await play(open(10, 1), (i) => ({
    milliseconds: 2,
    status: i < 3 ? 503 : 200,
    bytes: 7,
  }));
  assert.equal(result.total.errors, 3);
  assert.deepEqual(result.total.errorsByKind, { 'status 503': 3 });
  assert.deepEqual(result.total.byStatus, { 200: 7, 503: 3 });
  assert.equal(result.total.latency?.count, 10);
  assert.equal(result.total.bytes, 70);
});

test('targets are drawn by their weights, the same from the same seed', async () => {
  const targets = [
    makeTarget({ url: 'http://played/one' }),
    makeTarget({ url: 'http://played/three', weight: 3 }),
  ];
  const run = (seed: number) => play(open(1000, 4), () => ({ milliseconds: 1 }), { targets, seed });
  const { result, server } = await run(5);
  const share = result.targets[1]!.sent / result.total.sent;
  assert.ok(Math.abs(share - 0.75) < 0.02, `share is ${share}`);
  const paths = (of: PlayedTransport) => of.requests.map(({ target: { path } }) => path).join();
  assert.equal(paths((await run(5)).server), paths(server));
  assert.notEqual(paths((await run(6)).server), paths(server));
});

test('a target that refuses from the start ends the run at once', async () => {
  const { result, server } = await play(open(10, 60), () => ({ fails: 'refused' }));
  assert.equal(result.ended, 'failed');
  assert.equal(result.failure?.code, 'KISIM_E_LOAD_REFUSED');
  assert.match(result.failure.message, /GET http:\/\/played\/: refused/);
  assert.equal(server.requests.length, 1);
});

test('a target that goes away ends the run when it stays away, and what was measured is there', async () => {
  const { result } = await play(open(10, 60), (_, at) =>
    at < 10_000 ? { milliseconds: 1 } : { fails: 'refused' },
  );
  assert.equal(result.ended, 'failed');
  assert.equal(result.failure?.code, 'KISIM_E_LOAD_TARGET_GONE');
  assert.equal(result.total.answered, 100);
  assert.ok(result.elapsedSeconds >= 15 && result.elapsedSeconds < 15.2);
  assert.equal(result.total.errorsByKind['refused'], result.total.errors);
});

test('a target that never says anything ends the run too, though slowly', async () => {
  const { result } = await play(open(10, 600), () => 'never', { timeoutMilliseconds: 1000 });
  assert.equal(result.failure?.code, 'KISIM_E_LOAD_TARGET_GONE');
  assert.match(result.failure.message, /timeout, no answer for 5\.\d s/);
  assert.ok(result.elapsedSeconds < 7);
});

test('a target that is asked seldom is not given up for a failure or two', async () => {
  const { result } = await play(open(0.1, 100), (i) =>
    i >= 3 && i < 6 ? { fails: 'refused' } : { milliseconds: 1 },
  );
  assert.equal(result.ended, 'complete');
  assert.equal(result.total.errors, 3);
});

test('a target that comes back in time is forgiven', async () => {
  const { result } = await play(open(10, 20), (_, at) =>
    at < 5000 || at >= 9000 ? { milliseconds: 1 } : { fails: 'refused' },
  );
  assert.equal(result.ended, 'complete');
  assert.equal(result.total.errors, 40);
});

test('users send again when they are answered', async () => {
  const { result, server } = await play(closed(3, 10), () => ({ milliseconds: 100 }));
  assert.equal(server.connections, 3);
  assert.equal(result.total.sent, 300);
  assert.equal(result.seconds[4]!.users, 3);
  assert.equal(result.total.latency?.max, 100);
});

test('users think before each request', async () => {
  const { result } = await play(closed(2, 10, [think(0.3), request]), () => ({ milliseconds: 100 }));
  // Every 400 ms from 300 ms on, two users.
  assert.equal(result.total.sent, 50);
});

test('users come and go with the pattern, and end the request that they are in', async () => {
  const pattern = new StepPattern('up and down', [
    { untilSeconds: 2, level: 1 },
    { untilSeconds: 4, level: 3 },
    { untilSeconds: 6, level: 1 },
  ]);
  const { result } = await play(
    { kind: 'closed', groups: [{ name: 'g', pattern, script: [request], loops: Number.POSITIVE_INFINITY }] },
    () => ({ milliseconds: 150 }),
  );
  assert.deepEqual(
    result.seconds.map(({ users }) => users),
    [1, 1, 3, 3, 1, 1],
  );
  assert.equal(result.total.sent, result.total.answered);
  assert.equal(result.elapsedSeconds, 6);
});

test('a script is gone through as often as it says, by every user', async () => {
  const { result } = await play(closed(4, 1000, [request, think(1), request], 3), () => ({
    milliseconds: 10,
  }));
  assert.equal(result.ended, 'complete');
  assert.equal(result.total.sent, 24);
  assert.ok(result.elapsedSeconds < 4);
});

test('users do not hammer a server that resets them', async () => {
  const { result } = await play(closed(1, 10), (i) => (i === 0 ? { milliseconds: 1 } : { fails: 'reset' }));
  assert.ok(result.total.sent <= 101, `sent ${result.total.sent}`);
  assert.deepEqual(Object.keys(result.total.errorsByKind), ['reset']);
});

test('a user whose request timed out opens a new connection and goes on', async () => {
  const { result } = await play(closed(1, 1.95), (i) => (i === 0 ? 'never' : { milliseconds: 100 }), {
    timeoutMilliseconds: 500,
  });
  assert.deepEqual(result.total.errorsByKind, { timeout: 1 });
  assert.equal(result.total.answered, 15);
});

test('a run that is stopped gives what it has, and tells what was under way', async () => {
  const { result } = await play(open(10, 60), () => ({ milliseconds: 200 }), { stopAfter: 2500 });
  assert.equal(result.ended, 'stopped');
  assert.equal(result.elapsedSeconds, 2.5);
  assert.equal(result.total.answered + result.unanswered, result.total.sent);
  assert.equal(result.seconds.length, 3);
  assert.equal(result.seconds[2]!.seconds, 0.5);
});

test('what cannot be told of a second ends the run with what it has', async () => {
  for (const [error, ended] of [
    [patternErrors.KISIM_E_LOAD_PATTERN('a full disk'), 'failed'],
    [new TypeError('a mistake'), 'thrown'],
  ] as const) {
    const time = new PlayedTime();
    const server = new PlayedTransport(time, () => ({ milliseconds: 10 }));
    let told = 0;
    const run = runLoad(
      { targets: [target], loop: open(10, 60), timeoutMilliseconds: 1000, giveUpMilliseconds: 1000, seed: 1 },
      {
        transport: server,
        time,
        onSecond() {
          told++;
          if (told === 3) throw error;
        },
      },
    ).then(
      (result) => {
        assert.equal(result.failure, error);
        assert.equal(result.total.sent, 30);
        return result.ended;
      },
      (thrown) => {
        assert.equal(thrown, error);
        return 'thrown';
      },
    );
    await time.play(100_000);
    assert.equal(await run, ended);
    assert.equal(told, 3);
    assert.equal(time.timers, 0);
  }
});
