import { randomUUID } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { systemErrorCode } from '../../util/errors.ts';
import { availableMemoryBytes } from '../available-memory.ts';
import { burnCpu, threadCpuNanoseconds } from '../thread-cpu-time.ts';
import type { FromWorker, ThreadWork, WorkerSetting } from './work.ts';

const { folder } = workerData as WorkerSetting;
const port = parentPort!;
const PAGE_BYTES = 4096;
const chunk = Buffer.alloc(1024 * 1024, 'kisimd test application ');
const never = new Int32Array(new SharedArrayBuffer(4));

port.on('message', (work: ThreadWork) => port.postMessage(carryOut(work)));
port.postMessage({ kind: 'ready' } satisfies FromWorker);

function carryOut(work: ThreadWork): FromWorker {
  const before = threadCpuNanoseconds();
  switch (work.kind) {
    case 'cpu':
      return { kind: 'done', cpuNanoseconds: burnCpu(work.cpuMilliseconds * 1e6) };
    case 'memory': {
      const says = holdMemory(work.bytes, work.seconds);
      if (says !== undefined) return { kind: 'failed', reason: 'memory', says };
      break;
    }
    case 'disk': {
      const says = writeFile(work.bytes);
      if (says !== undefined) return { kind: 'failed', reason: 'disk', says };
      break;
    }
  }
  return { kind: 'done', cpuNanoseconds: threadCpuNanoseconds() - before };
}

/** Touches every page, waits, and gives the memory back at once instead of when it is collected. */
function holdMemory(bytes: number, seconds: number): string | undefined {
  const free = availableMemoryBytes();
  if (bytes > free) return `${bytes} bytes asked for, ${free} available`;
  let memory: ArrayBuffer;
  try {
    memory = new ArrayBuffer(bytes);
  } catch (error) {
    if (error instanceof RangeError) return `${bytes} bytes asked for: ${error.message}`;
    throw error;
  }
  const view = new Uint8Array(memory);
  for (let at = 0; at < bytes; at += PAGE_BYTES) view[at] = 1;
  Atomics.wait(never, 0, 0, seconds * 1000);
  memory.transfer(0);
  return undefined;
}

/** The file has no name any more while it is written: it goes with the process, however that ends. */
function writeFile(bytes: number): string | undefined {
  const path = join(folder, `kisimd-test-application-${randomUUID()}`);
  let file: number | undefined;
  try {
    file = openSync(path, 'wx', 0o600);
    unlinkSync(path);
    let left = bytes;
    while (left > 0) left -= writeSync(file, chunk, 0, Math.min(left, chunk.length));
    fdatasyncSync(file);
    return undefined;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return `${folder}: ${code} after ${bytes} bytes were asked for`;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
