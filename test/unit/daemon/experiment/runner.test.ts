import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ExperimentRunner } from '../../../../src/daemon/experiment/runner.ts';
import type { JournalEvent } from '../../../../src/evaluation/switchback/journal-records.ts';
import { measure } from '../../../../src/evaluation/switchback/measure.ts';
import { scheduleOf } from '../../../../src/evaluation/switchback/plan.ts';
import type { DecisionRecord } from '../../../../src/history/decision-record.ts';
import { LinearCurve } from '../../../../src/power-model/linear-curve.ts';
import { KisimError } from '../../../../src/util/errors.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { playedExperiment } from '../../../support/played-experiment.ts';
import { planOf } from '../../../support/played-switchback.ts';

const plan = planOf({ pairs: 6, periodSeconds: 30, washOutSeconds: 10 });
const ALL = 12 * 30_000;
/** Of played time. */
const START = 1_800_000_000_000;

function played(given: Parameters<typeof playedExperiment>[1] = {}) {
  const experiment = playedExperiment(plan, given);
  experiment.energy.add('n1', 4000, new LinearCurve(100, 200, 'synthetic'));
  const measured = () => measure(experiment.journal.header, experiment.journal.lines);
  const kinds = (...wanted: JournalEvent['kind'][]) =>
    experiment.journal.lines.filter(({ kind }) => wanted.includes(kind));
  return { ...experiment, measured, kinds };
}

function coded(code: string): (error: unknown) => boolean {
  return (error) => error instanceof KisimError && error.code === `KISIM_E_EXPERIMENT_${code}`;
}

describe('a plan', () => {
  test('is carried out period by period, and its energy is read', async () => {
    const { runner, time, used, measured, pods, ending, kinds } = played();
    const done = runner.run(ending.signal);
    await time.advance(ALL + 1000);
    assert.equal(await done, true);
    assert.deepEqual(
      used,
      scheduleOf(plan).map(({ policy }) => policy),
    );
    const { periods, nextPair } = measured();
    assert.equal(nextPair, 6);
    assert.deepEqual(
      periods.map(({ whole }) => [Math.round(whole.joules!), whole.knownShare]),
      periods.map(() => [2000, 1]),
    );
    assert(pods.isStopped);
    assert.equal(kinds('stop').length, 1);
  });

  test('that is finished is not begun again', async () => {
    const first = played();
    const done = first.runner.run(first.ending.signal);
    await first.time.advance(ALL + 1000);
    await done;
    const again = new ExperimentRunner(first.options);
    assert.equal(await again.run(new AbortController().signal), true);
    assert.equal(first.used.length, 12);
  });

  test('has two periods that follow each other without a gap', async () => {
    const { runner, time, ending, kinds } = played();
    const done = runner.run(ending.signal);
    await time.advance(ALL + 1000);
    await done;
    const at = kinds('period').map((event) => (event as { at: number }).at);
    for (let i = 1; i < at.length; i++) assert.equal(at[i]! - at[i - 1]!, 30_000);
  });

  test('tells how it goes on', async () => {
    const told: string[] = [];
    const { runner, time, ending } = played({
      progress: ({ period, periods, doing, secondsLeftOfPeriod, secondsLeft }) =>
        void told.push(`${period.index + 1}/${periods} ${doing} ${secondsLeftOfPeriod} ${secondsLeft}`),
    });
    const done = runner.run(ending.signal);
    await time.advance(ALL + 1000);
    await done;
    assert.equal(told[0], '1/12 wash-out 30 360');
    assert(told.includes('1/12 measuring 20 350'), told.slice(0, 15).join('\n'));
    assert(told.includes('12/12 measuring 1 1'));
  });
});

