import { TERM_COUNT, WAIT_TERM_COUNT } from '../energy/term-table.ts';
import type { WeightedRule } from '../energy/weighted-policy.ts';
import { learnedErrors } from './errors.ts';

/** A point of the scorer's space as JSON. */
export function ruleText({ name, weights, waitWeights, unit }: WeightedRule): string {
  return JSON.stringify({
    name,
    unit,
    weights: [...weights],
    ...(waitWeights === undefined ? {} : { waitWeights: [...waitWeights] }),
  });
}

/** @param where what the error names. @throws KISIM_E_MODEL_METADATA */
export function ruleOfText(text: string, where: string): WeightedRule {
  const refuse = (what: string) => learnedErrors.KISIM_E_MODEL_METADATA(`${where}: ${what}`);
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    throw refuse('no JSON');
  }
  const { name, unit, weights, waitWeights } = (stored ?? {}) as Partial<Record<keyof WeightedRule, unknown>>;
  if (typeof name !== 'string' || name === '') throw refuse('no name');
  if (unit !== 'J' && unit !== 'W' && unit !== 'points') throw refuse(`unit ${String(unit)}`);
  const numbers = (value: unknown, count: number, what: string): Float64Array => {
    if (!Array.isArray(value) || value.length !== count || !value.every((each) => Number.isFinite(each)))
      throw refuse(`${what} are not ${count} finite numbers`);
    return Float64Array.from(value as readonly number[]);
  };
  return {
    name,
    unit,
    weights: numbers(weights, TERM_COUNT, 'weights'),
    ...(waitWeights === undefined
      ? {}
      : { waitWeights: numbers(waitWeights, WAIT_TERM_COUNT, 'weights of waiting') }),
  };
}
