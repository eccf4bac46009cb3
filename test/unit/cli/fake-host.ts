import { PassThrough, Writable } from 'node:stream';
import type { CliHost } from '../../../src/cli/program.ts';

/** A host for the command line that keeps what is written. */
export function fakeHost(
  env: Readonly<Record<string, string>> = {},
): CliHost & { out(): string; err(): string } {
  const written = { out: '', err: '' };
  const sink = (name: 'out' | 'err') =>
    new Writable({
      write(chunk, _encoding, done) {
        written[name] += String(chunk);
        done();
      },
    });
  return {
    stdout: sink('out'),
    stderr: sink('err'),
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
    env,
    signal: new AbortController().signal,
    out: () => written.out,
    err: () => written.err,
  };
}
