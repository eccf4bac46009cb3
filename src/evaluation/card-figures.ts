import { errors } from './errors.ts';
import type { BenchmarkResults, Estimate } from './results.ts';
import type { Suite } from './suite.ts';

/** Stands for the model of the card, wherever its file lies. */
const OWN = 'model';

/** Of one policy in one cell: per cent against the baseline of the suite, negative: less energy. */
export interface PolicyFigures {
  readonly policy: string;
  readonly percent: number;
  readonly low: number | null;
  readonly high: number | null;
  /** All digits, by cluster. */
  readonly kwhByCluster: readonly number[];
  readonly meanWaitSeconds: number;
  readonly sloMissShare: number;
}

/** What a benchmark said of a model: enough to run it again, and to see whether it says the same. */
export interface CardFigures {
  readonly suite: Suite;
  /** Name and digest of the table of servers; null: the program's own. */
  readonly hardware: string | null;
  /** Of the program. */
  readonly version: string;
  readonly overall: {
    readonly percent: number;
    readonly low: number | null;
    readonly high: number | null;
  } | null;
  readonly cells: readonly { readonly cell: string; readonly policies: readonly PolicyFigures[] }[];
}

/** Statistics may differ in their last digits from one machine to another; energies never do. */
const DIGITS = 8;

/**
 * The figures of a model and of what it was held against.
 *
 * @param policy the name that the model ran by
 */
export function figuresOf(results: BenchmarkResults, policy: string): CardFigures {
  const own = (name: string) => (name === policy ? OWN : name);
  const { suite, hardware, version, cells, overall } = results;
  const told = overall.find((each) => each.policy === policy)?.percent;
  return {
    suite: {
      ...suite,
      policies: suite.policies.map(own),
      cells: suite.cells.map((cell) => ({ ...cell, policies: cell.policies.map(own) })),
    },
    hardware,
    version,
    overall: told === undefined ? null : interval(told),
    cells: cells.map((cell) => ({
      cell: cell.cell,
      policies: cell.policies
        .filter((each) => each.policy === policy || each.policy === suite.baseline)
        .map(({ percent, kwhByCluster, meanWaitSeconds, sloMissShare, ...each }) => ({
          policy: own(each.policy),
          ...interval(percent),
          kwhByCluster,
          meanWaitSeconds: rounded(meanWaitSeconds),
          sloMissShare: rounded(sloMissShare),
        })),
    })),
  };
}

/** The suite of a card, with the model by the name that it runs by here. */
export function suiteWith({ suite }: CardFigures, policy: string): Suite {
  const here = (name: string) => (name === OWN ? policy : name);
  return {
    ...suite,
    policies: suite.policies.map(here),
    cells: suite.cells.map((cell) => ({ ...cell, policies: cell.policies.map(here) })),
  };
}

const MOST_TOLD = 10;

/** What two benchmarks of one suite say differently, for people; empty: nothing. The version of the program may differ. */
export function differencesBetween(card: CardFigures, now: CardFigures): readonly string[] {
  const found: string[] = [];
  const told = ({ suite, hardware, overall, cells }: CardFigures) => ({ suite, hardware, overall, cells });
  compare('', told(card), told(now), found);
  return found.length <= MOST_TOLD
    ? found
    : [...found.slice(0, MOST_TOLD), `and ${found.length - MOST_TOLD} more`];
}

function compare(where: string, card: unknown, now: unknown, found: string[]): void {
  if (typeof card !== 'object' || card === null || typeof now !== 'object' || now === null) {
    if (card !== now) found.push(`${where}: ${JSON.stringify(now)}, on the card ${JSON.stringify(card)}`);
    return;
  }
  for (const key of new Set([...Object.keys(card), ...Object.keys(now)]))
    compare(
      where === '' ? key : `${where}.${key}`,
      (card as Record<string, unknown>)[key],
      (now as Record<string, unknown>)[key],
      found,
    );
}

/** @param path for messages. @throws KISIM_E_EVALUATION_CARD where a card tells no figures */
export function checkFigures(path: string, figures: unknown): CardFigures {
  const told = figures as CardFigures | undefined;
  if (!Array.isArray(told?.cells) || !Array.isArray(told.suite?.policies) || !Array.isArray(told.suite.cells))
    throw errors.KISIM_E_EVALUATION_CARD(`${path}: no figures of a benchmark`);
  return told;
}

function interval({ mean, interval: found }: Estimate) {
  return {
    percent: rounded(mean),
    low: found === null ? null : rounded(found.low),
    high: found === null ? null : rounded(found.high),
  };
}

function rounded(amount: number): number {
  return Number(amount.toPrecision(DIGITS));
}
