import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ChipFixture {
  readonly name?: string;
  /** Name of the device behind the chip. */
  readonly device?: string;
  /** `power1_average`, `energy1_label`, ... */
  readonly files: Readonly<Record<string, string | number>>;
}

/** A hwmon class in a folder of its own, chips numbered in the order given. Remove it with `remove()`. */
export class HwmonTreeFixture {
  /** To be given as the `sys` root. */
  readonly sys: string;

  constructor(chips: readonly ChipFixture[]) {
    this.sys = mkdtempSync(join(tmpdir(), 'kisimd-hwmon-'));
    mkdirSync(join(this.sys, 'class', 'hwmon'), { recursive: true });
    for (const [index, chip] of chips.entries()) {
      const device = join(this.sys, 'devices', chip.device ?? `platform-${index}`);
      const folder = join(device, 'hwmon', `hwmon${index}`);
      mkdirSync(folder, { recursive: true });
      if (chip.name !== undefined) writeFileSync(join(folder, 'name'), `${chip.name}\n`);
      if (chip.device !== undefined) symlinkSync(join('..', '..', '..', chip.device), join(folder, 'device'));
      symlinkSync(folder, join(this.sys, 'class', 'hwmon', `hwmon${index}`));
      for (const [file, text] of Object.entries(chip.files)) this.set(index, file, text);
    }
  }

  set(index: number, file: string, text: string | number): void {
    writeFileSync(join(this.sys, 'class', 'hwmon', `hwmon${index}`, file), `${text}\n`);
  }

  remove(): void {
    rmSync(this.sys, { recursive: true, force: true });
  }
}
