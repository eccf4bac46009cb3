import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { Arrivals } from '../../src/load/http/arrivals.ts';
import type { ClosedLoopPlan } from '../../src/load/http/closed-loop.ts';
import { type LoadPlan, type LoadResult, runLoad } from '../../src/load/http/run-load.ts';
import { coarseTime } from '../../src/load/http/system-time.ts';
import { makeTarget } from '../../src/load/http/target.ts';
import { undiciTransport } from '../../src/load/http/undici-transport.ts';
import type { LoadPattern } from '../../src/load/pattern/load-pattern.ts';
import { makePattern } from '../../src/load/pattern/pattern-spec.ts';
import { constantPattern } from '../../src/load/pattern/shapes.ts';
import { followingOf } from '../../src/load/report/following.ts';
import { RandomStream } from '../../src/util/rng.ts';
import { PlayedTime } from '../support/played-time.ts';
import { PlayedTransport } from '../support/played-transport.ts';
import { type Bench, type BenchFigure, type BenchOptions, median } from './bench.ts';
import { latencyReference } from './support/bench-tool.ts';

const CONNECTIONS = 10;
const GOAL_RATE = 20_000;
const GOAL_SHARE = 0.8;
const shapes = ['ramp', 'spike', 'periodic', 'random'] as const;

export const loadBench: Bench = {
  name: 'load',
  what: 'load generator: requests a CPU second beside autocannon, how it follows patterns, p99 against a reference in C',
  async run(options) {
    const server = await startEchoServer();
    try {
      const rate = await rateFigure(server.url, options);
      const following = await followingFigure(server.url, options);
      const latency = await latencyFigure(options);
      return {
        figures: [rate.figure, following.figure, latency.figure],
        seeds: [options.seed],
        details: { ...rate.details, ...following.details, ...latency.details },
      };
    } finally {
      await server.stop();
    }
  },
};

type Details = Readonly<Record<string, number | string | readonly number[]>>;

interface Part {
  readonly figure: BenchFigure;
  readonly details: Details;
}

async function rateFigure(url: string, { quick, seed, progress }: BenchOptions): Promise<Part> {
  const rounds = quick ? 2 : 9;
  const seconds = quick ? 1 : 3;
  const ours: number[] = [];
  const theirs: number[] = [];
  const wall: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    let answersPerSecond = 0;
    const own = await cpuSeconds(async () => {
      const result = await drive(url, users(CONNECTIONS, seconds), seed);
      if (result.total.errors > 0) throw new Error(JSON.stringify(result.total.errorsByKind));
      answersPerSecond = result.total.answered / result.elapsedSeconds;
      return result.total.answered;
    });
    const other = await cpuSeconds(async () => {
      const result = await autocannon({ url, connections: CONNECTIONS, duration: seconds });
      if (result.errors > 0) throw new Error(`autocannon had ${result.errors} errors`);
      return result.requests.total;
    });
    progress(
      `${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}: ${Math.round(own)} requests a CPU second, autocannon ${Math.round(other)}`,
    );
    if (round === 0) continue;
    ours.push(own);
    theirs.push(other);
    wall.push(answersPerSecond);
  }
  const [value, control] = [median(ours), median(theirs)];
  return {
    figure: {
      what: `requests a CPU second of the generator, ${CONNECTIONS} connections; goal: ${GOAL_RATE}, or ${GOAL_SHARE} of autocannon where that is less`,
      value,
      unit: 'requests/s',
      goal: Math.min(GOAL_RATE, GOAL_SHARE * control),
      direction: 'at-least',
      control: { what: 'autocannon, in turns with it, to the same server', value: control },
    },
    details: {
      'of autocannon, medians': value / control,
      'of autocannon, each round': ours.map((own, i) => own / theirs[i]!),
      'requests a CPU second, each round': ours.map(Math.round),
      'answers a second of wall time, each round': wall.map(Math.round),
      'rounds of seconds': [rounds, seconds],
      clock: 'CPU time of the process of the generator, user and system; the server is a process of its own',
    },
  };
}

/** Requests a second of CPU time. */
async function cpuSeconds(run: () => Promise<number>): Promise<number> {
  const before = process.cpuUsage();
  const requests = await run();
  const { user, system } = process.cpuUsage(before);
  return (requests * 1e6) / (user + system);
}

function users(count: number, seconds: number): ClosedLoopPlan {
  const pattern = constantPattern(count, seconds);
  return {
    kind: 'closed',
    groups: [{ name: 'users', pattern, script: [{ kind: 'choose' }], loops: Number.POSITIVE_INFINITY }],
  };
}

function drive(url: string, loop: LoadPlan['loop'], seed: number): Promise<LoadResult> {
  return runLoad(planOf(url, loop, seed), {
    transport: undiciTransport({ connectTimeoutMilliseconds: 5000, insecure: false }),
    time: coarseTime,
  });
}

const planOf = (url: string, loop: LoadPlan['loop'], seed: number): LoadPlan => ({
  targets: [makeTarget({ url })],
  loop,
  timeoutMilliseconds: 10_000,
  giveUpMilliseconds: 10_000,
  seed,
});

