import { loadConfig } from '../../config/load.ts';
import { Daemon } from '../../daemon/daemon.ts';
import { createLogger } from '../../util/log.ts';
import type { CommandContext } from '../command.ts';
import { version } from '../version.ts';

/** `kisimd run`: the daemon until it is asked to stop. Resolves to the exit status. */
export async function runDaemon({ options, env, signal }: CommandContext): Promise<number> {
  const { config, warnings } = loadConfig({ env, flags: withShortcuts(options) });
  const log = createLogger(config.log.level);
  for (const warning of warnings) log.warn('configuration', { warning });
  const daemon = new Daemon(config, { log, env, version: version() });
  await daemon.start();
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  return (await daemon.stop()) ? 0 : 1;
}

/** The command's own options are other names for settings; `--set` after them wins, as with every other setting. */
function withShortcuts(options: CommandContext['options']): Record<string, unknown> {
  const set: string[] = [];
  if (typeof options['idle'] === 'string') set.push(`attribution.idle=${options['idle']}`);
  if (typeof options['interval'] === 'string') set.push(`meter.interval-milliseconds=${options['interval']}`);
  if (typeof options['policy'] === 'string') set.push(`placement.policy=${options['policy']}`);
  if (options['history'] === false) set.push('history.enabled=false');
  if (options['export'] === false) set.push('export.enabled=false');
  const given = Array.isArray(options['set']) ? (options['set'] as string[]) : [];
  return { ...options, set: [...set, ...given] };
}
