import { AutoscalingEnvironment } from '../../src/autoscaling/environment.ts';
import { AutoscalingEpisode } from '../../src/autoscaling/episode.ts';
import { type AutoscalingProblem, defaultProblem } from '../../src/autoscaling/problem.ts';
import { StepPattern } from '../../src/load/pattern/load-pattern.ts';
import { meanWait, plainServing } from '../support/serving.ts';
import { type Bench, median } from './bench.ts';
import { measureStation } from './support/measured-station.ts';
import { erlangWait } from './support/mmc.ts';

const GOAL_DECISIONS = 200_000;
const GOAL_WAIT_PERCENT = 1;
const SEEDS = 10;
/** What the test application is asked for: four servers, busy for some 70 % of the time. */
const application = { servers: 4, meanServiceSeconds: 0.1, requestsPerSecond: 26 };
const PARTS = 5;

/** Servers, load of each, and requests after the warm-up: as many as make the mean over the seeds good to some tenths of a percent. */
const stations = [
  { servers: 1, load: 0.6, requests: 3_000_000 },
  { servers: 4, load: 0.7, requests: 3_000_000 },
  { servers: 8, load: 0.85, requests: 4_000_000 },
] as const;

export const autoscaleSpeedBench: Bench = {
  name: 'autoscale-speed',
  what: 'simulated autoscaling: decisions a CPU second by the requests between two of them, and waits against M/M/c',
  async run({ quick, seed, progress }) {
    const decisions = quick ? 200 : 4000;
    const light = decisionsPerSecond(1, decisions * 10, seed, progress);
    const full = fullEnvironment(decisions, seed, progress);
    const rates = [2, 10, 55, 100].map((rate) => ({
      rate,
      ...decisionsPerSecond(rate, decisions, seed, progress),
    }));
    const waits = stations.map((station) => {
      const { servers, load } = station;
      const requests = quick ? station.requests / 200 : station.requests;
      progress(`M/M/${servers} at ${load}`);
      const exact = erlangWait(servers, load);
      const found = Array.from({ length: SEEDS }, (_, i) =>
        meanWait({
          spec: plainServing({ cpu: { variability: 1 } }),
          rate: servers * load,
          seed: seed + i,
          replicas: { gpu: 0, cpu: servers },
          warmUpSeconds: 20_000,
          seconds: requests / (servers * load),
        }),
      );
      const mean = found.reduce((sum, each) => sum + each, 0) / SEEDS;
      return { name: `M/M/${servers} at ${load}`, exact, mean, percent: 100 * Math.abs(mean / exact - 1) };
    });
    progress('the test application under load');
    const real = await measureStation({ ...application, seconds: quick ? 2 : 90, seed });
    const modelled = meanWait({
      spec: plainServing({ cpu: { variability: 1, secondsPerRequest: real.meanServiceSeconds } }),
      rate: real.requestsPerSecond,
      seed,
      replicas: { gpu: 0, cpu: application.servers },
      warmUpSeconds: 1000,
      seconds: quick ? 1000 : 100_000,
    });
    const worst = waits.reduce((a, b) => (a.percent > b.percent ? a : b));
    return {
      figures: [
        {
          what: 'decisions a CPU second at 1 request/s (15 requests between two decisions), median',
          value: light.decisions,
          unit: 'decisions/s',
          goal: GOAL_DECISIONS,
          direction: 'at-least',
          control: { what: "at KISim's loads (all four patterns, 10 to 100 requests/s)", value: full },
        },
        {
          what: `difference of the mean wait of ${SEEDS} seeds from Erlang's (${worst.name})`,
          value: worst.percent,
          unit: '%',
          goal: GOAL_WAIT_PERCENT,
          direction: 'at-most',
          control: { what: 'mean wait, seconds of service', value: worst.exact },
        },
      ],
      seeds: Array.from({ length: SEEDS }, (_, i) => seed + i),
      details: {
        'what a decision is':
          'one interval of 15 s of the event simulation, with observation and metrics; every request is simulated by itself',
        'decisions of the environment of training a CPU second (825 requests between two on average)': full,
        ...Object.fromEntries(
          rates.flatMap(({ rate, decisions: found, requests }) => [
            [`${rate} requests/s: decisions a CPU second`, Math.round(found)],
            [`${rate} requests/s: requests a CPU second`, Math.round(requests)],
          ]),
        ),
        '1 requests/s: requests a CPU second': Math.round(light.requests),
        'test application, mean wait: measured, and simulated with its rate and service time, s': [
          real.meanWaitSeconds,
          modelled,
        ],
        'test application: mean service measured, s': real.meanServiceSeconds,
        'test application: requests answered, and others': [real.answered, real.failed],
        ...Object.fromEntries(
          waits.flatMap(({ name, exact, mean }) => [
            [`${name}: Erlang's mean wait`, exact],
            [`${name}: simulated, mean of ${SEEDS} seeds`, mean],
          ]),
        ),
      },
    };
  },
};

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Medians over parts of equal length, three replicas of each backend that stay. */
function decisionsPerSecond(
  rate: number,
  decisions: number,
  seed: number,
  progress: (text: string) => void,
): { readonly decisions: number; readonly requests: number } {
  progress(`${decisions} decisions at ${rate} requests/s`);
  const problem: AutoscalingProblem = { ...defaultProblem, episodeSeconds: 1e12 };
  const episode = new AutoscalingEpisode(problem);
  episode.begin(new StepPattern('steady', [{ untilSeconds: 1e12, level: rate }]), seed);
  const parts = Array.from({ length: PARTS }, () => {
    let requests = 0;
    const seconds = cpuSeconds(() => {
      for (let i = 0; i < decisions; i++) requests += episode.step(3, 3, 'balanced').answered;
    });
    return { decisions: decisions / seconds, requests: requests / seconds };
  });
  return {
    decisions: median(parts.map((part) => part.decisions)),
    requests: median(parts.map((part) => part.requests)),
  };
}

/** Decisions a CPU second of the environment that is trained in, replicas as they are. */
function fullEnvironment(decisions: number, seed: number, progress: (text: string) => void): number {
  progress(`${decisions} decisions of the environment`);
  const environment = new AutoscalingEnvironment(defaultProblem);
  const observation = new Float32Array(environment.observationSize);
  const action = Int32Array.of(2, 2, 1);
  environment.reset(observation, seed);
  const seconds = cpuSeconds(() => {
    for (let i = 0; i < decisions; i++)
      if (environment.step(action, observation).truncated) environment.reset(observation);
  });
  return Math.round(decisions / seconds);
}
