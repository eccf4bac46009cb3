import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Resource } from '../../src/load/block/burden.ts';
import { confirmationOf, HELLO } from '../../src/load/block/peer-protocol.ts';
import type { Bench, BenchFigure } from './bench.ts';
import { type Observed, observe } from './support/block/observed-process.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const naive = fileURLToPath(new URL('./support/block/naive-blocker.ts', import.meta.url));
const FOLDER = '/var/tmp';

const MIB = 2 ** 20;
/** Each alone, and with those in `together` all at once. */
const alone: Readonly<Record<Resource, number>> = {
  cpu: 0.5,
  memory: 512 * MIB,
  'disk-read': 20e6,
  'disk-write': 20e6,
  network: 20e6,
};
const together: Readonly<Record<Resource, number>> = {
  cpu: 0.4,
  memory: 512 * MIB,
  'disk-read': 5e6,
  'disk-write': 5e6,
  network: 5e6,
};

/**
 * Asked against held of every resource, as seen from outside: what the kernel counts for the process, and what a socket
 * of this process has received. The control is the usual loop that works for a share of the time and sleeps for the rest.
 */
export const blockBench: Bench = {
  name: 'block',
  what: 'asked against held of each resource that `kisimd block` holds, seen from outside',
  async run({ quick, progress }) {
    const seconds = quick ? 3 : 10;
    const sink = await Sink.start();
    const loads: number[] = [];
    const measure = async (
      what: string,
      start: () => ChildProcess,
      asked: Partial<Record<Resource, number>>,
    ) => {
      loads.push(loadavg()[0]!);
      const deviations = await deviationsOf(start(), asked, seconds, sink);
      progress(
        `${what}: ${[...deviations].map(([name, each]) => `${name} ${each.toFixed(2)} %`).join(', ')}`,
      );
      return deviations;
    };
    try {
      const figures: BenchFigure[] = [];
      let worst = 0;
      let worstNaive = 0;
      for (const [resource, amount] of Object.entries(alone) as [Resource, number][]) {
        const asked = { [resource]: amount };
        const ours = await measure('block', () => blocker(asked, sink.port), asked);
        const theirs = await measure('loop', () => naiveLoop(resource, amount, sink.port), asked);
        const [deviation, control] = [Math.abs(ours.get(resource)!), Math.abs(theirs.get(resource)!)];
        worst = Math.max(worst, deviation);
        worstNaive = Math.max(worstNaive, control);
        figures.push(figure(`${resource} alone`, deviation, 'the loop without feedback, %', control));
      }
      // What the machine leaves to one thread that never sleeps: more than that nobody can hold.
      const left = await deviationsOf(naiveLoop('cpu', 1, sink.port), { cpu: 1 }, 3, sink);
      const all = await measure('block, all at once', () => blocker(together, sink.port), together);
      const worstTogether = Math.max(...[...all.values()].map(Math.abs));
      return {
        figures: [
          figure(
            'worst of all',
            Math.max(worst, worstTogether),
            'the loop without feedback, worst, %',
            worstNaive,
          ),
          ...figures,
          figure('all at once, worst', worstTogether, 'one at a time, worst, %', worst),
        ],
        seeds: [],
        details: {
          'seconds each': seconds,
          'load of the machine before each run': loads,
          'cores left to one thread that never sleeps': 1 + left.get('cpu')! / 100,
          ...Object.fromEntries([...all].map(([name, each]) => [`all at once: ${name}, %`, each])),
        },
      };
    } finally {
      sink.stop();
    }
  },
};

function figure(what: string, value: number, control: string, beside: number): BenchFigure {
  return {
    what: `deviation from what was asked, ${what}`,
    value,
    unit: '%',
    goal: 5,
    direction: 'at-most',
    control: { what: control, value: beside },
  };
}

function blocker(asked: Partial<Record<Resource, number>>, port: number): ChildProcess {
  const amounts = Object.entries(asked).flatMap(([resource, amount]) => {
    if (resource === 'cpu') return ['--cpu', String(amount)];
    return [`--${resource}`, resource === 'memory' ? `${amount}B` : `${amount / 1e6}MB/s`];
  });
  const rest = ['--peer', `127.0.0.1:${port}`, '--folder', FOLDER, '--file-size', '64MiB', '--for', '5m'];
  return spawn(process.execPath, [program, 'block', '--json', ...amounts, ...rest], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function naiveLoop(resource: Resource, amount: number, port: number): ChildProcess {
  const where = resource === 'network' ? String(port) : FOLDER;
  return spawn(process.execPath, [naive, resource, String(amount), where], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** In percent, by resource, of a process that says a line once it holds. */
async function deviationsOf(
  child: ChildProcess,
  asked: Partial<Record<Resource, number>>,
  seconds: number,
  sink: Sink,
): Promise<ReadonlyMap<Resource, number>> {
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  if ((await lines.next()).done === true) throw new Error(`nothing was held of ${JSON.stringify(asked)}`);
  // The first half second is that of the start.
  await sleep(500);
  const before = observe(child.pid!);
  const received = sink.bytes;
  const levels: number[] = [];
  let after = before;
  while (after.seconds - before.seconds < seconds) {
    await sleep(500);
    after = observe(child.pid!);
    levels.push(after.residentBytes);
  }
  const got = sink.bytes - received;
  child.kill('SIGTERM');
  await closed;
  const memory = levels.reduce((sum, each) => sum + each, 0) / levels.length;
  const held = heldOf(before, after, memory, got);
  return new Map(
    (Object.entries(asked) as [Resource, number][]).map(([name, each]) => [
      name,
      (held[name] / each - 1) * 100,
    ]),
  );
}

function heldOf(before: Observed, after: Observed, memory: number, got: number): Record<Resource, number> {
  const seconds = after.seconds - before.seconds;
  return {
    cpu: (after.cpuSeconds - before.cpuSeconds) / seconds,
    memory,
    'disk-read': (after.readBytes - before.readBytes) / seconds,
    'disk-write': (after.writtenBytes - before.writtenBytes) / seconds,
    network: got / seconds,
  };
}

/** A peer of this process's own, so that what was received is known here. */
class Sink {
  bytes = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Sink> {
    const server = createServer();
    const sink = new Sink(server);
    server.on('connection', (socket) => {
      let own = -HELLO.length;
      socket.on('data', (chunk) => {
        if (own < 0) socket.write(HELLO);
        own += chunk.length;
        sink.bytes += chunk.length;
        if (own > 0) socket.write(confirmationOf(own));
      });
      socket.on('error', () => socket.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return sink;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
  }
}
