import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ZoneFixture {
  readonly name?: string | undefined;
  readonly energyMicrojoules?: number | undefined;
  /** undefined: the file is not made. */
  readonly rangeMicrojoules?: number | undefined;
  /** Further files by name, `constraint_0_max_power_uw` for one. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Range of an Intel package with a unit of 61.035 uJ. */
export const INTEL_RANGE = 262_143_328_850;
/** Range of AMD Zen and Sandy Bridge EP, unit 15.258 uJ. */
export const AMD_RANGE = 65_532_610_987;

/**
 * A powercap tree in a folder of its own, in the form of sysfs: zones nested below devices/virtual/powercap, and
 * every one of them linked flat from class/powercap. Remove it with `remove()`.
 */
export class PowercapTreeFixture {
  /** To be given as the `sys` root. */
  readonly sys: string;
  readonly #folders = new Map<string, string>();

  constructor(zones: Readonly<Record<string, ZoneFixture>>) {
    this.sys = mkdtempSync(join(tmpdir(), 'kisimd-powercap-'));
    mkdirSync(join(this.sys, 'class', 'powercap'), { recursive: true });
    for (const [directory, zone] of Object.entries(zones)) this.add(directory, zone);
  }

  add(directory: string, zone: ZoneFixture): void {
    const controlType = directory.slice(0, directory.indexOf(':'));
    const parts = directory.split(':').slice(1);
    const ancestors = parts.map((_, at) => [controlType, ...parts.slice(0, at + 1)].join(':'));
    const path = join('devices', 'virtual', 'powercap', controlType, ...ancestors);
    const folder = join(this.sys, path);
    mkdirSync(folder, { recursive: true });
    this.#folders.set(directory, folder);
    if (zone.name !== undefined) writeFileSync(join(folder, 'name'), `${zone.name}\n`);
    if (zone.rangeMicrojoules !== undefined) {
      writeFileSync(join(folder, 'max_energy_range_uj'), `${zone.rangeMicrojoules}\n`);
    }
    for (const [file, text] of Object.entries(zone.files ?? {})) writeFileSync(join(folder, file), text);
    if (zone.energyMicrojoules !== undefined) this.set(directory, zone.energyMicrojoules);
    symlinkSync(join('..', '..', path), join(this.sys, 'class', 'powercap', directory));
  }

  /** Path of a file of a zone as the class shows it. */
  path(directory: string, file = 'energy_uj'): string {
    return join(this.sys, 'class', 'powercap', directory, file);
  }

  /** Overwrites the counter in place, as a held descriptor sees it. */
  set(directory: string, energyMicrojoules: number | string): void {
    writeFileSync(join(this.#folder(directory), 'energy_uj'), `${energyMicrojoules}\n`);
  }

  /** The zone goes away, as when its driver is unloaded. */
  vanish(directory: string): void {
    rmSync(join(this.sys, 'class', 'powercap', directory));
    rmSync(this.#folder(directory), { recursive: true });
  }

  remove(): void {
    rmSync(this.sys, { recursive: true, force: true });
  }

  #folder(directory: string): string {
    const folder = this.#folders.get(directory);
    if (folder === undefined) throw new Error(`no zone ${directory} in this tree`);
    return folder;
  }
}

/** One package with core and DRAM, as a common server shows them. */
export function oneSocket(): PowercapTreeFixture {
  return new PowercapTreeFixture({
    'intel-rapl:0': { name: 'package-0', energyMicrojoules: 5_000_000, rangeMicrojoules: INTEL_RANGE },
    'intel-rapl:0:0': { name: 'core', energyMicrojoules: 2_000_000, rangeMicrojoules: INTEL_RANGE },
    'intel-rapl:0:1': { name: 'dram', energyMicrojoules: 900_000, rangeMicrojoules: 65_712_999_613 },
  });
}
