import { z } from 'zod';
import { durationIn, type SettingUnit } from './duration-setting.ts';

/** One leaf of the configuration: how it is checked, and what the manual says of it. */
export interface Setting<T> {
  readonly schema: z.ZodType<T>;
  /** What a value may be, in words: the `expected` of errors and the type in the manual. */
  readonly type: string;
  readonly description: string;
  /** Makes a YAML-like value of the text in an environment variable or a `--set`; unusable text stays text. */
  readonly fromText: (text: string) => unknown;
  /** True where the value is a map whose entries are set, and overridden, one by one. */
  readonly entries?: boolean;
}

interface Range {
  readonly min: number;
  readonly max: number;
}

function numberFromText(text: string): unknown {
  const trimmed = text.trim();
  return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : text;
}

export function text(description: string, type = 'text'): Setting<string> {
  return { schema: z.string().min(1), type, description, fromText: (value) => value };
}

export function optionalText(description: string, type = 'text, or nothing'): Setting<string | undefined> {
  return {
    schema: z.preprocess((value) => value ?? undefined, z.string().min(1).optional()),
    type,
    description,
    fromText: (value) => (value === '' ? undefined : value),
  };
}

export function toggle(description: string): Setting<boolean> {
  const words: Readonly<Record<string, boolean>> = { true: true, false: false, '1': true, '0': false };
  return {
    schema: z.boolean(),
    type: 'true or false',
    description,
    fromText: (value) => words[value.trim().toLowerCase()] ?? value,
  };
}

export function integer({ min, max }: Range, description: string): Setting<number> {
  return {
    schema: z.number().int().min(min).max(max),
    type: `a whole number from ${min} to ${max}`,
    description,
    fromText: numberFromText,
  };
}

export function decimal({ min, max }: Range, description: string): Setting<number> {
  return {
    schema: z.number().min(min).max(max),
    type: `a number from ${min} to ${max}`,
    description,
    fromText: numberFromText,
  };
}

/** A number in the unit that the key's name ends in, or text with a unit of its own (`90m`). */
export function duration(unit: SettingUnit, { min, max }: Range, description: string): Setting<number> {
  const exact = z.number().min(min).max(max);
  return {
    schema: z.preprocess(
      (value) => (typeof value === 'string' ? (durationIn(unit, value) ?? value) : value),
      unit === 'milliseconds' ? exact.int() : exact,
    ),
    type: `a duration from ${min} to ${max} ${unit}: a number of ${unit}, or text with a unit (ms, s, m, h, d, w)`,
    description,
    fromText: numberFromText,
  };
}

export function oneOf<const T extends string>(values: readonly T[], description: string): Setting<T> {
  return {
    schema: z.enum(values as readonly [T, ...T[]]),
    type: `one of ${values.join(', ')}`,
    description,
    fromText: (value) => value.trim(),
  };
}

export function listOf<const T extends string>(
  values: readonly T[],
  description: string,
): Setting<readonly T[]> {
  return {
    schema: z
      .array(z.enum(values as readonly [T, ...T[]]))
      .min(1)
      .refine((list) => new Set(list).size === list.length),
    type: `a list of one or more of ${values.join(', ')}, each once`,
    description,
    fromText: (value) => value.split(',').map((item) => item.trim()),
  };
}

/** Watts by the id of a zone. */
export function wattsByZone(description: string): Setting<Readonly<Record<string, number>>> {
  return {
    schema: z.record(z.string().min(1), z.number().min(0).max(100_000)),
    type: 'a map from zone id to watts (0 to 100000)',
    description,
    fromText: (value) => {
      const pairs = value.split(',').map((pair) => /^\s*([^=\s]+)\s*=(.*)$/.exec(pair));
      if (pairs.some((pair) => pair === null)) return value;
      return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', numberFromText(pair?.[2] ?? '')]));
    },
    entries: true,
  };
}
