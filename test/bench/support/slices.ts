import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { benchTool } from './bench-tool.ts';

export interface Slice {
  readonly cpuNanoseconds: number;
  readonly wallNanoseconds: number;
}

/** A workload in a process of its own that does the same piece of work again and again, each time it is told to. */
export class SlicedWorkload {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;

  constructor(rounds: number) {
    this.#child = spawn(benchTool(), ['slices', String(rounds)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout });
  }

  async slice(): Promise<Slice> {
    const line = once(this.#lines, 'line');
    this.#child.stdin.write('\n');
    const [cpu, wall] = String((await line)[0])
      .split(' ')
      .map(Number);
    return { cpuNanoseconds: cpu!, wallNanoseconds: wall! };
  }

  async stop(): Promise<void> {
    this.#child.stdin.end();
    await once(this.#child, 'exit');
  }
}
