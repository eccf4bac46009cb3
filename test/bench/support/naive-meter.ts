import { fileURLToPath } from 'node:url';
import { BenchProcess } from './bench-tool.ts';

const loop = fileURLToPath(new URL('./naive-loop.ts', import.meta.url));

/** What most meters do: read /proc/PID/stat of every process at every tick. In a process of its own, to be fair. */
export class NaiveMeter {
  readonly #intervalMilliseconds: number;

  constructor(intervalMilliseconds: number) {
    this.#intervalMilliseconds = intervalMilliseconds;
  }

  async percentOfCore(seconds: number): Promise<number> {
    const process_ = new BenchProcess(process.execPath, [
      loop,
      String(this.#intervalMilliseconds),
      String(seconds),
    ]);
    const { percentOfCore } = await process_.result<{ percentOfCore: number }>();
    return percentOfCore;
  }
}