describe('an experiment that is stopped', () => {
  test('ends in order, and another run begins its pair again', async () => {
    const first = played();
    const done = first.runner.run(first.ending.signal);
    await first.time.advance(75_000);
    first.ending.abort();
    await first.time.advance(1);
    assert.equal(await done, false);
    assert(first.pods.isStopped);
    assert.deepEqual(
      first.kinds('broken', 'stop').map((event) => 'why' in event && event.why),
      ['stopped', 'stopped'],
    );
    assert.equal(first.measured().periods.length, 2);
    const again = new ExperimentRunner(first.options);
    const rest = again.run(new AbortController().signal);
    await first.time.advance(ALL - 60_000 + 1000);
    assert.equal(await rest, true);
    assert.deepEqual(
      first.used.slice(3),
      first.used.slice(2, 3).concat(
        scheduleOf(plan)
          .slice(3)
          .map((each) => each.policy),
      ),
    );
    assert.equal(first.measured().periods.length, 12);
  });

  test('by a kill goes on with the pair that was under way', async () => {
    const first = played();
    // Nothing of the first life is heard of again.
    void first.runner.run(first.ending.signal);
    await first.time.advance(45_000);
    const lines = [...first.journal.lines];
    const second = played();
    second.time.now = 100_000;
    second.journal.lines.push(...lines);
    const done = second.runner.run(second.ending.signal);
    await second.time.advance(ALL + 1000);
    assert.equal(await done, true);
    assert.equal(second.used.length, 12);
    assert.equal(second.measured().periods.length, 12);
    assert.equal(second.measured().periods[0]!.fromUnixMilliseconds, 1_800_000_000_000 + 110_000);
  });
});

test('wherever the program is killed, another run finishes the plan, and every period is known', async () => {
  const first = played();
  const done = first.runner.run(first.ending.signal);
  await first.time.advance(ALL + 1000);
  await done;
  const { lines } = first.journal;
  const random = new RandomStream(8);
  const cuts = [1, 2, lines.length - 1, ...Array.from({ length: 25 }, () => random.integer(lines.length))];
  for (const cut of cuts) {
    const again = played();
    again.journal.lines.push(...lines.slice(0, cut));
    const last = lines[cut - 1];
    again.time.now = (last === undefined ? 0 : last.at - START) + 700;
    const finished = again.runner.run(again.ending.signal);
    await again.time.advance(ALL + 1000);
    assert.equal(await finished, true, `cut at ${cut}`);
    const { periods } = again.measured();
    assert.deepEqual(
      periods.map(({ index, whole }) => [index, Math.round(whole.joules!), whole.knownShare]),
      Array.from({ length: 12 }, (_, index) => [index, 2000, 1]),
      `cut at ${cut}`,
    );
  }
});

describe('a pair is begun again', () => {
  test('when the lease is lost meanwhile, once it is held again', async () => {
    const { runner, time, ending, world, used, kinds, measured } = played();
    const done = runner.run(ending.signal);
    await time.advance(45_000);
    world.hindrance = { kind: 'not-leading', says: 'host-2 leads' };
    await time.advance(5_000);
    assert.deepEqual(
      kinds('broken').map((event) => 'why' in event && event.why),
      ['host-2 leads'],
    );
    world.hindrance = undefined;
    await time.advance(ALL + 2000);
    assert.equal(await done, true);
    assert.equal(used.length, 14);
    assert.equal(measured().periods.length, 12);
  });

  test('after a pause, however long', async () => {
    const told: string[] = [];
    const { runner, time, ending, world, measured } = played({
      progress: ({ doing, why }) => void (doing === 'waiting' && told.push(why!)),
    });
    const done = runner.run(ending.signal);
    await time.advance(15_000);
    world.hindrance = { kind: 'paused', says: 'paused: a storm' };
    await time.advance(500_000);
    world.hindrance = undefined;
    await time.advance(ALL + 2000);
    assert.equal(await done, true);
    assert(told.length > 400 && told.every((why) => why === 'paused: a storm'));
    assert.equal(measured().periods.length, 12);
  });

  test('when the clock was set', async () => {
    let set = 0;
    const { runner, time, ending, kinds } = played({
      clock: {
        monotonicNanoseconds: () => time.clock.monotonicNanoseconds(),
        unixMilliseconds: () => time.clock.unixMilliseconds() + set,
      },
    });
    const done = runner.run(ending.signal);
    await time.advance(15_000);
    set = 3_600_000;
    await time.advance(2_000);
    assert.match(JSON.stringify(kinds('broken')), /the clock of this host was set/);
    ending.abort();
    await done;
  });

  test('and not for ever', async () => {
    const { runner, time, ending, world } = played();
    const done = runner.run(ending.signal);
    const failed = assert.rejects(done, coded('INTERRUPTED'));
    for (let i = 0; i < 5; i++) {
      await time.advance(15_000);
      world.hindrance = { kind: 'paused', says: 'paused' };
      await time.advance(2_000);
      world.hindrance = undefined;
    }
    await time.advance(2_000);
    await failed;
  });
});

