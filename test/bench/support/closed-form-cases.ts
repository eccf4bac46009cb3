import type { Node } from '../../../src/cluster/node.ts';
import { ExponentialCurve } from '../../../src/power-model/exponential-curve.ts';
import { LinearCurve } from '../../../src/power-model/linear-curve.ts';
import type { PowerCurve } from '../../../src/power-model/power-curve.ts';
import { TableCurve } from '../../../src/power-model/table-curve.ts';
import { simulate } from '../../../src/simulation/engine.ts';
import type { SimulationOptions } from '../../../src/simulation/simulation.ts';
import { RandomStream } from '../../../src/util/rng.ts';
import { type ItemOptions, simInput, simNode, workItems } from '../../support/simulation-input.ts';

/** What the simulation found, beside what a formula says. */
export interface ClosedForm {
  readonly what: string;
  readonly simulated: number;
  readonly exact: number;
}

const CAPACITY = 8000;
const IDLE = 10.3;
const FULL = 51.7;
const linear = new LinearCurve(IDLE, FULL, 'synthetic');
const server = new TableCurve(
  [10.3, 17.9, 21.4, 24.2, 26.8, 29.1, 31.9, 36.2, 41.8, 47.3, 51.7],
  'synthetic',
);
const peaks = new ExponentialCurve(4.1, 6.2, 1.9, 'synthetic');

