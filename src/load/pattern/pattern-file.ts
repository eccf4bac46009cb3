import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { tryParseDuration } from '../../util/duration.ts';
import { KisimError, systemErrorCode } from '../../util/errors.ts';
import { readYamlForm } from '../../util/yaml-form.ts';
import { patternErrors } from './errors.ts';
import { type LoadPattern, type PatternStep, StepPattern } from './load-pattern.ts';
import {
  makePattern,
  type PatternSpec,
  parsePatternSpec,
  patternNames,
  patternTakes,
  specKeys,
} from './pattern-spec.ts';

const level = z.number().min(0).max(1e9);
const seconds = z.union([z.string(), z.number()]).transform((value, context) => {
  const milliseconds = typeof value === 'number' ? value * 1000 : tryParseDuration(value);
  if (milliseconds !== undefined && milliseconds > 0) return milliseconds / 1000;
  context.addIssue({
    code: 'custom',
    message: 'expected a duration above 0, such as 30s, 10m or 90 (seconds)',
  });
  return z.NEVER;
});

const shapeForm = z.strictObject({
  pattern: z.enum(patternNames),
  duration: seconds.optional(),
  level: level.optional(),
  low: level.optional(),
  high: level.optional(),
  steps: z.int().min(1).optional(),
  cycles: z.int().min(1).optional(),
  every: seconds.optional(),
  seed: z.int().min(0).max(0xffffffff).optional(),
  file: z.string().min(1).optional(),
  from: seconds.optional(),
  scale: z.number().positive().optional(),
});

const step = z
  .strictObject({
    for: seconds,
    level: level.optional(),
    from: level.optional(),
    to: level.optional(),
    steps: z.int().min(1).max(100_000).optional(),
  })
  .superRefine((part, context) => {
    const climbs = part.from !== undefined && part.to !== undefined;
    const holds = part.level !== undefined;
    if (holds === climbs || (holds && (part.from ?? part.to ?? part.steps) !== undefined))
      context.addIssue({ code: 'custom', message: 'expected either `level`, or `from` and `to`' });
  });
const stepsForm = z.strictObject({ name: z.string().min(1).optional(), steps: z.array(step).min(1) });

/** What a climb of a file is cut into where it does not say. */
const CLIMB_STEP_SECONDS = 1;
const MOST_CLIMB_STEPS = 10_000;

/**
 * A pattern as a person names it: `spike`, `spike:high=200,duration=5m`, or a YAML file.
 *
 * @throws KISIM_E_LOAD_PATTERN, KISIM_E_LOAD_PATTERN_FILE (with file and line), and what `readTracePattern` throws
 */
export function loadPattern(text: string): LoadPattern {
  return isPatternFile(text) ? readPatternFile(text) : makePattern(parsePatternSpec(text));
}

export function isPatternFile(text: string): boolean {
  return /\.ya?ml$/i.test(text);
}

/** @throws KISIM_E_LOAD_PATTERN_FILE, with file and line */
export function readPatternFile(path: string): LoadPattern {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw patternErrors.KISIM_E_LOAD_PATTERN_FILE(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, {
      cause,
    });
  }
  return parsePatternFile(path, text);
}

/** `path` is for messages and names a pattern that has no name of its own; a trace's file is looked for beside it. */
export function parsePatternFile(path: string, text: string): LoadPattern {
  const refuse = (found: string) => patternErrors.KISIM_E_LOAD_PATTERN_FILE(found);
  if (!/^pattern\s*:/m.test(text)) {
    const { data } = readYamlForm(stepsForm, path, text, refuse);
    return new StepPattern(data.name ?? basename(path).replace(/\.[^.]*$/, ''), stepsOf(data.steps));
  }
  const { data, place } = readYamlForm(shapeForm, path, text, refuse);
  const spec: Record<string, unknown> = { pattern: data.pattern };
  for (const [word, key] of Object.entries(specKeys)) {
    const value = data[word as keyof typeof data];
    if (value === undefined) continue;
    if (!patternTakes(data.pattern, key)) throw refuse(`${place([word])}: ${data.pattern} takes no ${word}`);
    spec[key] = word === 'file' ? resolve(dirname(path), String(value)) : value;
  }
  try {
    return makePattern(spec as unknown as PatternSpec);
  } catch (cause) {
    if (!(cause instanceof KisimError) || cause.code !== 'KISIM_E_LOAD_PATTERN') throw cause;
    throw patternErrors.KISIM_E_LOAD_PATTERN_FILE(`${place(['pattern'])}: ${cause.found}`, { cause });
  }
}

function stepsOf(parts: z.infer<typeof stepsForm>['steps']): PatternStep[] {
  const steps: PatternStep[] = [];
  let at = 0;
  for (const part of parts) {
    if (part.level !== undefined) steps.push({ untilSeconds: at + part.for, level: part.level });
    else {
      const [from, to] = [part.from!, part.to!];
      const usual = Math.min(MOST_CLIMB_STEPS, Math.ceil(part.for / CLIMB_STEP_SECONDS));
      const count = part.steps ?? usual;
      for (let i = 0; i < count; i++)
        steps.push({
          untilSeconds: at + (part.for * (i + 1)) / count,
          // The middle of each step lies on the straight line.
          level: from + ((to - from) * (i + 0.5)) / count,
        });
    }
    at += part.for;
  }
  return steps;
}
