import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../util/clock.ts';
import { runCpuThread } from './cpu-thread.ts';
import { runDiskThread } from './disk-thread.ts';
import { BlockError } from './failure.ts';
import { runMemoryThread } from './memory-thread.ts';
import { runNetworkThread } from './network-thread.ts';
import type { FromThread, ThreadSetting } from './thread-messages.ts';
import { ThreadWords } from './thread-words.ts';

// One thread that holds one thing, until it is told to let go or its time is over.
const { task, words: memory } = workerData as ThreadSetting;
const words = new ThreadWords(memory);
const tell = (message: FromThread) => parentPort!.postMessage(message);
const ready = () => tell({ kind: 'ready' });
const isOver = () => words.isOver(systemClock.monotonicNanoseconds());

try {
  switch (task.kind) {
    case 'cpu':
      ready();
      runCpuThread(words, isOver);
      break;
    case 'memory':
      runMemoryThread(task, words, isOver, ready);
      break;
    case 'network':
      await runNetworkThread(task, words, isOver, ready);
      break;
    default:
      runDiskThread(task, words, isOver, ready);
  }
} catch (error) {
  if (!(error instanceof BlockError)) throw error;
  tell({ kind: 'failed', failure: error.failure });
}
