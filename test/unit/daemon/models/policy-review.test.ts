import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { runCli } from '../../../../src/cli/program.ts';
import type { Config } from '../../../../src/config/config.ts';
import { defaultConfig } from '../../../../src/config/defaults.ts';
import { PolicyReview } from '../../../../src/daemon/models/policy-review.ts';
import type { QuietProcess } from '../../../../src/daemon/models/quiet-process.ts';
import { openHistory, recordingLogger } from '../../../support/open-history.ts';
import { fakeHost } from '../../cli/fake-host.ts';

const HOUR = 3_600_000;

/** A review whose processes end as they are told to, and whose time passes when `pass` is called. */
function review(t: TestContext, path: string, scheduleHours = 0) {
  const base = defaultConfig({}, { hostname: 'h', uid: 0, homeDirectory: '/' });
  const config: Config = {
    ...base,
    history: { ...base.history, path },
    training: { ...base.training, scheduleHours },
  };
  const { log, events } = recordingLogger();
  const started: (readonly string[])[] = [];
  const ends: PromiseWithResolvers<Awaited<QuietProcess['ended']>>[] = [];
  let waiting: { readonly call: () => void; readonly milliseconds: number } | undefined;
  let stops = 0;
  const service = new PolicyReview({
    config,
    cluster: 'live',
    log,
    start: (args) => {
      started.push(args);
      const end = Promise.withResolvers<Awaited<QuietProcess['ended']>>();
      ends.push(end);
      const stop = () => {
        stops++;
        end.resolve({ status: 130, told: '' });
      };
      return { ended: end.promise, stop };
    },
    later: (call, milliseconds) => {
      waiting = { call, milliseconds };
      return () => {
        waiting = undefined;
      };
    },
  });
  t.after(() => service.stop());
  service.start();
  return {
    service,
    started,
    events: () => events.map(({ event }) => event),
    waits: () => waiting?.milliseconds,
    stops: () => stops,
    pass: () => {
      const { call } = waiting!;
      waiting = undefined;
      call();
    },
    end: async (status: number, told: string) => {
      ends.at(-1)!.resolve({ status, told });
      // What follows the end of a process takes some turns.
      for (let turn = 0; turn < 5; turn++) await setImmediate();
    },
  };
}

test('the first review comes some minutes after the start, and the next a day after it where nothing is trained', async (t) => {
  const { started, waits, pass, end, events } = review(t, '/history.db');
  assert.equal(started.length, 0);
  assert.equal(waits(), 600_000);
  pass();
  assert.equal(started.length, 1);
  assert.equal(waits(), undefined);
  await end(0, 'policy  marginal-run-out');
  assert.equal(waits(), 24 * HOUR);
  assert.deepEqual(events(), ['policy-reviewed']);
});

test('it comes as often as models are trained', async (t) => {
  const { waits, pass, end } = review(t, '/history.db', 6);
  pass();
  await end(0, '');
  assert.equal(waits(), 6 * HOUR);
});

test('a history that is too short is no failure; both are tried again in an hour', async (t) => {
  const { waits, pass, end, events } = review(t, '/history.db');
  pass();
  await end(1, 'KISIM_E_LEARNING_HISTORY: the history is too short');
  assert.equal(waits(), HOUR);
  pass();
  await end(1, 'KISIM_E_HISTORY_OPEN');
  assert.equal(waits(), HOUR);
  assert.deepEqual(events(), ['policy-review-too-early', 'policy-review-failed']);
});

test('stopping stops a review that is under way, and none follows', async (t) => {
  const { service, stops, pass, waits } = review(t, '/history.db');
  pass();
  await service.stop();
  assert.equal(stops(), 1);
  assert.equal(waits(), undefined);
});

test('what it starts is understood by the program, and says so where it is too early', async (t) => {
  const { history, path } = openHistory(t);
  history.close();
  const { started, pass, end } = review(t, path);
  pass();
  const host = fakeHost();
  const status = await runCli([...started[0]!], host);
  assert.equal(status, 1);
  assert.match(host.err(), /^KISIM_E_LEARNING_HISTORY/);
  await end(1, host.err());
});
