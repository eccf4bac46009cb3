import type { TieRule } from '../../policy/policy.ts';
import { parseDuration } from '../../util/duration.ts';
import { cliErrors } from '../errors.ts';

export type SimulateSource =
  | { readonly kind: 'files'; readonly paths: readonly string[] }
  | {
      readonly kind: 'openb';
      readonly nodes: string;
      readonly pods: string;
      readonly tune: number | undefined;
    }
  | { readonly kind: 'scenario'; readonly name: string }
  | { readonly kind: 'swf' | 'trace'; readonly path: string };

export interface SimulateOptions {
  readonly source: SimulateSource;
  readonly schedulerConfig: string | undefined;
  readonly policy: string | undefined;
  readonly ties: TieRule | undefined;
  readonly seed: number;
  readonly clusterSeed: number;
  readonly load: number | undefined;
  readonly machines: string | undefined;
  /** Nodes of a trace by an openb list. */
  readonly nodes: string | undefined;
  readonly sleep: boolean;
  readonly grow: 'compress' | 'overlay';
  readonly fromSeconds: number | undefined;
  readonly windowSeconds: number | undefined;
  readonly vms: string | undefined;
  readonly perReplica: number | undefined;
  readonly hardware: string | undefined;
  readonly scorer:
    | { readonly url: string; readonly timeoutMilliseconds: number; readonly fallback: string }
    | undefined;
  readonly seriesSeconds: number;
  readonly checkpoint: string | undefined;
  readonly json: boolean;
}

type Given = Readonly<Record<string, unknown>>;

/** @throws KISIM_E_USAGE for options that do not go together or have values that they cannot have */
export function readSimulateOptions(given: Given): SimulateOptions {
  const source = sourceOf(given);
  checkExtended(given['extendedResources']);
  const timed = source.kind !== 'files' && source.kind !== 'openb';
  for (const option of ['load', 'series', 'checkpoint', 'from', 'window'] as const)
    if (!timed && given[option] !== undefined)
      throw usage(`--${option} without times`, 'these inputs have no times: leave the option out');
  if (given['policy'] !== undefined && given['schedulerConfig'] !== undefined)
    throw usage('--policy and --scheduler-config', 'give one of them');
  return {
    source,
    schedulerConfig: text(given, 'schedulerConfig'),
    policy: text(given, 'policy'),
    ties: given['ties'] as TieRule | undefined,
    seed: whole(given, 'seed', 'seed')!,
    clusterSeed: whole(given, 'clusterSeed', 'cluster-seed')!,
    load: number(given, 'load', 'load', 2),
    machines: text(given, 'machines'),
    nodes: text(given, 'nodes'),
    sleep: given['sleep'] === true,
    grow: given['grow'] as 'compress' | 'overlay',
    fromSeconds: seconds(given, 'from'),
    windowSeconds: seconds(given, 'window'),
    vms: text(given, 'vms'),
    perReplica: number(given, 'perReplica', 'per-replica', Number.POSITIVE_INFINITY),
    hardware: text(given, 'hardware'),
    scorer: scorerOf(given),
    seriesSeconds: seconds(given, 'series') ?? 0,
    checkpoint: text(given, 'checkpoint'),
    json: given['json'] === true,
  };
}

function sourceOf(given: Given): SimulateSource {
  const files = given['file'] as readonly string[] | undefined;
  const [scenario, swf, trace, pods] = ['scenario', 'swf', 'trace', 'pods'].map((name) => text(given, name));
  const named = [files?.[0], scenario, swf, trace, pods].filter((each) => each !== undefined);
  if (named.length !== 1) {
    const found = named.length === 0 ? 'nothing to simulate' : 'several things to simulate';
    throw usage(found, 'give one of --file, --nodes with --pods, --scenario, --swf and --trace');
  }
  if (files?.[0] !== undefined) return { kind: 'files', paths: files };
  if (scenario !== undefined) return { kind: 'scenario', name: scenario };
  if (swf !== undefined) return { kind: 'swf', path: swf };
  if (trace !== undefined) return { kind: 'trace', path: trace };
  const nodes = text(given, 'nodes');
  if (nodes === undefined) throw usage('--pods without --nodes', 'name the node list too');
  return { kind: 'openb', nodes, pods: pods!, tune: number(given, 'tune', 'tune', 100) };
}

/** The simulators' words; ours looks at shared GPUs whatever is said. */
function checkExtended(list: unknown): void {
  if (list === undefined) return;
  for (const name of String(list).split(','))
    if (name.trim() !== 'gpu') throw usage(`--extended-resources ${name}`, 'gpu is the only one here');
}

function scorerOf(given: Given): SimulateOptions['scorer'] {
  const url = text(given, 'scorer');
  if (url === undefined) return undefined;
  if (given['policy'] !== undefined) throw usage('--policy and --scorer', 'give one of them; see --fallback');
  const timeoutMilliseconds = number(given, 'scorerTimeout', 'scorer-timeout', 60_000)!;
  return { url, timeoutMilliseconds, fallback: String(given['fallback']) };
}

function text(given: Given, name: string): string | undefined {
  return given[name] === undefined ? undefined : String(given[name]);
}

function whole(given: Given, name: string, flag: string): number | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  const parsed = Number(value);
  if (!/^\d+$/.test(String(value)) || !Number.isSafeInteger(parsed))
    throw usage(`--${flag} ${String(value)}`, 'give a whole number of at least 0');
  return parsed;
}

function number(given: Given, name: string, flag: string, most: number): number | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  const parsed = Number(value);
  if (String(value).trim() !== '' && parsed > 0 && parsed <= most) return parsed;
  throw usage(
    `--${flag} ${String(value)}`,
    `give a number above 0${most < 1e9 ? ` and at most ${most}` : ''}`,
  );
}

function seconds(given: Given, name: string): number | undefined {
  return given[name] === undefined ? undefined : parseDuration(String(given[name])) / 1000;
}

function usage(found: string, action: string): Error {
  return cliErrors.KISIM_E_USAGE(found, { action });
}
