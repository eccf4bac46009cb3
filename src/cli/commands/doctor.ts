import { userInfo } from 'node:os';
import { type CheckedConfig, checkConfig, loadConfig } from '../../config/load.ts';
import { openScanner } from '../../daemon/open-scanner.ts';
import { configuredCandidates } from '../../meter/configured-sources.ts';
import { loadAddon } from '../../native/addon.ts';
import { systemClock } from '../../util/clock.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { silentLogger } from '../../util/log.ts';
import type { CommandContext } from '../command.ts';
import { examine } from '../doctor/examine.ts';
import { readHostCard } from '../doctor/host.ts';
import { renderFindings } from '../doctor/report.ts';

/** A user id without an entry in the user database has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return String(process.getuid?.() ?? 'unknown');
  }
}

function configOrDefaults(checked: CheckedConfig, env: CommandContext['env']) {
  if (checked.loaded !== undefined) return checked.loaded.config;
  const nothing = { main: '/nonexistent/config.yaml', dropIns: '/nonexistent/config.d' };
  const { HOME, STATE_DIRECTORY, XDG_STATE_HOME } = env;
  return loadConfig({ env: { HOME, STATE_DIRECTORY, XDG_STATE_HOME }, flags: {}, files: nothing }).config;
}

/** `kisimd doctor`. Resolves to 1 where nothing at all can meter. */
export async function runDoctor({ env, options, stdout }: CommandContext): Promise<number> {
  const checked = checkConfig({ env, flags: options });
  const config = configOrDefaults(checked, env);
  const card = await readHostCard();
  const { findings, canMeter } = await examine({
    checked,
    config,
    card,
    nodeVersion: process.versions.node,
    nodePath: process.execPath,
    userName: userName(),
    loadAddon,
    candidates: configuredCandidates(config, { clock: systemClock, log: silentLogger }),
    makeScanner: () => openScanner(config, false),
  });
  if (options['json'] === true) {
    stdout.write(`${JSON.stringify({ canMeter, host: card, findings })}\n`);
  } else {
    const colour = stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '';
    stdout.write(renderFindings(findings, { width: Math.max(60, stdout.columns ?? 110), colour }));
    if (!canMeter) stdout.write('nothing can be metered here: see what to do above\n');
  }
  return canMeter ? 0 : 1;
}
