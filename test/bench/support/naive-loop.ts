import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [interval, seconds] = process.argv.slice(2).map(Number) as [number, number];
const startedAt = performance.now();
const before = process.cpuUsage();
for (let tick = 1; performance.now() - startedAt < seconds * 1000; tick++) {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      readFileSync(`/proc/${name}/stat`, 'latin1').split(' ');
    } catch (error) {
      // It ended between the listing and the reading.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
    }
  }
  await sleep(Math.max(0, startedAt + tick * interval - performance.now()));
}
const { user, system } = process.cpuUsage(before);
const elapsed = performance.now() - startedAt;
process.stdout.write(`${JSON.stringify({ percentOfCore: ((user + system) / 1000 / elapsed) * 100 })}\n`);
