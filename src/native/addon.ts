import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { DirectFileOptions, NativeDirectFile, NativeHeldMemory } from './burden.ts';
import type { NativeCounterSampler, NativeCounterSet } from './counters.ts';
import { nativeErrors } from './errors.ts';
import type { NativeLearner } from './learner.ts';
import type { NativeNvml } from './nvml.ts';
import type { NativePerfEnergy } from './perf-energy.ts';
import type { NativeProcessScanner, ProcessScannerOptions } from './process-scanner.ts';

/** Everything the C++ addon offers. Each part is described in the file of its own name beside this one. */
export interface NativeAddon extends NativeLearner {
  readonly ProcessScanner: new (options: ProcessScannerOptions) => NativeProcessScanner;
  readonly CounterSet: new () => NativeCounterSet;
  readonly CounterSampler: new (options: {
    readonly paths: readonly string[];
    readonly wrapRanges: readonly number[];
    readonly hz: number;
  }) => NativeCounterSampler;
  readonly PerfEnergy: new (options: {
    readonly type: number;
    readonly config: number;
    readonly cpu: number;
    readonly joulesPerCount: number;
  }) => NativePerfEnergy;
  readonly HeldMemory: new (options: { readonly capacityBytes: number }) => NativeHeldMemory;
  readonly DirectFile: new (options: DirectFileOptions) => NativeDirectFile;
  readonly Nvml: new (options: { readonly libraryPath: string }) => NativeNvml;
  /**
   * Sends one datagram to the socket named by NOTIFY_SOCKET (systemd's sd_notify protocol).
   * Returns false where there is no such variable; throws with the system error where the send fails.
   */
  readonly notify: (state: string) => boolean;
}

const addonPath = fileURLToPath(new URL('../../build/Release/kisimd.node', import.meta.url));
let loaded: NativeAddon | undefined;

/** Loads the addon once. Throws KISIM_E_ADDON_MISSING or KISIM_E_ADDON_BROKEN. */
export function loadAddon(): NativeAddon {
  if (loaded !== undefined) return loaded;
  if (!existsSync(addonPath)) throw nativeErrors.KISIM_E_ADDON_MISSING(`no file ${addonPath}`);
  try {
    loaded = createRequire(import.meta.url)(addonPath) as NativeAddon;
  } catch (cause) {
    throw nativeErrors.KISIM_E_ADDON_BROKEN(cause instanceof Error ? cause.message : String(cause), {
      cause,
    });
  }
  return loaded;
}
