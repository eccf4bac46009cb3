import { readFileSync } from 'node:fs';

/** What the kernel says of another process. */
export interface Observed {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** proc_pid_stat(5): user and system time in ticks of 10 ms, after the name, which may hold blanks. */
export function observe(pid: number): Observed {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const io = readFileSync(`/proc/${pid}/io`, 'utf8');
  const count = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(io)![1]);
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
  return {
    seconds: performance.now() / 1000,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    residentBytes: Number(resident) * 1024,
    readBytes: count('read_bytes'),
    writtenBytes: count('write_bytes'),
  };
}
