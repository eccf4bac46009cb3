import { defineErrors } from './errors.ts';

export const byteAmountErrors = defineErrors({
  KISIM_E_BYTES: {
    summary: 'the text is no amount of bytes',
    expected: 'a number with a unit: 512MiB, 2GiB (powers of 1024), 500MB, 2GB (powers of 1000), 4096B',
    action: 'give a number above 0 with its unit',
  },
  KISIM_E_BYTE_RATE: {
    summary: 'the text is no rate of bytes',
    expected: 'a number with a unit by the second: 20MB/s, 1.5GiB/s; or in bits: 100Mbit/s',
    action: 'give a number above 0 with its unit, by the second',
  },
});

const bytesPerUnit: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const bytesPerBitUnit: Readonly<Record<string, number>> = {
  bit: 1 / 8,
  kbit: 1e3 / 8,
  Mbit: 1e6 / 8,
  Gbit: 1e9 / 8,
};

function parse(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)\s*([A-Za-z]+)$/.exec(text.trim());
  const scale = match !== null && Object.hasOwn(units, match[2]!) ? units[match[2]!] : undefined;
  if (match === null || scale === undefined) return undefined;
  const bytes = Number(match[1]) * scale;
  return bytes > 0 && bytes <= Number.MAX_SAFE_INTEGER ? bytes : undefined;
}

/**
 * Whole bytes of an amount, above 0.
 *
 * @throws KISIM_E_BYTES
 * @example
 * parseBytes('2GiB'); // 2147483648
 */
export function parseBytes(text: string): number {
  const bytes = parse(text, bytesPerUnit);
  if (bytes === undefined || bytes < 1) throw byteAmountErrors.KISIM_E_BYTES(JSON.stringify(text));
  return Math.round(bytes);
}

/**
 * Bytes per second, above 0.
 *
 * @throws KISIM_E_BYTE_RATE
 * @example
 * parseByteRate('100Mbit/s'); // 12500000
 */
export function parseByteRate(text: string): number {
  const amount = /^(.*)\/s$/.exec(text.trim())?.[1];
  const bytes = amount === undefined ? undefined : parse(amount, { ...bytesPerUnit, ...bytesPerBitUnit });
  if (bytes === undefined) throw byteAmountErrors.KISIM_E_BYTE_RATE(JSON.stringify(text));
  return bytes;
}

/** For people: `2.00 GiB`, `512.0 MiB`. */
export function bytesText(bytes: number): string {
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return `${Math.round(bytes / 2 ** 10)} KiB`;
}

/** For people: `20.00 MB/s`. */
export function byteRateText(bytesPerSecond: number): string {
  if (bytesPerSecond >= 1e9) return `${(bytesPerSecond / 1e9).toFixed(2)} GB/s`;
  return bytesPerSecond >= 1e5
    ? `${(bytesPerSecond / 1e6).toFixed(2)} MB/s`
    : `${(bytesPerSecond / 1e3).toFixed(2)} kB/s`;
}
