import type { KisimError } from '../util/errors.ts';
import { configErrors } from './errors.ts';
import { settings } from './settings.ts';
import { suggest } from './suggest.ts';

/** The error for a key that is no setting, with the setting that may have been meant. */
export function unknownKey(key: string, where: string): KisimError {
  const lastWord = key.split('.').at(-1) ?? key;
  const meant =
    suggest(
      key,
      settings.map((row) => row.key),
    ) ??
    settings.find((row) => row.leafKey === lastWord)?.key ??
    suggest(
      key,
      settings.map((row) => row.sectionKey),
    );
  const found = `${key} (${where})`;
  return meant === undefined
    ? configErrors.KISIM_E_CONFIG_UNKNOWN_KEY(found)
    : configErrors.KISIM_E_CONFIG_UNKNOWN_KEY(found, { action: `did you mean ${meant}?` });
}
