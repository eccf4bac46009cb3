import { availableParallelism } from 'node:os';
import { suiteWith } from '../../evaluation/card-figures.ts';
import { checkSuite, type Suite, type SuiteCell } from '../../evaluation/suite.ts';
import { loadSuite } from '../../evaluation/suite-file.ts';
import { cliErrors } from '../errors.ts';
import { ModelCardFile } from './model-card-file.ts';

export interface BenchmarkOptions {
  readonly suite: Suite;
  readonly hardware: string | undefined;
  readonly workers: number;
  /** Undefined: a new folder. */
  readonly out: string | undefined;
  readonly resume: boolean;
  readonly print: 'tables' | 'csv' | 'json';
  /** Undefined: no model is benchmarked for its card. */
  readonly card: BenchmarkCard | undefined;
}

/** The card of a model, and whether figures are written into it, or held against those that are there. */
export interface BenchmarkCard {
  readonly file: ModelCardFile;
  readonly writes: boolean;
}

/** Loads of scenarios that the suite does not have. */
const USUAL_LOADS = [0.3, 0.6, 0.9];

/**
 * What the command line asks for. Scenarios, loads and policies that are given take the place of the suite's.
 *
 * @throws KISIM_E_USAGE, KISIM_E_EVALUATION_SUITE, KISIM_E_EVALUATION_SUITE_FILE
 */
export function readBenchmarkOptions(options: Readonly<Record<string, unknown>>): BenchmarkOptions {
  const { resume, out, csv, json, hardware } = options;
  const card = cardOf(options);
  if (resume === true && out === undefined)
    throw cliErrors.KISIM_E_USAGE('--resume without --out', {
      action: 'name the folder to go on with: --out FOLDER',
    });
  return {
    suite: checkSuite(suiteOf(options, card)),
    hardware: hardware === undefined ? undefined : String(hardware),
    workers: whole(options, 'workers', 1) ?? availableParallelism(),
    out: out === undefined ? undefined : String(out),
    resume: resume === true,
    print: json === true ? 'json' : csv === true ? 'csv' : 'tables',
    card,
  };
}

/** What would make it another benchmark than the card's. */
const CHANGES = ['policies', 'scenarios', 'loads', 'clusters', 'seeds', 'seed', 'baseline', 'offline'];

function cardOf(options: Readonly<Record<string, unknown>>): BenchmarkCard | undefined {
  const { card, intoCard } = options;
  if (card !== undefined && intoCard !== undefined)
    throw cliErrors.KISIM_E_USAGE('--card together with --into-card', { action: 'give one of them' });
  if (intoCard !== undefined) return { file: new ModelCardFile(String(intoCard)), writes: true };
  if (card === undefined) return undefined;
  const wrong = CHANGES.find((name) => options[name] !== undefined && options[name] !== false);
  if (wrong !== undefined)
    throw cliErrors.KISIM_E_USAGE(`--card together with --${wrong}`, {
      action: 'a card is held against the benchmark that it tells',
    });
  return { file: new ModelCardFile(String(card)), writes: false };
}

function suiteOf(options: Readonly<Record<string, unknown>>, card: BenchmarkCard | undefined): Suite {
  if (card !== undefined && !card.writes) return suiteWith(card.file.figures(), card.file.policy);
  const suite = changed(loadSuite(String(options['suite'])), options);
  if (card === undefined) return suite;
  return { ...suite, policies: [...new Set([...suite.policies, card.file.policy])] };
}

function changed(suite: Suite, options: Readonly<Record<string, unknown>>): Suite {
  const baseline = options['baseline'] === undefined ? suite.baseline : String(options['baseline']);
  const policies = list(options['policies']) ?? suite.policies;
  const cells = cellsOf(suite, list(options['scenarios']), list(options['loads'])?.map(loadOf));
  const cut = ['policies', 'scenarios', 'loads', 'clusters', 'seeds'].some(
    (name) => options[name] !== undefined,
  );
  return {
    ...suite,
    // A report must not pass for the whole suite's.
    name: cut ? `${suite.name}, changed` : suite.name,
    baseline,
    policies: policies.includes(baseline) ? policies : [baseline, ...policies],
    cells: options['policies'] === undefined ? cells : cells.map((cell) => ({ ...cell, policies: [] })),
    clusters: whole(options, 'clusters', 1) ?? suite.clusters,
    seeds: whole(options, 'seeds', 1) ?? suite.seeds,
    seed: whole(options, 'seed', 0) ?? suite.seed,
    offline: options['offline'] === true || suite.offline,
  };
}

function cellsOf(
  { cells }: Suite,
  scenarios: readonly string[] | undefined,
  loads: readonly number[] | undefined,
): readonly SuiteCell[] {
  const chosen = scenarios ?? [...new Set(cells.map(({ scenario }) => scenario))];
  return chosen.flatMap((scenario) => {
    const known = cells.filter((cell) => cell.scenario === scenario);
    if (loads === undefined && known.length > 0) return known;
    const { control, policies } = known[0] ?? { control: false, policies: [] };
    return (loads ?? USUAL_LOADS).map((load) => ({ scenario, load, control, policies }));
  });
}

function list(text: unknown): readonly string[] | undefined {
  return text === undefined
    ? undefined
    : String(text)
        .split(',')
        .map((each) => each.trim());
}

function loadOf(text: string): number {
  const load = Number(text);
  if (text !== '' && load > 0 && load <= 1) return load;
  throw cliErrors.KISIM_E_USAGE(`--loads ${text}`, {
    action: 'give shares of the CPU above 0 and at most 1, separated by commas: --loads 0.3,0.6',
  });
}

function whole(options: Readonly<Record<string, unknown>>, name: string, least: number): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (String(text).trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw cliErrors.KISIM_E_USAGE(`--${name} ${String(text)}`, {
    action: `give --${name} a whole number of at least ${least}`,
  });
}
