import type { Config } from '../config/config.ts';
import { loadAddon } from '../native/addon.ts';
import type { NativeProcessScanner } from '../native/process-scanner.ts';
import { systemErrorCode } from '../util/errors.ts';
import { daemonErrors } from './errors.ts';

/** A process that used more than this share of an interval is asked where it ran. */
const LOCATE_ABOVE_SHARE = 0.02;

/**
 * The scanner in the best tier that this host gives.
 *
 * @param locate whether it matters here on which CPU a process ran
 * @throws KISIM_E_METER_SCAN where this host lets nobody scan, KISIM_E_ADDON_*
 */
export function openScanner(config: Config, locate: boolean): NativeProcessScanner {
  const { ProcessScanner } = loadAddon();
  try {
    return new ProcessScanner({
      procRoot: config.roots.proc,
      clock: config.meter.processClock,
      births: 'auto',
      exits: 'auto',
      stormExitsPerSecond: config.meter.stormExitsPerSecond,
      reconcileSeconds: config.meter.reconcileSeconds,
      lastCpuAboveNanoseconds: locate ? config.meter.intervalMilliseconds * 1e6 * LOCATE_ABOVE_SHARE : 0,
    });
  } catch (cause) {
    if (systemErrorCode(cause) === undefined) throw cause;
    const action = 'run `kisimd doctor`, and look at roots.proc: nothing can be metered without it';
    throw daemonErrors.KISIM_E_METER_SCAN((cause as Error).message, { cause, action });
  }
}
