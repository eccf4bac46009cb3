import { once } from 'node:events';
import type { TieRule } from '../../policy/policy.ts';
import { policyByName } from '../../policy/registry.ts';
import { ScoreServer } from '../../simulation/outside/score-server.ts';
import { createLogger, type LogLevel } from '../../util/log.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';

/** `kisimd score-server`. Prints the address once it listens, and serves until it is asked to stop. */
export async function runScoreServer({ options, stdout, stderr, signal }: CommandContext): Promise<number> {
  const port = whole(options, 'port', 65535);
  const seed = whole(options, 'seed', Number.MAX_SAFE_INTEGER);
  const policy = policyByName(String(options['policy']), { ties: options['ties'] as TieRule });
  const level = (options['logLevel'] as LogLevel | undefined) ?? 'info';
  const log = createLogger(level, { write: (line) => stderr.write(line) });
  const server = new ScoreServer({ host: String(options['host']), port, policy, seed, log });
  const address = await server.start();
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  const url = `http://${host}:${address.port}/score`;
  stdout.write(options['json'] === true ? `${JSON.stringify({ url, policy: policy.name })}\n` : `${url}\n`);
  if (!signal.aborted) await once(signal, 'abort');
  await server.stop();
  return 0;
}

function whole(options: CommandContext['options'], name: string, most: number): number {
  const text = String(options[name]);
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  throw cliErrors.KISIM_E_USAGE(`--${name} ${text}`, { action: `give a whole number from 0 to ${most}` });
}
