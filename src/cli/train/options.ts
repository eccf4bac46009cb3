import { availableParallelism } from 'node:os';
import type { ClusterKind } from '../../history/cluster-kind.ts';
import { trainingAlgorithms } from '../../learning/training-algorithms.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { numberOption, textOption } from '../replay/options.ts';

/** What the twin is made of. */
export type TrainSource =
  | {
      readonly kind: 'scenario';
      readonly name: string;
      readonly load: number;
      readonly clusterSeed: number;
      readonly hardware: string | undefined;
    }
  | { readonly kind: 'cluster' }
  | { readonly kind: 'manifests'; readonly paths: readonly string[] }
  | {
      readonly kind: 'history';
      readonly cluster: ClusterKind;
      readonly database: string | undefined;
      readonly days: number;
      /** The recorded arrivals themselves, in place of others like them. */
      readonly arrivals?: boolean;
    };

export interface TrainOptions {
  /** Undefined: what the training in the folder was asked for. */
  readonly begin:
    | {
        readonly source: TrainSource;
        readonly algorithm: string;
        readonly seed: number;
        readonly steps: number | { readonly withinSeconds: number };
        readonly nodeTable: string | undefined;
        readonly exact: boolean;
        readonly load: number | undefined;
      }
    | undefined;
  /** The folder; undefined: a new one. */
  readonly out: string | undefined;
  readonly threads: number;
  readonly json: boolean;
  readonly adopt: boolean;
}

const MOST_HOURS = 24 * 366;
const USUAL_LOAD = 0.6;
/** A minute, or three where pods may wait, is what gains were found to flatten after; nobody knows of more than two. */
const USUAL_HOURS = 0.05;

type Given = CommandContext['options'];

const BEGINNING = [
  'hours',
  'steps',
  'scenario',
  'load',
  'clusterSeed',
  'hardware',
  'forCluster',
  'manifests',
  'fromHistory',
  'arrivals',
  'nodeTable',
] as const;

/** @throws KISIM_E_USAGE for options that do not go together or have values that they cannot have */
export function readTrainOptions(given: Given): TrainOptions {
  const threads = numberOption(given, 'workers', availableParallelism(), isCount);
  const json = given['json'] === true;
  const adopt = given['adopt'] === true;
  const resumed = textOption(given, 'resume');
  if (resumed !== undefined) {
    const wrong = [...BEGINNING, 'out' as const].find((name) => isGiven(given[name]));
    if (wrong !== undefined)
      throw usage(`--resume together with --${dashed(wrong)}`, 'a training goes on as it was begun');
    return { begin: undefined, out: resumed, threads, json, adopt };
  }
  const algorithm = textOption(given, 'algorithm') ?? trainingAlgorithms[0].name;
  const names = trainingAlgorithms.map(({ name }) => name);
  if (!names.includes(algorithm)) throw usage(`--algorithm ${algorithm}`, `one of ${names.join(', ')}`);
  if (isGiven(given['hours']) && isGiven(given['steps']))
    throw usage('--hours and --steps', 'give one of them');
  const load = isGiven(given['load'])
    ? numberOption(given, 'load', USUAL_LOAD, (value) => value > 0 && value <= 2)
    : undefined;
  return {
    begin: {
      source: sourceOf(given, load ?? USUAL_LOAD),
      algorithm,
      seed: numberOption(
        given,
        'seed',
        0,
        (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32,
      ),
      steps: isGiven(given['steps'])
        ? numberOption(given, 'steps', 1, isCount)
        : {
            withinSeconds:
              3600 * numberOption(given, 'hours', USUAL_HOURS, (value) => value > 0 && value <= MOST_HOURS),
          },
      nodeTable: textOption(given, 'nodeTable'),
      exact: given['exact'] === true,
      load,
    },
    out: textOption(given, 'out'),
    threads,
    json,
    adopt,
  };
}

function sourceOf(given: Given, load: number): TrainSource {
  const scenario = textOption(given, 'scenario');
  const paths = given['manifests'] as readonly string[] | undefined;
  const hasManifests = paths !== undefined && paths.length > 0;
  const live = given['forCluster'] === true;
  const history = given['fromHistory'] === true;
  if (
    [scenario !== undefined, hasManifests, live && !history].filter(Boolean).length > 1 ||
    (history && (scenario !== undefined || hasManifests))
  )
    throw usage(
      'several clusters to train for',
      'give one of --scenario, --for-cluster, --manifests and --from-history',
    );
  if (history)
    return {
      kind: 'history',
      cluster: 'live',
      database: textOption(given, 'db'),
      days: numberOption(given, 'days', 7, (value) => value > 0 && value <= 3650),
      arrivals: given['arrivals'] === true,
    };
  if (given['arrivals'] === true)
    throw usage('--arrivals without --from-history', 'what is to be lived through again is recorded there');
  if (live) return { kind: 'cluster' };
  if (hasManifests) return { kind: 'manifests', paths };
  return {
    kind: 'scenario',
    name: scenario ?? 'B',
    load,
    clusterSeed: numberOption(given, 'clusterSeed', 0, (value) => Number.isSafeInteger(value) && value >= 0),
    hardware: textOption(given, 'hardware'),
  };
}

const isCount = (value: number) => Number.isSafeInteger(value) && value >= 1;

/** Lists that nothing was put into count as left out. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}

function usage(found: string, action: string): Error {
  return cliErrors.KISIM_E_USAGE(found, { action });
}
