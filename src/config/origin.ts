import type { NamedSetting } from './settings.ts';

export type OriginKind = 'default' | 'file' | 'environment' | 'flag';

/** Where a value was set. */
export interface Origin {
  readonly kind: OriginKind;
  /** `/etc/kisimd/config.yaml:12:5`, a variable's name, a flag; empty for defaults. */
  readonly where: string;
}

/** One value as it was found in a file, a variable or a flag, not checked yet. */
export interface ConfigEntry {
  readonly named: NamedSetting;
  /** Entry of a map-like setting: `package-0` of `attribution.idle-watts.package-0`. */
  readonly entry: string | undefined;
  readonly value: unknown;
  readonly origin: Origin;
}