test('another leader is waited for as long as a dead one would keep the lease, then told', async () => {
  const { runner, time, ending, world, used, pods, journal } = played();
  world.hindrance = { kind: 'not-leading', says: 'host-2_abc leads' };
  const failed = assert.rejects(
    runner.run(ending.signal),
    (error) => coded('NOT_LEADING')(error) && /host-2_abc/.test((error as Error).message),
  );
  await time.advance(45_000);
  await failed;
  assert.deepEqual(used, []);
  assert(pods.isStopped);
  // It may be going on with this very journal.
  assert.deepEqual(journal.lines, []);
});

describe('what goes wrong', () => {
  test('a disk that takes nothing ends the experiment with its reason', async () => {
    const { runner, time, ending, journal, pods } = played();
    const done = runner.run(ending.signal);
    const failed = assert.rejects(done, /disk full/);
    await time.advance(15_000);
    journal.full = true;
    await time.advance(5_000);
    await failed;
    assert(pods.isStopped);
  });

  test('a reading that fails is a hole in the energy, and told', async () => {
    const { runner, time, ending, energy, events, measured } = played();
    const { read } = energy;
    let failing = false;
    energy.read = function (this: typeof energy) {
      return failing ? Promise.reject(new Error('no answer')) : read.call(this);
    };
    const done = runner.run(ending.signal);
    await time.advance(15_000);
    failing = true;
    await time.advance(10_000);
    failing = false;
    await time.advance(ALL);
    await done;
    assert(events.some(({ event }) => event === 'experiment-energy-not-read'));
    const [first, second] = measured().periods;
    assert.equal(first!.whole.joules, undefined);
    assert.equal(Math.round(second!.whole.joules!), 2000);
  });

  test('a reading that hangs at the end is not waited for', async () => {
    const { runner, time, ending, energy } = played();
    const { read } = energy;
    let hangs = false;
    energy.read = function (this: typeof energy, signal?: AbortSignal) {
      if (!hangs) return read.call(this);
      return new Promise((_, reject) => {
        signal!.addEventListener('abort', () => reject(new Error('called off')));
      });
    };
    const done = runner.run(ending.signal);
    await time.advance(ALL - 5_000);
    hangs = true;
    await time.advance(50_000);
    assert.equal(await done, true);
  });

  test('energy that is not known of two pairs ends the experiment, and names the node', async () => {
    const { runner, time, ending, energy, used } = played();
    energy.add('n2', 4000, new LinearCurve(1, 2, 'synthetic'));
    energy.missing.set('n2', 'nobody meters it');
    const failed = assert.rejects(
      runner.run(ending.signal),
      (error) =>
        coded('ENERGY_MISSING')(error) && /n2 0 % is known: n2: nobody meters it/.test(String(error)),
    );
    await time.advance(ALL);
    await failed;
    assert.equal(used.length, 4);
  });

  test('missing nodes are told when they change', async () => {
    const { runner, time, ending, energy, events } = played();
    const done = runner.run(ending.signal);
    await time.advance(12_000);
    energy.missing.set('n1', 'no series');
    await time.advance(10_000);
    ending.abort();
    await time.advance(1);
    await done;
    const told = events.filter(({ event }) => event === 'experiment-energy-missing');
    assert.deepEqual(
      told.map(({ fields }) => fields['says']),
      ['n1: no series'],
    );
  });
});

describe('decisions', () => {
  const decision = (given: Partial<DecisionRecord>): DecisionRecord => ({
    unixMilliseconds: 0,
    namespace: 'team',
    pod: 'p',
    uid: 'u',
    node: 'n1',
    policy: 'learned',
    fellBack: undefined,
    terms: [],
    others: [],
    reference: undefined,
    candidates: 1,
    mode: 'act',
    outcome: 'placed',
    reason: undefined,
    heldMilliseconds: 1,
    ...given,
  });

  test('are kept with who made them', async () => {
    const { runner, time, ending, kinds, measured } = played();
    runner.record(decision({}));
    const done = runner.run(ending.signal);
    await time.advance(15_000);
    runner.record(decision({}));
    runner.record(decision({ policy: 'best-fit', fellBack: { from: 'learned', why: 'it failed' } }));
    runner.record(decision({ outcome: 'freed', reason: 'no-node', node: undefined }));
    runner.record(
      decision({ policy: 'default', outcome: 'freed', reason: 'default-scheduler', node: undefined }),
    );
    runner.record(decision({ outcome: 'gone' }));
    await time.advance(ALL);
    await done;
    // What came before the beginning is no part of it.
    assert.equal(kinds('decision').length, 4);
    assert.deepEqual(measured().periods[0]!.decisions, { own: 2, fellBack: 1, freed: 1 });
  });
});
