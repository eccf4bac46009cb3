import { loadAddon } from '../../src/native/addon.ts';
import type { NativeCounterSampler, SamplerStatistics } from '../../src/native/counters.ts';
import { INTEL_RANGE, PowercapTreeFixture } from '../support/powercap-tree.ts';
import { type Bench, median } from './bench.ts';
import { type Slice, SlicedWorkload } from './support/slices.ts';

const HZ = 1000;
/** About 50 ms of work a slice. */
const ROUNDS = 12_000_000;

/**
 * With a sampler or without, four slices. A drift of the machine's speed cancels in each four; and one after another
 * they have as many slices right behind a start as right behind a stop of the sampler, and as many one further.
 */
const ORDER = [false, true, true, false];

interface Four {
  readonly cpuPercent: number;
  readonly wallPercent: number;
  /** CPU time of the two slices without a sampler. */
  readonly stillNanoseconds: number;
}

/**
 * A fixed piece of work, thousands of times, with and without a sampler beside it that reads a RAPL tree of two
 * packages and their memory 1000 times a second.
 */
export const rapl1khzBench: Bench = {
  name: 'rapl-1khz',
  what: 'energy sampling at 1 kHz: what it costs a workload beside it',
  async run({ quick, progress }) {
    const fours = quick ? 20 : 1200;
    const tree = ratedTree();
    const workload = new SlicedWorkload(ROUNDS);
    const long = new SlicedWorkload(quick ? 10 * ROUNDS : 400 * ROUNDS);
    const sampler = new SwitchedSampler(tree);
    const steady = new SwitchedSampler(tree);
    const results: Four[] = [];
    try {
      for (let warm = 0; warm < 8; warm++) await workload.slice();
      while (results.length < fours) {
        const slices: Slice[] = [];
        for (const sampled of ORDER) {
          sampler.switch(sampled);
          slices.push(await workload.slice());
        }
        results.push(compare(slices));
        if (results.length % 200 === 0) {
          const soFar = median(results.map((result) => result.cpuPercent));
          progress(`${results.length} of ${fours} fours, slowdown so far ${soFar.toFixed(3)} %`);
        }
      }
      // The rate is that of a sampler left alone beside one long slice: at every start of a sampler, and at every start
      // of a slice, which wakes this process too, a sample is missed.
      steady.switch(true);
      await long.slice();
    } finally {
      steady.switch(false);
      await long.stop();
      sampler.switch(false);
      await workload.stop();
      tree.remove();
    }
    const cpu = results.map((result) => result.cpuPercent);
    const [low, high] = medianInterval(cpu);
    const { samples, missed, seconds, cpuNanoseconds } = sampler;
    return {
      figures: [
        {
          what: 'slowdown of the workload, CPU time, median',
          value: median(cpu),
          unit: '%',
          goal: 0.25,
          direction: 'at-most',
          control: {
            what: 'slices without a sampler against those before and after, %',
            value: median(stillPercents(results)),
          },
        },
        {
          what: 'samples a second, over 20 s beside the workload',
          value: steady.samples / steady.seconds,
          unit: 'Hz',
          goal: 990,
          direction: 'at-least',
          control: { what: 'asked for, Hz', value: HZ },
        },
      ],
      seeds: [],
      details: {
        'slices with and without': fours * ORDER.length,
        '95 % interval of the slowdown, %': [low, high],
        'wall-time slowdown, median, %': median(results.map((result) => result.wallPercent)),
        'sampler CPU, % of a core': (cpuNanoseconds / 1e9 / seconds) * 100,
        'sampler CPU a sample, us': cpuNanoseconds / 1000 / samples,
        'samples missed by a sampler that is started again and again': missed,
        'samples missed by one left alone': steady.missed,
      },
    };
  },
};

/** Starts and stops the addon's sampler, and adds up what it says of itself. */
class SwitchedSampler {
  readonly #paths: readonly string[];
  #running: { readonly sampler: NativeCounterSampler; readonly since: number } | undefined;
  samples = 0;
  missed = 0;
  seconds = 0;
  cpuNanoseconds = 0;

  constructor(tree: PowercapTreeFixture) {
    this.#paths = zones.map(([id]) => tree.path(id));
  }

  switch(on: boolean): void {
    if (on === (this.#running !== undefined)) return;
    if (on) {
      const wrapRanges = this.#paths.map(() => INTEL_RANGE);
      const sampler = new (loadAddon().CounterSampler)({ paths: this.#paths, wrapRanges, hz: HZ });
      this.#running = { sampler, since: performance.now() };
      return;
    }
    const { sampler, since } = this.#running!;
    const column = () => new Float64Array(this.#paths.length);
    const statistics: SamplerStatistics = sampler.drain(column(), column(), column());
    this.samples += statistics.samples;
    this.missed += statistics.missed;
    this.cpuNanoseconds += statistics.cpuNanoseconds;
    this.seconds += (performance.now() - since) / 1000;
    sampler.stop();
    this.#running = undefined;
  }
}

const zones = [0, 1].flatMap((socket) => [
  [`intel-rapl:${socket}`, `package-${socket}`] as const,
  [`intel-rapl:${socket}:0`, 'dram'] as const,
]);

function ratedTree(): PowercapTreeFixture {
  return new PowercapTreeFixture(
    Object.fromEntries(
      zones.map(([id, name]) => [id, { name, energyMicrojoules: 1, rangeMicrojoules: INTEL_RANGE }]),
    ),
  );
}

function compare(slices: readonly Slice[]): Four {
  const sum = (of: (slice: Slice) => number, which: (index: number) => boolean) =>
    slices.reduce((total, slice, index) => total + (which(index) ? of(slice) : 0), 0);
  const more = (of: (slice: Slice) => number) =>
    (sum(of, (index) => ORDER[index]!) / sum(of, (index) => !ORDER[index]!) - 1) * 100;
  const cpu = (slice: Slice) => slice.cpuNanoseconds;
  return {
    cpuPercent: more(cpu),
    wallPercent: more((slice) => slice.wallNanoseconds),
    stillNanoseconds: sum(cpu, (index) => !ORDER[index]!),
  };
}

/** The slices without a sampler of each four against those of its two neighbours, in percent. */
function stillPercents(fours: readonly Four[]): number[] {
  return fours.slice(1, -1).map((four, i) => {
    const beside = (fours[i]!.stillNanoseconds + fours[i + 2]!.stillNanoseconds) / 2;
    return (four.stillNanoseconds / beside - 1) * 100;
  });
}

/** Distribution-free 95 % interval of the median, by order statistics. */
function medianInterval(values: readonly number[]): [number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  const half = 0.98 * Math.sqrt(sorted.length);
  const at = (index: number) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(index)))]!;
  return [at(sorted.length / 2 - half), at(sorted.length / 2 + half)];
}
