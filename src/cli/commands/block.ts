import { once } from 'node:events';
import { availableCores } from '../../load/block/available-cpus.ts';
import { Blocker, type BlockReport } from '../../load/block/blocker.ts';
import { blockErrors } from '../../load/block/errors.ts';
import { becomeFirstVictim } from '../../load/block/first-victim.ts';
import { BlockPeer } from '../../load/block/peer.ts';
import { isHeld } from '../../load/block/tally.ts';
import { systemClock } from '../../util/clock.ts';
import { parseDuration } from '../../util/duration.ts';
import { realHostRoots } from '../../util/host-roots.ts';
import { createLogger, type LogLevel } from '../../util/log.ts';
import { amountText, liveLine, reportText, toldOf } from '../block/format.ts';
import { burdenOf, fileBytesOf, hostPortOf, peerOf } from '../block/options.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';

/** `kisimd block` and `kisimd block peer`. Resolves to the exit status: 1 where something was not held. */
export async function runBlock(context: CommandContext): Promise<number> {
  if (context.args[0] === 'peer') return await runPeer(context);
  if (context.options['pod'] === true) return await (await import('../block/pod.ts')).runBlockPod(context);
  return await runHere(context);
}

async function runHere({ options, stdout, stderr, signal }: CommandContext): Promise<number> {
  const burden = burdenOf(options, () => availableCores(realHostRoots));
  const isJson = options['json'] === true;
  const isLive = stderr.isTTY === true && !isJson;
  const blocker = new Blocker({
    burden,
    forMilliseconds: holdMilliseconds(options),
    folder: String(options['folder']),
    fileBytes: fileBytesOf(options),
    peer: peerOf(options, burden),
    clock: systemClock,
    roots: realHostRoots,
    parent: () => process.ppid,
    onHeld: () => {
      if (isJson) stdout.write(`${JSON.stringify({ holding: burden })}\n`);
    },
    onWindow: (holdings, left) => {
      if (isLive) stderr.write(`\r\x1b[K${liveLine(holdings, left)}`);
    },
  });
  if (burden.memoryBytes !== undefined) {
    const why = becomeFirstVictim(realHostRoots.proc);
    if (why !== undefined)
      stderr.write(`should memory run out, another process may be ended first: ${why}\n`);
  }
  const report = await blocker.run(signal);
  if (isLive) stderr.write('\r\x1b[K');
  stdout.write(isJson ? `${JSON.stringify(toldOf(report))}\n` : reportText(report));
  if (report.failure !== undefined) throw report.failure;
  return statusOf(report);
}

/** @throws KISIM_E_BLOCK_NOT_HELD */
function statusOf({ holdings }: BlockReport): number {
  const missed = holdings.filter((each) => each.windows > 0 && !isHeld(each));
  if (missed.length === 0) return 0;
  const found = missed.map(
    ({ resource, asked, held }) =>
      `${resource}: ${amountText(resource, held!)} of ${amountText(resource, asked)}`,
  );
  throw blockErrors.KISIM_E_BLOCK_NOT_HELD(found.join(', '));
}

function holdMilliseconds(options: CommandContext['options']): number {
  const milliseconds = parseDuration(String(options['for']));
  if (milliseconds > 0) return milliseconds;
  throw cliErrors.KISIM_E_USAGE(`--for ${String(options['for'])}`, { action: 'give a duration above 0' });
}

async function runPeer({ options, stdout, stderr, signal }: CommandContext): Promise<number> {
  const level = (options['logLevel'] as LogLevel | undefined) ?? 'info';
  const { host, port } = hostPortOf('listen', String(options['listen'] ?? '127.0.0.1:5210'), 0);
  const peer = new BlockPeer({
    host,
    port,
    log: createLogger(level, { write: (line) => stderr.write(line) }),
  });
  const address = await peer.start();
  const where = `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  stdout.write(options['json'] === true ? `${JSON.stringify({ listen: where })}\n` : `${where}\n`);
  if (!signal.aborted) await once(signal, 'abort');
  await peer.stop();
  return 0;
}
