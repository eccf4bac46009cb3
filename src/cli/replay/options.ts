import type { ClusterKind } from '../../history/cluster-kind.ts';
import { parsePointInTime } from '../../util/duration.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';

export interface ReplayOptions {
  readonly milliseconds: Milliseconds;
  /** Undefined: the newest that there is. */
  readonly until: Milliseconds | undefined;
  /** Undefined: the usual ones. */
  readonly policies: readonly string[] | undefined;
  readonly keepRunning: boolean;
  readonly sleep: boolean;
  readonly nodeTable: string | undefined;
  readonly assumedUse: number;
  readonly cluster: ClusterKind;
  readonly seed: number;
  readonly plot: boolean;
  readonly svg: string | undefined;
  readonly json: boolean;
  readonly database: string | undefined;
}

const DAY: Milliseconds = 86_400_000;
const MOST_DAYS = 3650;

/** @throws KISIM_E_USAGE, KISIM_E_POINT_IN_TIME */
export function readReplayOptions(options: CommandContext['options'], now: Milliseconds): ReplayOptions {
  const until = textOption(options, 'until');
  const json = options['json'] === true;
  const plot = options['plot'] === true;
  if (json && plot) throw cliErrors.KISIM_E_USAGE('--plot together with --json');
  return {
    milliseconds: numberOption(options, 'days', 7, (days) => days > 0 && days <= MOST_DAYS) * DAY,
    until: until === undefined ? undefined : parsePointInTime(until, now),
    policies: listOption(options, 'policies'),
    keepRunning: options['keepRunning'] === true,
    sleep: options['sleep'] === true,
    nodeTable: textOption(options, 'nodeTable'),
    assumedUse: numberOption(options, 'use', 1, (use) => use >= 0 && use <= 10),
    cluster: clusterOption(options),
    seed: numberOption(options, 'seed', 1, (seed) => Number.isSafeInteger(seed) && seed >= 0),
    plot,
    svg: textOption(options, 'svg'),
    json,
    database: textOption(options, 'db'),
  };
}

export function textOption(options: CommandContext['options'], name: string): string | undefined {
  const given = options[name];
  return typeof given === 'string' && given !== '' ? given : undefined;
}

/** @throws KISIM_E_USAGE for what is no number, or none that will do */
export function numberOption(
  options: CommandContext['options'],
  name: string,
  otherwise: number,
  willDo: (value: number) => boolean,
): number {
  const given = options[name];
  if (given === undefined) return otherwise;
  const value = String(given).trim() === '' ? Number.NaN : Number(given);
  if (Number.isFinite(value) && willDo(value)) return value;
  throw cliErrors.KISIM_E_USAGE(`--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} ${String(given)}`);
}

/** Names between commas, each once. */
export function listOption(options: CommandContext['options'], name: string): readonly string[] | undefined {
  const given = textOption(options, name);
  if (given === undefined) return undefined;
  const names = given.split(',').map((each) => each.trim());
  if (names.includes('')) throw cliErrors.KISIM_E_USAGE(`--${name} ${given}`);
  return [...new Set(names)];
}

/** @throws KISIM_E_USAGE */
export function clusterOption(options: CommandContext['options']): ClusterKind {
  const given = textOption(options, 'cluster') ?? 'live';
  if (given === 'live' || given === 'simulated') return given;
  throw cliErrors.KISIM_E_USAGE(`--cluster ${given}`);
}
