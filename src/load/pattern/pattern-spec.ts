import { tryParseDuration } from '../../util/duration.ts';
import { patternErrors } from './errors.ts';
import type { LoadPattern } from './load-pattern.ts';
import { constantPattern, periodicPattern, rampPattern, randomPattern, spikePattern } from './shapes.ts';
import { readTracePattern } from './trace-pattern.ts';

export const patternNames = ['constant', 'ramp', 'spike', 'periodic', 'random', 'trace'] as const;
export type PatternName = (typeof patternNames)[number];

/** What a pattern is made of. Levels are users or requests a second; times are in seconds. */
export interface PatternSpec {
  readonly pattern: PatternName;
  readonly durationSeconds?: number;
  /** Of constant. */
  readonly level?: number;
  readonly low?: number;
  readonly high?: number;
  /** Of ramp and periodic. */
  readonly steps?: number;
  /** Of periodic. */
  readonly cycles?: number;
  /** Of random. */
  readonly stepSeconds?: number;
  /** Of random. */
  readonly seed?: number;
  /** Of trace: the CSV file. */
  readonly file?: string;
  /** Of trace: where to begin, seconds after its first record. */
  readonly fromSeconds?: number;
  /** Of trace: all levels times this. */
  readonly scale?: number;
}

type Key = Exclude<keyof PatternSpec, 'pattern'>;

/** As a person writes them, in a text and in a file. */
export const specKeys: Readonly<Record<string, Key>> = {
  duration: 'durationSeconds',
  level: 'level',
  low: 'low',
  high: 'high',
  steps: 'steps',
  cycles: 'cycles',
  every: 'stepSeconds',
  seed: 'seed',
  file: 'file',
  from: 'fromSeconds',
  scale: 'scale',
};
const wordOf = new Map(Object.entries(specKeys).map(([word, key]) => [key, word]));
const timeKeys: readonly Key[] = ['durationSeconds', 'stepSeconds', 'fromSeconds'];

const taken: Readonly<Record<PatternName, readonly Key[]>> = {
  constant: ['durationSeconds', 'level'],
  ramp: ['durationSeconds', 'low', 'high', 'steps'],
  spike: ['durationSeconds', 'low', 'high'],
  periodic: ['durationSeconds', 'low', 'high', 'steps', 'cycles'],
  random: ['durationSeconds', 'low', 'high', 'stepSeconds', 'seed'],
  trace: ['durationSeconds', 'file', 'fromSeconds', 'scale'],
};

export function patternTakes(pattern: PatternName, key: keyof PatternSpec): boolean {
  return key === 'pattern' || taken[pattern].includes(key);
}

/** As in KISim's experiments; a ramp starts from 1 there. */
export const PATTERN_DEFAULTS = { durationSeconds: 600, low: 10, rampLow: 1, high: 100, seed: 1 } as const;

const MOST_STEPS = 1_000_000;

/**
 * Makes the pattern that is described. What is not given is as in KISim's experiments: 10 minutes from 10 to 100, a ramp
 * from 1.
 *
 * @throws KISIM_E_LOAD_PATTERN, and for traces what `readTracePattern` throws
 */
