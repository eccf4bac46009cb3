import { fileURLToPath } from 'node:url';
import { type Bench, median } from './bench.ts';
import { BenchProcess, startTool } from './support/bench-tool.ts';

const samplerLoop = fileURLToPath(new URL('./support/sampler-loop.ts', import.meta.url));

interface WorkResult {
  readonly wallNanoseconds: number;
  readonly cpuNanoseconds: number;
}

/** A fixed amount of work, run in turn with and without a sampler beside it that reads a RAPL tree 1000 times a second. */
export const rapl1khzBench: Bench = {
  name: 'rapl-1khz',
  what: 'energy sampling at 1 kHz: what it costs a workload beside it',
  async run({ quick, progress }) {
    const pairs = quick ? 6 : 60;
    const rounds = 40_000_000;
    const wall: number[] = [];
    const cpu: number[] = [];
    const still: number[] = [];
    const samplers: SamplerResult[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      // A B B A, so that a drift of the machine's speed cancels within a pair.
      const order = [false, true, true, false];
      const times: { sampled: boolean; work: WorkResult }[] = [];
      for (const sampled of order) {
        const sampler = sampled ? new BenchProcess(process.execPath, [samplerLoop, '1000']) : undefined;
        await sampler?.said('ready');
        const work = await startTool('work', rounds).result<WorkResult>();
        times.push({ sampled, work });
        if (sampler === undefined) continue;
        sampler.child.kill('SIGTERM');
        samplers.push(await sampler.result<SamplerResult>());
      }
      const sum = (sampled: boolean, of: (work: WorkResult) => number) =>
        times.filter((time) => time.sampled === sampled).reduce((total, time) => total + of(time.work), 0);
      wall.push((sum(true, (w) => w.wallNanoseconds) / sum(false, (w) => w.wallNanoseconds) - 1) * 100);
      cpu.push((sum(true, (w) => w.cpuNanoseconds) / sum(false, (w) => w.cpuNanoseconds) - 1) * 100);
      still.push((times[3]!.work.cpuNanoseconds / times[0]!.work.cpuNanoseconds - 1) * 100);
      if (pair % 10 === 9)
        progress(`${pair + 1} of ${pairs} pairs, slowdown so far ${median(cpu).toFixed(3)} %`);
    }
    const samples = samplers.reduce((sum, sampler) => sum + sampler.samples, 0);
    const seconds = samplers.reduce((sum, sampler) => sum + sampler.seconds, 0);
    const samplerCpu = samplers.reduce((sum, sampler) => sum + sampler.cpuNanoseconds, 0);
    return {
      figures: [
        {
          what: 'slowdown of the workload, CPU time, median of pairs',
          value: median(cpu),
          unit: '%',
          goal: 0.25,
          direction: 'at-most',
          control: { what: 'the same between two runs without a sampler, %', value: median(still) },
        },
        {
          what: 'samples a second',
          value: samples / seconds,
          unit: 'Hz',
          goal: 990,
          direction: 'at-least',
          control: { what: 'asked for, Hz', value: 1000 },
        },
      ],
      seeds: [],
      details: {
        pairs,
        'wall-time slowdown, median of pairs, %': median(wall),
        'sampler CPU, % of a core': (samplerCpu / 1e9 / seconds) * 100,
        'sampler CPU a sample, us': samplerCpu / 1000 / samples,
        'samples missed': samplers.reduce((sum, sampler) => sum + sampler.missed, 0),
      },
    };
  },
};

interface SamplerResult {
  readonly samples: number;
  readonly missed: number;
  readonly seconds: number;
  readonly cpuNanoseconds: number;
}
