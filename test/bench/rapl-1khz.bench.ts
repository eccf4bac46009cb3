import { loadAddon } from '../../src/native/addon.ts';
import type { NativeCounterSampler, SamplerStatistics } from '../../src/native/counters.ts';
import { INTEL_RANGE, PowercapTreeFixture } from '../support/powercap-tree.ts';
import { type Bench, median } from './bench.ts';
import { type Slice, SlicedWorkload } from './support/slices.ts';

const HZ = 1000;
/** About 50 ms of work a slice. */
const ROUNDS = 12_000_000;

interface Quad {
  readonly cpuPercent: number;
  readonly wallPercent: number;
  /** The two slices without a sampler, one against the other. */
  readonly stillPercent: number;
}

/**
 * A fixed piece of work, hundreds of times, in the order without, with, with, without a sampler beside it that reads a
 * RAPL tree of two packages and their memory 1000 times a second. A drift of the machine's speed cancels in each four.
 */
export const rapl1khzBench: Bench = {
  name: 'rapl-1khz',
  what: 'energy sampling at 1 kHz: what it costs a workload beside it',
  async run({ quick, progress }) {
    const quads = quick ? 20 : 500;
    const tree = ratedTree();
    const workload = new SlicedWorkload(ROUNDS);
    const sampler = new SwitchedSampler(tree);
    const results: Quad[] = [];
    try {
      for (let warm = 0; warm < 8; warm++) await workload.slice();
      for (let quad = 0; quad < quads; quad++) {
        const slices: Slice[] = [];
        for (const sampled of [false, true, true, false]) {
          sampler.switch(sampled);
          slices.push(await workload.slice());
        }
        results.push(compare(slices as [Slice, Slice, Slice, Slice]));
        if (quad % 100 === 99) {
          const soFar = median(results.map((result) => result.cpuPercent));
          progress(`${quad + 1} of ${quads} fours, slowdown so far ${soFar.toFixed(3)} %`);
        }
      }
    } finally {
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
            what: 'two runs without a sampler, one against the other, %',
            value: median(results.map((result) => result.stillPercent)),
          },
        },
        {
          what: 'samples a second',
          value: samples / seconds,
          unit: 'Hz',
          goal: 990,
          direction: 'at-least',
          control: { what: 'asked for, Hz', value: HZ },
        },
      ],
      seeds: [],
      details: {
        fours: quads,
        '95 % interval of the slowdown, %': [low, high],
        'wall-time slowdown, median, %': median(results.map((result) => result.wallPercent)),
        'sampler CPU, % of a core': (cpuNanoseconds / 1e9 / seconds) * 100,
        'sampler CPU a sample, us': cpuNanoseconds / 1000 / samples,
        'samples missed': missed,
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

function compare([first, second, third, fourth]: [Slice, Slice, Slice, Slice]): Quad {
  const more = (sampled: number, still: number) => (sampled / still - 1) * 100;
  return {
    cpuPercent: more(
      second.cpuNanoseconds + third.cpuNanoseconds,
      first.cpuNanoseconds + fourth.cpuNanoseconds,
    ),
    wallPercent: more(
      second.wallNanoseconds + third.wallNanoseconds,
      first.wallNanoseconds + fourth.wallNanoseconds,
    ),
    stillPercent: more(fourth.cpuNanoseconds, first.cpuNanoseconds),
  };
}

/** Distribution-free 95 % interval of the median, by order statistics. */
function medianInterval(values: readonly number[]): [number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  const half = 0.98 * Math.sqrt(sorted.length);
  const at = (index: number) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(index)))]!;
  return [at(sorted.length / 2 - half), at(sorted.length / 2 + half)];
}
