import type { KisimError } from '../util/errors.ts';
import { configErrors } from './errors.ts';
import type { ConfigEntry, Origin } from './origin.ts';
import { type NamedSetting, settingByEnvironmentName, settingByKey, settings } from './settings.ts';
import { suggest } from './suggest.ts';
import { unknownKey } from './unknown-key.ts';
import type { Layer } from './yaml-layer.ts';

/** Variables of the program that are no settings. */
const otherVariables: ReadonlySet<string> = new Set(['KISIMD_CONFIG']);

function entriesOf(named: NamedSetting, value: unknown, origin: Origin): readonly ConfigEntry[] {
  if (named.setting.entries !== true || typeof value !== 'object' || value === null) {
    return [{ named, entry: undefined, value, origin }];
  }
  return Object.entries(value).map(([entry, item]) => ({ named, entry, value: item, origin }));
}

/** Takes the settings out of `KISIMD_...` variables. One that is no setting is warned of, as it may not be ours. */
export function environmentLayer(env: Readonly<Record<string, string | undefined>>): Layer {
  const entries: ConfigEntry[] = [];
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('KISIMD_') || value === undefined || otherVariables.has(name)) continue;
    const named = settingByEnvironmentName.get(name);
    if (named === undefined) {
      const meant = suggest(name, settingByEnvironmentName.keys());
      warnings.push(
        `environment variable ${name} is no setting${meant === undefined ? '' : `; did you mean ${meant}?`}`,
      );
      continue;
    }
    entries.push(...entriesOf(named, named.setting.fromText(value), { kind: 'environment', where: name }));
  }
  return { entries, problems: [], warnings };
}

/** Takes the settings out of `--set key=value`, in their order, and `--log-level`. */
export function flagLayer(set: readonly string[], logLevel: string | undefined): Layer {
  const entries: ConfigEntry[] = [];
  const problems: KisimError[] = [];
  for (const override of set) {
    const match = /^\s*([^=\s]+)\s*=(.*)$/s.exec(override);
    if (match === null) {
      problems.push(configErrors.KISIM_E_CONFIG_OVERRIDE(`--set ${override}`));
      continue;
    }
    const [, key = '', value = ''] = match;
    const origin = { kind: 'flag', where: `--set ${key}` } as const;
    const named = settingByKey.get(key);
    const map = settings.find((row) => row.setting.entries === true && key.startsWith(`${row.key}.`));
    if (named !== undefined) {
      entries.push(...entriesOf(named, named.setting.fromText(value), origin));
    } else if (map !== undefined) {
      const pair = map.setting.fromText(`${key.slice(map.key.length + 1)}=${value}`);
      entries.push(...entriesOf(map, pair, origin));
    } else {
      problems.push(unknownKey(key, '--set'));
    }
  }
  const level = settingByKey.get('log.level');
  if (logLevel !== undefined && level !== undefined) {
    entries.push({
      named: level,
      entry: undefined,
      value: logLevel,
      origin: { kind: 'flag', where: '--log-level' },
    });
  }
  return { entries, problems, warnings: [] };
}
