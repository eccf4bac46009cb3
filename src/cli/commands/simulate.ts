import { type HttpScorer, httpScorer } from '../../policy/outside/http-scorer.ts';
import { policyByName } from '../../policy/registry.ts';
import { Simulation } from '../../simulation/engine.ts';
import { placeAll } from '../../simulation/place-all.ts';
import type { SimulationProgress } from '../../simulation/progress.ts';
import type { CommandContext } from '../command.ts';
import { Checkpoint } from '../simulate/checkpoint.ts';
import {
  type FillExperiment,
  openExperiment,
  policyFor,
  type TimedExperiment,
} from '../simulate/experiment.ts';
import { fillText, summariseFill } from '../simulate/fill-report.ts';
import { readSimulateOptions, type SimulateOptions } from '../simulate/options.ts';
import { summariseTimed, timedText } from '../simulate/timed-report.ts';
import { timeText } from '../time-left.ts';

/** As a shell tells of a program that ended by SIGINT. */
const STOPPED_STATUS = 130;
const LIVE_EVERY_MILLISECONDS = 200;
const LINES_EVERY_MILLISECONDS = 15_000;

/** `kisimd simulate`. Resolves to the exit status: 0 also where pods fit nowhere, as that is the answer. */
export async function runSimulate(context: CommandContext): Promise<number> {
  const options = readSimulateOptions(context.options);
  const experiment = openExperiment(options);
  const scorer = scorerFor(options, context);
  try {
    const policy = scorer ?? policyFor(options, experiment);
    if (experiment.kind === 'fill') return runFill(context, options, experiment, policy);
    return await runTimed(context, options, experiment, policy, scorer);
  } finally {
    await scorer?.close();
  }
}

function scorerFor({ scorer, ties }: SimulateOptions, { stderr }: CommandContext): HttpScorer | undefined {
  if (scorer === undefined) return undefined;
  const told = new Set<string>();
  return httpScorer({
    url: scorer.url,
    timeoutMilliseconds: scorer.timeoutMilliseconds,
    fallback: policyByName(scorer.fallback, { ties: ties ?? 'random' }),
    ties: ties ?? 'random',
    onFallback: (cause, reason) => {
      if (told.has(cause)) return;
      told.add(cause);
      stderr.write(`scorer: ${cause}: ${reason}; ${scorer.fallback} decides, further ones are counted\n`);
    },
  });
}

type Chosen = ReturnType<typeof policyFor>;

function runFill(
  { stdout, stderr }: CommandContext,
  options: SimulateOptions,
  experiment: FillExperiment,
  policy: Chosen,
): number {
  const tell = new Teller(stderr);
  const result = placeAll({
    ...experiment,
    policy,
    onProgress: (done) => tell.tell(() => `${done} of ${experiment.pods.length} pods`),
  });
  tell.end();
  const summary = summariseFill(experiment, policy.name, result);
  stdout.write(options.json ? `${JSON.stringify(summary)}\n` : fillText(summary, result.unplaced));
  return 0;
}

async function runTimed(
  { stdout, stderr, signal }: CommandContext,
  options: SimulateOptions,
  experiment: TimedExperiment,
  policy: Chosen,
  scorer: HttpScorer | undefined,
): Promise<number> {
  const input = { ...experiment.input, policy };
  const checkpoint =
    options.checkpoint === undefined
      ? undefined
      : new Checkpoint(options.checkpoint, () => performance.now());
  const resumed = checkpoint?.resume(input);
  if (resumed !== undefined) stderr.write(`goes on from ${timeText(resumed.now)} of ${options.checkpoint}\n`);
  const simulation = resumed ?? new Simulation(input);
  const tell = new Teller(stderr);
  const finished = await simulation.run({
    signal,
    onProgress: (progress) => {
      tell.tell(() => progressLine(progress));
      checkpoint?.saveNowAndThen(simulation);
    },
  });
  tell.end();
  if (!finished) {
    checkpoint?.save(simulation);
    stderr.write(
      checkpoint === undefined
        ? 'stopped; with --checkpoint FILE a run can go on\n'
        : `stopped; the same command goes on from ${options.checkpoint}\n`,
    );
    return STOPPED_STATUS;
  }
  const summary = summariseTimed(experiment, simulation.result(), scorer);
  stdout.write(options.json ? `${JSON.stringify(summary)}\n` : timedText(summary));
  checkpoint?.remove();
  return 0;
}

function progressLine({ nowSeconds, share, eventsPerSecond, secondsLeft }: SimulationProgress): string {
  const parts = [
    `${(100 * share).toFixed(1)} %`,
    `${timeText(nowSeconds)} simulated`,
    `${Math.round(eventsPerSecond)} events a second`,
  ];
  if (secondsLeft !== undefined) parts.push(`${timeText(secondsLeft)} left`);
  return parts.join(', ');
}

/** One line on a terminal, a line now and then elsewhere. */
class Teller {
  readonly #stderr: CommandContext['stderr'];
  #told = performance.now();

  constructor(stderr: CommandContext['stderr']) {
    this.#stderr = stderr;
  }

  tell(line: () => string): void {
    const live = this.#stderr.isTTY === true;
    const now = performance.now();
    if (now - this.#told < (live ? LIVE_EVERY_MILLISECONDS : LINES_EVERY_MILLISECONDS)) return;
    this.#told = now;
    this.#stderr.write(live ? `\r\x1b[K${line()}` : `${line()}\n`);
  }

  end(): void {
    if (this.#stderr.isTTY === true) this.#stderr.write('\r\x1b[K');
  }
}
