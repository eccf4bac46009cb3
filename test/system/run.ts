// `npm run test:system [PART...]`: the program beside the real things: systemd, containerd, QEMU, Prometheus. Needs
// root for most parts and installs what it lacks with apt-get where it may. One part after the other, each in a
// process of its own, because they share the machine whose load they measure.
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const parts = ['systemd', 'privilege', 'container', 'vm', 'unit', 'disk', 'prometheus'] as const;
const folder = dirname(fileURLToPath(import.meta.url));

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(parts as readonly string[]).includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no such part: ${unknown.join(', ')}; parts: ${parts.join(', ')}\n`);
  process.exit(2);
}

const counts = { passed: 0, failed: 0, skipped: 0 };
const skipped: string[] = [];
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

const stream = run({
  files: (chosen.length > 0 ? chosen : parts).map((name) => join(folder, `${name}.test.ts`)),
  concurrency: false,
  timeout: 600_000,
  signal: stop.signal,
});
stream.on('test:pass', ({ name, skip, details }) => {
  if (skip !== undefined && skip !== false) {
    counts.skipped += 1;
    skipped.push(typeof skip === 'string' && skip !== '' ? `${name}: ${skip}` : name);
  } else if (details.type !== 'suite') counts.passed += 1;
});
stream.on('test:fail', ({ details }) => {
  // A suite fails with its tests, which are counted; on its own where its set-up failed.
  const cause = 'failureType' in details.error ? details.error.failureType : undefined;
  if (details.type !== 'suite' || cause !== 'subtestsFailed') counts.failed += 1;
});
const report = stream.compose(spec());
report.pipe(process.stdout);
await once(report, 'end');

for (const line of skipped) process.stdout.write(`skipped: ${line}\n`);
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
process.exitCode = counts.failed > 0 || stop.signal.aborted ? 1 : 0;
