import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { loadAddon } from '../../src/native/addon.ts';

/**
 * A program: `workers-ended-at-work.ts scanner|counters|sampler N` ends N workers, one after the other, each while it
 * is within a call of the addon that makes objects or throws. Prints how many, if it lives to do so.
 */
const calls: Readonly<Record<string, () => () => void>> = {
  scanner: () => {
    const scanner = new (loadAddon().ProcessScanner)({
      procRoot: '/proc',
      clock: 'cpu-clock',
      births: 'readdir',
      exits: 'none',
      stormExitsPerSecond: 2000,
      reconcileSeconds: 1,
      lastCpuAboveNanoseconds: 0,
    });
    return () => scanner.tick();
  },
  counters: () => {
    const set = new (loadAddon().CounterSet)();
    return () => void set.add('/nonexistent/counter');
  },
  sampler: () => () =>
    void new (loadAddon().CounterSampler)({ paths: ['/nonexistent/counter'], wrapRanges: [0], hz: 100 }),
};

/** The calls that fail are asked to: an error that can no longer be thrown is what used to end the process. */
function refused(call: () => void): boolean {
  try {
    call();
    return false;
  } catch {
    return true;
  }
}

if (isMainThread) {
  const [work, count] = process.argv.slice(2);
  for (let ended = 0; ended < Number(count); ended++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: work });
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
  }
  process.stdout.write(`ended ${count} workers\n`);
} else {
  const call = calls[String(workerData)]!();
  parentPort!.postMessage('at work');
  for (;;) refused(call);
}