export function makePattern(spec: PatternSpec): LoadPattern {
  const { pattern } = spec;
  for (const key of Object.keys(spec) as (keyof PatternSpec)[])
    if (spec[key] !== undefined && !patternTakes(pattern, key))
      throw refuse(`${pattern} takes no ${wordOf.get(key as Key)}`, pattern);
  const { durationSeconds = PATTERN_DEFAULTS.durationSeconds, high = PATTERN_DEFAULTS.high } = spec;
  const low = spec.low ?? (pattern === 'ramp' ? PATTERN_DEFAULTS.rampLow : PATTERN_DEFAULTS.low);
  within('duration', durationSeconds, 0.001, 1e9);
  within('low', low, 0, 1e9);
  within('high', high, 0, 1e9);
  const count = (key: 'steps' | 'cycles') => {
    const value = spec[key];
    if (value === undefined) return {};
    within(key, value, 1, MOST_STEPS);
    if (!Number.isInteger(value)) throw refuse(`${key} is ${value}, expected a whole number`, pattern);
    return { [key]: value };
  };
  switch (pattern) {
    case 'constant':
      if (spec.level === undefined) throw refuse('constant needs a level', pattern);
      within('level', spec.level, 0, 1e9);
      return constantPattern(spec.level, durationSeconds);
    case 'ramp':
      return rampPattern({ low, high, durationSeconds, ...count('steps') });
    case 'spike':
      return spikePattern({ low, high, durationSeconds });
    case 'periodic':
      return periodicPattern({ low, high, durationSeconds, ...count('steps'), ...count('cycles') });
    case 'random': {
      const { seed = PATTERN_DEFAULTS.seed, stepSeconds } = spec;
      within('seed', seed, 0, 0xffffffff);
      if (stepSeconds === undefined) return randomPattern({ low, high, durationSeconds, seed });
      within('every', stepSeconds, durationSeconds / MOST_STEPS, 1e9);
      return randomPattern({ low, high, durationSeconds, seed, stepSeconds });
    }
    case 'trace': {
      const { file, fromSeconds, scale } = spec;
      if (file === undefined) throw refuse('trace needs a file', pattern);
      return readTracePattern(file, {
        ...(fromSeconds === undefined ? {} : { fromSeconds }),
        ...(scale === undefined ? {} : { scale }),
        ...(spec.durationSeconds === undefined ? {} : { durationSeconds }),
      });
    }
  }
}

/**
 * Reads a pattern as it is written in one word: its name, and after a colon what differs from the defaults.
 *
 * @throws KISIM_E_LOAD_PATTERN
 * @example
 * parsePatternSpec('spike:low=10,high=200,duration=5m').high; // 200
 */
export function parsePatternSpec(text: string): PatternSpec {
  const [name = '', ...rest] = text.split(':');
  const pattern = patternNameOf(name);
  const spec: Record<string, unknown> = { pattern };
  const parts = rest.join(':');
  for (const part of parts === '' ? [] : parts.split(',')) {
    const at = part.indexOf('=');
    const word = part.slice(0, at === -1 ? part.length : at).trim();
    const key = Object.hasOwn(specKeys, word) ? specKeys[word] : undefined;
    if (key === undefined || at === -1)
      throw patternErrors.KISIM_E_LOAD_PATTERN(
        `'${part}' in '${text}' is none of ${Object.keys(specKeys).join('=, ')}=`,
      );
    if (spec[key] !== undefined) throw patternErrors.KISIM_E_LOAD_PATTERN(`'${text}' gives ${word} twice`);
    spec[key] = parseSpecValue(word, part.slice(at + 1));
  }
  return spec as unknown as PatternSpec;
}

/** @throws KISIM_E_LOAD_PATTERN */
export function patternNameOf(name: string): PatternName {
  const found = patternNames.find((one) => one === name.trim());
  if (found !== undefined) return found;
  throw patternErrors.KISIM_E_LOAD_PATTERN(`there is no pattern '${name}', only ${patternNames.join(', ')}`);
}

/** The value of one of `specKeys`: a duration where it is a time, else a number or a file. @throws KISIM_E_LOAD_PATTERN */
export function parseSpecValue(word: string, text: string): number | string {
  const key = specKeys[word]!;
  if (key === 'file') return text;
  if (timeKeys.includes(key)) {
    const milliseconds = tryParseDuration(text);
    if (milliseconds !== undefined) return milliseconds / 1000;
    throw patternErrors.KISIM_E_LOAD_PATTERN(`${word} is '${text}', expected a duration such as 10m`);
  }
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw patternErrors.KISIM_E_LOAD_PATTERN(`${word} is '${text}', expected a number`);
}

function within(word: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most))
    throw patternErrors.KISIM_E_LOAD_PATTERN(`${word} is ${value}, expected ${least} to ${most}`);
}

function refuse(found: string, pattern: PatternName): Error {
  const words = taken[pattern].map((key) => wordOf.get(key));
  return patternErrors.KISIM_E_LOAD_PATTERN(found, { expected: `${pattern} with ${words.join(', ')}` });
}
