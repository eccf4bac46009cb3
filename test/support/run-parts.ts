import { once } from 'node:events';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** The parts named on the command line, or all of them; undefined where one does not exist, which is told. */
export function chosenParts(
  parts: readonly string[],
  names: readonly string[],
): readonly string[] | undefined {
  const unknown = names.filter((name) => !parts.includes(name));
  if (unknown.length === 0) return names.length > 0 ? names : parts;
  process.stderr.write(`no such part: ${unknown.join(', ')}; parts: ${parts.join(', ')}\n`);
  return undefined;
}

/**
 * Runs `PART.test.ts` of a folder for each part, one after the other in processes of their own, and tells at the end
 * what was skipped and why.
 *
 * @returns exit status
 */
export async function runParts(folder: string, parts: readonly string[]): Promise<number> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const skipped: string[] = [];
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

  const stream = run({
    files: parts.map((name) => join(folder, `${name}.test.ts`)),
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
  return counts.failed > 0 || stop.signal.aborted ? 1 : 0;
}
