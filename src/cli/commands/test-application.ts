import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { testApplicationManifest } from '../../kubernetes/manifests/test-application.ts';
import { TestApplication } from '../../load/test-application/test-application.ts';
import { systemClock } from '../../util/clock.ts';
import { parseDuration } from '../../util/duration.ts';
import { createLogger, type LogLevel } from '../../util/log.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';

/** `kisimd test-application`. Prints the address once it listens, and serves until it is asked to stop. */
export async function runTestApplication({
  options,
  stdout,
  stderr,
  signal,
}: CommandContext): Promise<number> {
  if (options['manifest'] === true) {
    stdout.write(`${JSON.stringify(manifestOf(options), undefined, 2)}\n`);
    return 0;
  }
  const level = (options['logLevel'] as LogLevel | undefined) ?? 'info';
  const servers =
    options['servers'] === undefined ? availableParallelism() : whole(options, 'servers', 1, 1024);
  const drainMilliseconds = parseDuration(String(options['drain']));
  const application = new TestApplication({
    host: String(options['host']),
    port: whole(options, 'port', 0, 65535),
    servers,
    queueLimit: whole(options, 'queue', 0, 1_000_000),
    seed: whole(options, 'seed', 0, Number.MAX_SAFE_INTEGER),
    folder: String(options['folder']),
    clock: systemClock,
    log: createLogger(level, { write: (line) => stderr.write(line) }),
  });
  const address = await application.start();
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  const url = `http://${host}:${address.port}`;
  stdout.write(options['json'] === true ? `${JSON.stringify({ url, servers })}\n` : `${url}\n`);
  if (!signal.aborted) await once(signal, 'abort');
  await application.stop(drainMilliseconds);
  return 0;
}

function manifestOf(options: CommandContext['options']): object {
  const image = options['image'];
  if (typeof image !== 'string' || image === '') {
    throw cliErrors.KISIM_E_USAGE('--manifest without --image', {
      action: 'build one with deploy/images/kisimd/Dockerfile, and name it with --image',
    });
  }
  return testApplicationManifest({
    namespace: String(options['namespace']),
    name: String(options['name']),
    image,
    replicas: whole(options, 'replicas', 0, 10_000),
    port: whole(options, 'port', 1, 65535),
    servers: options['servers'] === undefined ? 1 : whole(options, 'servers', 1, 1024),
    queueLimit: whole(options, 'queue', 0, 1_000_000),
    seed: whole(options, 'seed', 0, Number.MAX_SAFE_INTEGER),
  });
}

function whole(options: CommandContext['options'], name: string, least: number, most: number): number {
  const text = String(options[name]);
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw cliErrors.KISIM_E_USAGE(`--${name} ${text}`, {
    action: `give a whole number from ${least} to ${most}`,
  });
}
