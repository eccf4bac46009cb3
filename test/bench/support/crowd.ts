import { readdirSync } from 'node:fs';
import { type BenchProcess, startTool } from './bench-tool.ts';

/** Makes the machine one of so many processes: adds sleepers to those that run here already, a tenth of them waking every second. */
export async function crowdUpTo(processes: number): Promise<BenchProcess> {
  const running = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
  const crowd = startTool('crowd', Math.max(0, processes - running), processes / 10, 1);
  await crowd.said('ready');
  return crowd;
}
