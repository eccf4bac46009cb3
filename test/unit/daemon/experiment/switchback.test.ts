import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyse } from '../../../../src/evaluation/switchback/analysis.ts';
import { percentOf } from '../../../../src/evaluation/switchback/difference.ts';
import type { PodRecord } from '../../../../src/evaluation/switchback/journal-records.ts';
import { measure } from '../../../../src/evaluation/switchback/measure.ts';
import type { SwitchbackPlan } from '../../../../src/evaluation/switchback/plan.ts';
import { ln } from '../../../../src/util/portable-math.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import type { Milliseconds } from '../../../../src/util/units.ts';
import { playedExperiment } from '../../../support/played-experiment.ts';
import {
  aloneOn,
  POD_CPU_MILLI,
  type RunSpan,
  StreamWorld,
  unequalNodes,
} from '../../../support/played-stream.ts';
import { planOf } from '../../../support/played-switchback.ts';

const LIFE: Milliseconds = 20_000;
const START: Milliseconds = 1_800_000_000_000;

/** Pods at random moments, one in three seconds. */
function streamFor(seconds: number, seed: number, life = LIFE): RunSpan[] {
  const random = new RandomStream(seed);
  const stream: RunSpan[] = [];
  for (let at = 0, i = 0; ; i++) {
    at += random.exponential(3_000);
    if (at >= seconds * 1000) return stream;
    const from = START + Math.round(at);
    stream.push({ uid: `u${i}`, from, to: from + Math.round(life * random.uniform(0.5, 1.5)) });
  }
}

/** The experiment on a played cluster: pods come, run where the policy sends them, and end. */
async function run(plan: SwitchbackPlan, stream: readonly RunSpan[]) {
  let world: StreamWorld | undefined;
  const experiment = playedExperiment(plan, { policies: { use: (name) => world!.use(name) } });
  const { time, runner, pods, journal } = experiment;
  const made = new StreamWorld(time.clock, unequalNodes, plan.a);
  world = made;
  for (const [name, { cpuMilli, curve }] of made.energy.nodes) experiment.energy.add(name, cpuMilli, curve);
  experiment.energy.read = () => made.energy.read();
  const tell = (record: Record<string, unknown>) =>
    pods.told({ kind: 'pod', at: time.clock.unixMilliseconds(), ...record } as unknown as PodRecord);
  const done = runner.run(experiment.ending.signal);
  const about = {
    name: 'p',
    namespace: 'team',
    cpuMilli: POD_CPU_MILLI,
    counts: true,
    gated: true,
    isNew: true,
  };
  const happenings = stream
    .flatMap(({ uid, from, to }) => [
      {
        at: from,
        call: () => {
          tell({ uid, what: 'seen', ...about });
          tell({ uid, what: 'bound', node: made.begin(uid), isNew: true });
          tell({ uid, what: 'started', isNew: true });
        },
      },
      {
        at: to,
        call: () => {
          made.end(uid);
          tell({ uid, what: 'ended', how: 'completed' });
        },
      },
    ])
    .sort((one, other) => one.at - other.at);
  for (const { at, call } of happenings) {
    await time.advance(at - time.clock.unixMilliseconds());
    call();
    const { uid } = stream[0]!;
    runner.record(decisionOn(uid));
  }
  await time.advance(plan.pairs * 2 * plan.periodSeconds * 1000);
  assert.equal(await done, true);
  return analyse(plan, measure(journal.header, journal.lines).periods);
}

function decisionOn(uid: string): Parameters<ReturnType<typeof playedExperiment>['runner']['record']>[0] {
  return {
    unixMilliseconds: 0,
    namespace: 'team',
    pod: 'p',
    uid,
    node: 'n1',
    policy: 'p',
    fellBack: undefined,
    terms: [],
    others: [],
    reference: undefined,
    candidates: 4,
    mode: 'act',
    outcome: 'placed',
    reason: undefined,
    heldMilliseconds: 1,
  };
}

const plan = planOf({
  a: 'round-robin',
  b: 'marginal-power',
  pairs: 8,
  periodSeconds: 300,
  washOutSeconds: 60,
});

test('the true difference between round robin and least marginal power lies within the interval', async () => {
  const stream = streamFor(plan.pairs * 2 * plan.periodSeconds, 5);
  const { verdict, difference } = await run(plan, stream);
  const truth = percentOf(ln(aloneOn(unequalNodes, plan.a, stream) / aloneOn(unequalNodes, plan.b, stream)));
  const { low, high } = difference.interval!;
  assert(truth > 30, `the curves make a difference: ${truth}`);
  assert(low <= truth && truth <= high, `${truth} is not within ${low} to ${high}`);
  assert.deepEqual(verdict, { kind: 'difference', less: 'b' });
});

test('between a policy and itself none is found', async () => {
  const same = { ...plan, a: 'round-robin', b: 'round-robin' };
  const stream = streamFor(plan.pairs * 2 * plan.periodSeconds, 6);
  const { verdict, difference, findablePercent } = await run(same, stream);
  assert.equal(verdict.kind, 'none');
  assert(difference.interval!.low < 0 && difference.interval!.high > 0);
  assert(findablePercent! < 15, `${findablePercent}`);
});

test('pods that outlive the periods are told of as carry-over, and no verdict is given', async () => {
  const stream = streamFor(plan.pairs * 2 * plan.periodSeconds, 5, 290_000).filter((_, i) => i % 12 === 0);
  const { verdict } = await run(plan, stream);
  assert(verdict.kind === 'refused');
  assert(verdict.refusals.some(({ code }) => code === 'KISIM_E_EXPERIMENT_CARRY_OVER'));
});