async function followingFigure(url: string, { quick, seed, progress }: BenchOptions): Promise<Part> {
  const durationSeconds = quick ? 1 : 40;
  const details: Record<string, number> = {};
  let worst = 0;
  let worstPlanned = 0;
  for (const name of shapes) {
    const pattern = makePattern({
      pattern: name,
      low: 100,
      high: 1000,
      durationSeconds,
      ...(name === 'random' ? { seed, stepSeconds: durationSeconds / 20 } : {}),
    });
    const result = await drive(url, { kind: 'open', pattern, spacing: 'even', mostConnections: 1000 }, seed);
    const { worstPercent, windowSeconds } = followingOf(result.seconds, result.loadedSeconds);
    if (worstPercent === null) throw new Error(`${name} wanted too little to tell`);
    details[`${name}: worst window of ${windowSeconds} s, %`] = worstPercent;
    details[`${name}: sent later than due, p99 ms`] = result.lateness!.p99;
    worst = Math.max(worst, worstPercent);
    worstPlanned = Math.max(worstPlanned, plannedDeviation(pattern, windowSeconds));
    progress(`${name}: ${worstPercent} % off at worst`);
  }
  return {
    figure: {
      what: `requests sent against the pattern, worst window of a twentieth of ${durationSeconds} s, all four patterns`,
      value: worst,
      unit: '%',
      goal: 2,
      direction: 'at-most',
      control: { what: 'the times at which they were due', value: worstPlanned },
    },
    details,
  };
}

/** What the schedule itself is off by, in percent: whole requests cannot add up to any amount. */
function plannedDeviation(pattern: LoadPattern, windowSeconds: number): number {
  const arrivals = new Arrivals(pattern, 'even', new RandomStream(1));
  const counts = new Float64Array(Math.ceil(pattern.durationSeconds / windowSeconds));
  for (let at = arrivals.next(); at < pattern.durationSeconds; at = arrivals.next())
    counts[Math.floor(at / windowSeconds)]!++;
  return counts.reduce((worst, count, i) => {
    const wanted = pattern.amountBetween(i * windowSeconds, (i + 1) * windowSeconds);
    return wanted < 100 ? worst : Math.max(worst, (100 * Math.abs(count - wanted)) / wanted);
  }, 0);
}

const STALL: readonly [fromMilliseconds: number, toMilliseconds: number] = [4000, 5000];

/**
 * Latencies that are known beforehand: drawn log-normally, and a server that says nothing for a second of ten. A played
 * generator is to report what the reference makes of the true ones.
 */
async function latencyFigure({ quick, seed, progress }: BenchOptions): Promise<Part> {
  const seconds = 10;
  const rate = quick ? 200 : 4000;
  const random = new RandomStream(seed).fork('latencies');
  const drawn = Float64Array.from({ length: rate * seconds }, () => random.logNormal(8, 0.9));
  const pattern = constantPattern(rate, seconds);
  const time = new PlayedTime();
  const [stallFrom, stallTo] = STALL;
  const stalled = (at: number) => (at >= stallFrom && at < stallTo ? stallTo - at : 0);
  const server = new PlayedTransport(time, (i, at) => ({ milliseconds: stalled(at) + drawn[i]! }));
  const run = runLoad(
    planOf('http://played/', { kind: 'open', pattern, spacing: 'even', mostConnections: 1_000_000 }, seed),
    { transport: server, time },
  );
  await time.play(600_000);
  const found = (await run).total.latency!;
  const arrivals = new Arrivals(pattern, 'even', new RandomStream(1));
  const truth = drawn.map((own) => own + stalled(1000 * arrivals.next()));
  const reference = referenceOf(truth);
  const off = (value: number, of: number) => (100 * Math.abs(value - of)) / of;
  const names = ['p50', 'p90', 'p95', 'p99', 'p999'] as const;
  const worst = Math.max(...names.map((name) => off(found[name], reference[name].histogram)));
  progress(`p99 is ${found.p99} ms, in C ${reference.p99.histogram} ms, sorted ${reference.p99.sorted} ms`);
  return {
    figure: {
      what: `p99 against a histogram in C, ${truth.length} known latencies with a stall of a second, played`,
      value: off(found.p99, reference.p99.histogram),
      unit: '%',
      goal: 1,
      direction: 'at-most',
      control: {
        what: 'the histogram in C against the sorted values',
        value: off(reference.p99.histogram, reference.p99.sorted),
      },
    },
    details: {
      'p99, ms': found.p99,
      'p99 of the sorted values, ms': reference.p99.sorted,
      'p99 against the sorted values, %': off(found.p99, reference.p99.sorted),
      'worst of p50 to p99.9 against C, %': worst,
    },
  };
}

type Reference = Readonly<
  Record<'p50' | 'p90' | 'p95' | 'p99' | 'p999', { readonly histogram: number; readonly sorted: number }>
>;

function referenceOf(milliseconds: Float64Array): Reference {
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-bench-'));
  try {
    const file = join(folder, 'latencies');
    writeFileSync(file, new Uint8Array(milliseconds.buffer));
    return JSON.parse(execFileSync(latencyReference(), [file], { encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The echo server as a process of its own, which ends with this one. */
async function startEchoServer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const script = fileURLToPath(new URL('support/echo-server.ts', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = await once(child.stdout, 'data');
  return {
    url: `http://127.0.0.1:${Number(String(port))}/`,
    async stop() {
      const ended = once(child, 'close');
      child.stdin.end();
      await ended;
    },
  };
}
