import { realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemErrorCode } from '../util/errors.ts';
import type { Watts } from '../util/units.ts';
import { listSysfs, readSysfsNumber, readSysfsText } from './sysfs.ts';

/** One energy or power input of a hwmon chip (Documentation/hwmon/sysfs-interface.rst of Linux). */
export interface HwmonSensor {
  /** Text of the chip's `name`; the folder's name where it cannot be read. */
  readonly chip: string;
  /** Name of the device that the chip belongs to (`ACPI000D:00`, `0000:03:00.0`); '' where there is no link. */
  readonly device: string;
  /** `energy1`, `power2`. */
  readonly channel: string;
  readonly quantity: 'energy' | 'power';
  /** '' where there is none. */
  readonly label: string;
  readonly path: string;
  /** Largest power the chip names for this channel; undefined where it names none. */
  readonly maxWatts: Watts | undefined;
  /** True on chips of graphics inside a processor (amdgpu shows its north bridge's voltage only there). */
  readonly integratedGraphics: boolean;
}

export interface HwmonTree {
  readonly sensors: readonly HwmonSensor[];
  /** Switched off by their `_enable` file; `chip/channel`. */
  readonly disabled: readonly string[];
  readonly folder: string;
  readonly error: string;
}

/** Lists every energy and power input below `<sys>/class/hwmon`. Voltage times current is not made into power. */
export function readHwmonTree(sys: string): HwmonTree {
  const folder = join(sys, 'class', 'hwmon');
  const { names, error } = listSysfs(folder);
  const sensors: HwmonSensor[] = [];
  const disabled: string[] = [];
  for (const name of names.filter((entry) => entry.startsWith('hwmon'))) {
    readChip(join(folder, name), name, sensors, disabled);
  }
  return { sensors, disabled, folder, error };
}

function readChip(folder: string, fallback: string, sensors: HwmonSensor[], disabled: string[]): void {
  const files = new Set(listSysfs(folder).names);
  const chip = readSysfsText(join(folder, 'name')).text || fallback;
  const device = deviceName(join(folder, 'device'));
  const integratedGraphics = [...files].some(
    (file) => /^in\d+_label$/.test(file) && readSysfsText(join(folder, file)).text === 'vddnb',
  );
  const channels = new Set(
    [...files].flatMap((file) => /^((?:energy|power)\d+)_(?:input|average)$/.exec(file)?.[1] ?? []),
  );
  for (const channel of [...channels].sort()) {
    if (readSysfsText(join(folder, `${channel}_enable`)).text === '0') {
      disabled.push(`${chip}/${channel}`);
      continue;
    }
    // A mean over the chip's own interval misses less between two reads than a reading of one instant.
    const file = files.has(`${channel}_average`) ? `${channel}_average` : `${channel}_input`;
    sensors.push({
      chip,
      device,
      channel,
      quantity: channel.startsWith('energy') ? 'energy' : 'power',
      label: readSysfsText(join(folder, `${channel}_label`)).text ?? '',
      path: join(folder, file),
      maxWatts: channelMaxWatts(folder, channel),
      integratedGraphics,
    });
  }
}

function channelMaxWatts(folder: string, channel: string): Watts | undefined {
  const limits = ['rated_max', 'crit', 'max', 'cap_max'].flatMap((limit) => {
    const microwatts = readSysfsNumber(join(folder, `${channel}_${limit}`));
    return microwatts !== undefined && microwatts > 0 && !isUnknownPower(microwatts)
      ? [microwatts / 1e6]
      : [];
  });
  return limits.length === 0 ? undefined : Math.max(...limits);
}

/**
 * ACPI's power meter says "unknown" as 0xFFFFFFFF mW (ACPI 6.5, 10.4.1 _PMM), which the kernel passes on as
 * 4294967295000 uW. It is no power.
 */
export function isUnknownPower(microwatts: number): boolean {
  return microwatts >= 0xffffffff * 1000;
}

function deviceName(link: string): string {
  try {
    return basename(realpathSync(link));
  } catch (error) {
    // Chips without a device behind them have no such link.
    if (systemErrorCode(error) === undefined) throw error;
    return '';
  }
}
