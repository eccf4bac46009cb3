import type { Config } from './config.ts';
import { sections } from './schema.ts';
import type { Setting } from './setting.ts';

/** A setting with all of its names. */
export interface NamedSetting {
  /** As in YAML and `--set`: `meter.interval-milliseconds`. */
  readonly key: string;
  readonly sectionKey: string;
  readonly leafKey: string;
  /** `KISIMD_METER_INTERVAL_MILLISECONDS` */
  readonly environmentName: string;
  readonly section: keyof Config;
  /** Name in `Config[section]`. */
  readonly property: string;
  readonly setting: Setting<unknown>;
}

function kebabCase(camelCase: string): string {
  return camelCase.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** All settings, in the order of the manual. */
export const settings: readonly NamedSetting[] = Object.entries(sections).flatMap(([section, leaves]) =>
  Object.entries(leaves as Readonly<Record<string, Setting<unknown>>>).map(([property, setting]) => {
    const sectionKey = kebabCase(section);
    const leafKey = kebabCase(property);
    const key = `${sectionKey}.${leafKey}`;
    return {
      key,
      sectionKey,
      leafKey,
      environmentName: `KISIMD_${key.replaceAll(/[.-]/g, '_').toUpperCase()}`,
      section: section as keyof Config,
      property,
      setting,
    };
  }),
);

export const settingByKey: ReadonlyMap<string, NamedSetting> = new Map(settings.map((row) => [row.key, row]));

export const settingByEnvironmentName: ReadonlyMap<string, NamedSetting> = new Map(
  settings.map((row) => [row.environmentName, row]),
);
