import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cliErrors } from '../../../../src/cli/errors.ts';
import {
  DaemonPlacement,
  onlyRemark,
  SimulatedSource,
  sourceLines,
} from '../../../../src/cli/top/placement-source.ts';
import { simulatedView } from '../../../support/placement-views.ts';

test('the view of the daemon is shown; a daemon without a loop says that it is off', async () => {
  const answers = [simulatedView(), undefined];
  for (const [i, wanted] of [/^placement {2}SIMULATED/, /^placement {2}is off in the daemon/].entries()) {
    const source = new DaemonPlacement({ placement: async () => answers[i] }, 1_000_000);
    await source.start();
    source.stop();
    assert.match(sourceLines(source)[0]!, wanted);
  }
});

test('a daemon that does not answer is told, and the old figures are not shown as new ones', async () => {
  let asked = 0;
  const { promise: askedTwice, resolve } = Promise.withResolvers<void>();
  const source = new DaemonPlacement(
    {
      placement: async () => {
        if (++asked === 1) return simulatedView();
        resolve();
        throw cliErrors.KISIM_E_CLI_NO_DAEMON('http://127.0.0.1:1/v1/placement');
      },
    },
    1,
  );
  await source.start();
  assert.ok(source.view !== undefined);
  await askedTwice;
  source.stop();
  await new Promise((done) => setImmediate(done));
  assert.equal(source.view, undefined);
  assert.match(sourceLines(source)[0]!, /is not known: .*127\.0\.0\.1:1/);
});

test('a defect is not taken for a daemon that is away', async () => {
  const source = new DaemonPlacement(
    { placement: () => Promise.reject(new TypeError('a defect')) },
    1_000_000,
  );
  await assert.rejects(Promise.resolve(source.start()), TypeError);
});

test('the loop of this process is started and stopped with the table', async () => {
  const calls: string[] = [];
  const placement = {
    name: 'placement',
    start: () => void calls.push('start'),
    stop: () => void calls.push('stop'),
  };
  const source = new SimulatedSource(placement, () => simulatedView());
  await source.start();
  assert.match(sourceLines(source)[0]!, /SIMULATED/);
  await source.stop();
  assert.deepEqual(calls, ['start', 'stop']);
});

test('nothing asked for is nothing shown; a remark is one line', () => {
  assert.deepEqual(sourceLines(undefined), []);
  assert.deepEqual(sourceLines(onlyRemark('is off')), ['placement  is off']);
});