function run(
  node: Partial<Node>,
  items: readonly ItemOptions[],
  windowSeconds: number,
  options: Partial<SimulationOptions> = {},
) {
  const nodes = [
    simNode('node', { cpuMilli: CAPACITY, pods: 1e6, memoryBytes: 1e18, power: linear, ...node }),
  ];
  return simulate(simInput(nodes, workItems(...items), { windowSeconds, options }));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Under a linear curve every core-second above idle costs the same, however services overlap. */
function services(random: RandomStream, count: number): readonly ClosedForm[] {
  const window = 1e6;
  const items = Array.from({ length: count }, () => ({
    arrivalSeconds: random.uniform(0, window),
    kind: 'service' as const,
    useMilli: random.uniform(1, 100),
    seconds: random.exponential(1000),
    pod: { cpuMilli: 0 },
  })).sort((a, b) => a.arrivalSeconds - b.arrivalSeconds);
  const coreSeconds = sum(items.map(({ useMilli, seconds }) => (useMilli / 1000) * seconds));
  const result = run({ cpuMilli: 1e6 }, items, window);
  return [
    {
      what: `energy of ${count} services, linear curve`,
      simulated: result.energyJoules,
      exact: IDLE * window + ((FULL - IDLE) / 1000) * coreSeconds,
    },
    { what: 'core-seconds that they were given', simulated: result.workCoreSeconds, exact: coreSeconds },
  ];
}

/** Ten batch pods of a tenth come one by one and go in the opposite order: each level for as long as the others. */
function staircase(power: PowerCurve): readonly ClosedForm[] {
  const step = 123.4;
  const window = 30 * step;
  const items = Array.from({ length: 10 }, (_, i) => ({
    arrivalSeconds: (i + 1) * step,
    useMilli: CAPACITY / 10,
    seconds: (19 - 2 * i) * step,
  }));
  const levels = Array.from({ length: 9 }, (_, i) => 2 * power.watts((i + 1) / 10));
  const exact = step * (sum(levels) + power.watts(1) + (30 - 19) * power.idleWatts);
  return [
    { what: `staircase, ${power.kind} curve`, simulated: run({ power }, items, window).energyJoules, exact },
  ];
}

/** Pods that could each use the whole node: the k-th to end has shared with n - k + 1 others since the one before. */
function sharing(random: RandomStream, count: number): readonly ClosedForm[] {
  const works = Array.from({ length: count }, () => random.exponential(100)).sort((a, b) => a - b);
  const items = works.map((seconds) => ({ seconds, useMilli: CAPACITY, pod: { cpuMilli: 1 } }));
  let end = 0;
  const stretches = works.map((work, k) => {
    end += (count - k) * (work - (works[k - 1] ?? 0));
    return end / work;
  });
  const window = 1e5;
  const result = run({}, items, window);
  return [
    { what: `end of ${count} pods that share`, simulated: result.endSeconds, exact: end },
    { what: 'their mean stretch', simulated: result.meanStretch, exact: sum(stretches) / count },
    { what: 'their energy', simulated: result.energyJoules, exact: IDLE * window + (FULL - IDLE) * end },
  ];
}

/** Seven busy threads on four cores of two, the second one adding 0.3; on a node of speed 1.25. */
function threads(): readonly ClosedForm[] {
  const smt = { threadsPerCore: 2, secondThreadYield: 0.3 };
  const result = run({ smt, speed: 1.25, power: server }, Array(7).fill({ seconds: 1000 }), 2000);
  const end = (1000 * 7) / (4 + 0.3 * 3) / 1.25;
  return [
    { what: 'end of seven threads on four cores', simulated: result.endSeconds, exact: end },
    {
      what: 'their energy, table curve',
      simulated: result.energyJoules,
      exact: IDLE * 2000 + (server.watts(7 / 8) - IDLE) * end,
    },
  ];
}

/** Services that want twice what there is burn what there is, and get half. */
function overload(): readonly ClosedForm[] {
  const items = Array<ItemOptions>(4).fill({
    kind: 'service',
    useMilli: 4000,
    seconds: 777.7,
    pod: { cpuMilli: 1 },
  });
  const result = run({ power: peaks }, items, 1000);
  const { idleWatts, fullWatts } = peaks;
  const exact = idleWatts * 1000 + (fullWatts - idleWatts) * 777.7;
  return [
    { what: 'energy of overloaded services, exponential curve', simulated: result.energyJoules, exact },
    { what: 'what they were given', simulated: result.workCoreSeconds, exact: 8 * 777.7 },
  ];
}

/** A job a period: the node sleeps before it, wakes for it, runs it, stays up for a while and falls asleep. */
function naps(count: number): readonly ClosedForm[] {
  const period = 1000.3;
  const sleep = { sleepWatts: 2.7, emptySeconds: 200.1, wakeSeconds: 60.7, wakeWatts: 33.3 };
  const busy = 151.9;
  const items = Array.from({ length: count }, (_, i) => ({
    arrivalSeconds: (i + 1) * period,
    seconds: busy,
  }));
  const window = (count + 1) * period;
  const result = run({ sleep, power: server }, items, window);
  const { sleepWatts, emptySeconds, wakeSeconds, wakeWatts } = sleep;
  const asleep = period - emptySeconds + (count - 1) * (period - wakeSeconds - busy - emptySeconds);
  // After the last job there is a period for waking, running, staying up, and the rest asleep.
  const rest = period - wakeSeconds - busy - emptySeconds;
  const exact =
    (emptySeconds + count * (emptySeconds + busy)) * IDLE +
    count * busy * (server.watts(1 / 8) - IDLE) +
    count * wakeSeconds * wakeWatts +
    (asleep + rest) * sleepWatts;
  return [
    { what: `energy of ${count} naps`, simulated: result.energyJoules, exact },
    { what: 'mean wait for a node to wake', simulated: result.meanWaitSeconds, exact: wakeSeconds },
  ];
}

/** Over whole periods a sine adds nothing to the mean; with a table curve, the sum over its steps. */
function rhythm(): readonly ClosedForm[] {
  const steps = 144;
  const tickSeconds = 600;
  const periodSeconds = steps * tickSeconds;
  const seconds = 3 * periodSeconds;
  const item: ItemOptions = {
    kind: 'service',
    useMilli: 3000,
    seconds,
    rhythm: { amplitude: 0.7, periodSeconds, phaseSeconds: 1800 },
    pod: { cpuMilli: 6000 },
  };
  const flat = run({}, [item], seconds, { tickSeconds });
  const curved = run({ power: server }, [item], seconds, { tickSeconds });
  const watts = Array.from({ length: steps }, (_, i) =>
    server.watts(
      (3000 * (1 + 0.7 * Math.sin((2 * Math.PI * (i * tickSeconds + 1800)) / periodSeconds))) / CAPACITY,
    ),
  );
  return [
    {
      what: 'energy of a rhythm, linear curve',
      simulated: flat.energyJoules,
      exact: seconds * (IDLE + ((FULL - IDLE) * 3000) / CAPACITY),
    },
    {
      what: 'energy of a rhythm, table curve',
      simulated: curved.energyJoules,
      exact: (seconds * sum(watts)) / steps,
    },
    { what: 'core-seconds of a rhythm', simulated: flat.workCoreSeconds, exact: 3 * seconds },
  ];
}

/** Jobs of the whole node every 10 s that take 11 s: each waits 1 s longer than the one before. */
function queue(count: number): readonly ClosedForm[] {
  const items = Array.from({ length: count }, (_, i) => ({
    arrivalSeconds: 10 * i,
    useMilli: CAPACITY,
    seconds: 11,
  }));
  const result = run({}, items, 10 * count);
  return [
    { what: `mean wait in D/D/1, ${count} jobs`, simulated: result.meanWaitSeconds, exact: (count - 1) / 2 },
    { what: 'end of D/D/1', simulated: result.endSeconds, exact: 11 * count },
  ];
}

/** GPUs in fractions, one law after the other. */
function gpus(): readonly ClosedForm[] {
  const pod = { gpu: { count: 1, milliEach: 300, models: [] } };
  const items: ItemOptions[] = [0.4, 0.9].map((gpuUse) => ({ gpuUse, useMilli: 0, seconds: 333.3, pod }));
  const idle = 1000 * (IDLE + 2 * 25);
  const withLaw = (law: 'proportional' | 'full-when-used') =>
    run({ gpus: { count: 2, model: 'T4', power: { idleWatts: 25, fullWatts: 250, law } } }, items, 1000);
  return [
    {
      what: 'GPU shared in proportion',
      simulated: withLaw('proportional').energyJoules,
      exact: idle + 225 * 0.3 * (0.4 + 0.9) * 333.3,
    },
    {
      what: 'GPU at full when used',
      simulated: withLaw('full-when-used').energyJoules,
      exact: idle + 225 * 333.3,
    },
  ];
}

/** Every case of one node without chance in what is expected of it. */
export function closedForms(seed: number, quick: boolean): readonly ClosedForm[] {
  const random = new RandomStream(seed).fork('closed forms');
  return [
    ...services(random, quick ? 1000 : 100_000),
    ...[linear, server, peaks].flatMap(staircase),
    ...sharing(random, 200),
    ...threads(),
    ...overload(),
    ...naps(quick ? 100 : 10_000),
    ...rhythm(),
    ...queue(quick ? 100 : 2000),
    ...gpus(),
  ];
}
