import { tryParseDuration } from '../util/duration.ts';
import { httpLoadErrors } from './http/errors.ts';
import type { LoadFigures } from './report/figures.ts';

const timeFigures = ['p50', 'p90', 'p95', 'p99', 'p99.9', 'mean', 'max'] as const;
type TimeFigure = (typeof timeFigures)[number];
type ObjectiveFigure = TimeFigure | 'errors' | 'error share' | 'rate';

/** One objective of a run, such as `p95<300ms`. */
export interface Objective {
  /** As it was written. */
  readonly text: string;
  readonly figure: ObjectiveFigure;
  readonly comparison: '<' | '<=' | '>' | '>=';
  /** Milliseconds, a count, a share from 0 to 1, or good answers a second. */
  readonly limit: number;
}

export interface ObjectiveResult {
  readonly objective: string;
  /** In the unit of the limit; null where nothing was measured, which never holds. */
  readonly value: number | null;
  readonly limit: number;
  readonly holds: boolean;
}

const form = /^([a-z0-9.]+)\s*(<=|>=|<|>)\s*(.+)$/;

/**
 * Objectives, separated by commas.
 *
 * @throws KISIM_E_LOAD_SLO
 * @example
 * parseObjectives('p95<300ms, errors<1%')[0].limit; // 300
 */
export function parseObjectives(text: string): readonly Objective[] {
  return text.split(',').map((part) => parseObjective(part.trim()));
}

function parseObjective(text: string): Objective {
  const [, name = '', comparison = '', value = ''] = form.exec(text) ?? [];
  const objective = (figure: ObjectiveFigure, limit: number | undefined): Objective => {
    if (limit === undefined || !Number.isFinite(limit)) throw httpLoadErrors.KISIM_E_LOAD_SLO(`'${text}'`);
    return { text, figure, comparison: comparison as Objective['comparison'], limit };
  };
  const time = timeFigures.find((figure) => figure === name || figure.replace('.', '') === name);
  if (time !== undefined) return objective(time, tryParseDuration(value));
  if (name === 'errors') {
    const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(value)?.[1];
    if (percent !== undefined) return objective('error share', Number(percent) / 100);
    return objective('errors', /^\d+$/.test(value) ? Number(value) : undefined);
  }
  if (name === 'rate') return objective('rate', number(value.replace(/\s*\/\s*s$/, '')));
  throw httpLoadErrors.KISIM_E_LOAD_SLO(`'${text}'`);
}

function number(text: string): number | undefined {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

export function checkObjectives(
  objectives: readonly Objective[],
  figures: LoadFigures,
): readonly ObjectiveResult[] {
  return objectives.map(({ text, figure, comparison, limit }) => {
    const value = figureValue(figure, figures);
    return { objective: text, value, limit, holds: value !== null && compare(value, comparison, limit) };
  });
}

function figureValue(figure: ObjectiveFigure, figures: LoadFigures): number | null {
  switch (figure) {
    case 'errors':
      return figures.errors;
    case 'error share':
      return figures.errorShare;
    case 'rate':
      return figures.goodRatePerSecond;
    case 'p99.9':
      return figures.latencyMilliseconds?.p999 ?? null;
    default:
      return figures.latencyMilliseconds?.[figure] ?? null;
  }
}

function compare(value: number, comparison: Objective['comparison'], limit: number): boolean {
  switch (comparison) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
  }
}
