import { readFileSync } from 'node:fs';
import { spacings } from '../../load/http/arrivals.ts';
import type { ClosedLoopPlan, ScriptStep } from '../../load/http/closed-loop.ts';
import type { OpenLoopPlan } from '../../load/http/open-loop.ts';
import type { LoadPlan } from '../../load/http/run-load.ts';
import { type LoadTarget, makeTarget, parseHeader } from '../../load/http/target.ts';
import { readTargetsFile } from '../../load/http/targets-file.ts';
import { parseThinkTime } from '../../load/http/think-time.ts';
import { ENDLESS_SECONDS, readJmeterPlan } from '../../load/jmeter/read-plan.ts';
import { type Objective, parseObjectives } from '../../load/objectives.ts';
import type { LoadPattern } from '../../load/pattern/load-pattern.ts';
import { parseDuration } from '../../util/duration.ts';
import { systemErrorCode } from '../../util/errors.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { numberOption, textOption } from '../replay/options.ts';
import { patternOption } from './pattern-option.ts';

type Options = CommandContext['options'];

export interface LoadOptions {
  readonly plan: LoadPlan;
  readonly pattern: string;
  /** Infinity where nothing but the user ends it. */
  readonly patternSeconds: number;
  readonly objectives: readonly Objective[];
  readonly notes: readonly string[];
  readonly precise: boolean;
  readonly insecure: boolean;
  readonly outputs: LoadOutputs;
}

export interface LoadOutputs {
  readonly json: boolean;
  readonly plot: boolean;
  readonly csv: string | undefined;
  readonly html: string | undefined;
  readonly svg: string | undefined;
  readonly stream: string | undefined;
}

/** @throws KISIM_E_USAGE, KISIM_E_LOAD_*, KISIM_E_INPUT_* */
export function readLoadOptions(options: Options, urls: readonly string[]): LoadOptions {
  const seed = numberOption(
    options,
    'seed',
    1,
    (value) => Number.isInteger(value) && value >= 0 && value <= 0xffffffff,
  );
  const objectives = listed(options, 'slo').flatMap(parseObjectives);
  const { targets, loop, pattern, notes } =
    textOption(options, 'plan') === undefined ? ownLoad(options, urls, seed) : jmeterLoad(options, urls);
  return {
    plan: {
      targets,
      loop,
      seed,
      timeoutMilliseconds: positiveDuration(options, 'timeout', '10s'),
      giveUpMilliseconds: positiveDuration(options, 'giveUp', '30s'),
    },
    pattern: pattern.name,
    patternSeconds:
      pattern.durationSeconds >= ENDLESS_SECONDS ? Number.POSITIVE_INFINITY : pattern.durationSeconds,
    objectives,
    notes,
    precise: options['precise'] === true,
    insecure: options['insecure'] === true,
    outputs: readOutputs(options),
  };
}

export function readOutputs(options: Options): LoadOutputs {
  const json = options['json'] === true;
  const plot = options['plot'] === true;
  if (json && plot) throw cliErrors.KISIM_E_USAGE('--plot together with --json');
  return {
    json,
    plot,
    csv: textOption(options, 'csv'),
    html: textOption(options, 'html'),
    svg: textOption(options, 'svg'),
    stream: textOption(options, 'stream'),
  };
}

interface Load {
  readonly targets: readonly LoadTarget[];
  readonly loop: OpenLoopPlan | ClosedLoopPlan;
  readonly pattern: Pick<LoadPattern, 'name' | 'durationSeconds'>;
  readonly notes: readonly string[];
}

const notWithPlan = [
  ...[
    'pattern',
    'low',
    'high',
    'steps',
    'cycles',
    'every',
    'trace',
    'from',
    'scale',
    'rate',
    'users',
    'loop',
  ],
  ...['thinkTime', 'method', 'header', 'body', 'weights', 'targets'],
];

function jmeterLoad(options: Options, urls: readonly string[]): Load {
  const file = textOption(options, 'plan')!;
  if (urls.length > 0) throw cliErrors.KISIM_E_USAGE('--plan together with a URL');
  const other = notWithPlan.find((name) => options[name] !== undefined);
  if (other !== undefined) throw cliErrors.KISIM_E_USAGE(`--plan together with ${flag(other)}`);
  const duration = textOption(options, 'duration');
  const { targets, groups, notes } = readJmeterPlan(
    file,
    duration === undefined ? undefined : parseDuration(duration) / 1000,
  );
  return {
    targets,
    loop: { kind: 'closed', groups },
    pattern: {
      name: groups.map(({ pattern }) => pattern.name).join(', '),
      durationSeconds: Math.max(...groups.map(({ pattern }) => pattern.durationSeconds)),
    },
    notes,
  };
}

function ownLoad(options: Options, urls: readonly string[], seed: number): Load {
  const { pattern, isTrace } = patternOption(options, seed);
  const users = options['users'] !== undefined;
  const kind = textOption(options, 'loop') ?? (users ? 'closed' : 'open');
  if (kind === 'open' && users) throw cliErrors.KISIM_E_USAGE('--users together with --loop open');
  if (kind === 'closed' && options['rate'] !== undefined)
    throw cliErrors.KISIM_E_USAGE('--rate together with --loop closed');
  if (kind === 'closed' && isTrace)
    throw cliErrors.KISIM_E_USAGE('--loop closed with a trace: its levels are requests, not users');
  const targets = readTargets(options, urls);
  const thinkTime = textOption(options, 'thinkTime');
  if (kind === 'open') {
    if (thinkTime !== undefined)
      throw cliErrors.KISIM_E_USAGE('--think-time without --users or --loop closed');
    const spacing = spacings.find((one) => one === (textOption(options, 'spacing') ?? 'even'))!;
    const mostConnections = numberOption(
      options,
      'connections',
      1000,
      (value) => Number.isInteger(value) && value >= 1,
    );
    return { targets, loop: { kind: 'open', pattern, spacing, mostConnections }, pattern, notes: [] };
  }
  const script: ScriptStep[] = [
    ...(thinkTime === undefined ? [] : [{ kind: 'think', time: parseThinkTime(thinkTime) } as const]),
    { kind: 'choose' },
  ];
  const group = { name: 'users', pattern, script, loops: Number.POSITIVE_INFINITY };
  return { targets, loop: { kind: 'closed', groups: [group] }, pattern, notes: [] };
}

function readTargets(options: Options, urls: readonly string[]): readonly LoadTarget[] {
  const file = textOption(options, 'targets');
  if (file !== undefined) {
    const other = ['method', 'header', 'body', 'weights'].find((name) => options[name] !== undefined);
    if (urls.length > 0 || other !== undefined)
      throw cliErrors.KISIM_E_USAGE(`--targets together with ${other === undefined ? 'a URL' : flag(other)}`);
    return readTargetsFile(file);
  }
  if (urls.length === 0) throw cliErrors.KISIM_E_USAGE('no URL, no --targets and no --plan');
  const weights = textOption(options, 'weights')?.split(',').map(Number);
  if (weights !== undefined && weights.length !== urls.length)
    throw cliErrors.KISIM_E_USAGE(`--weights has ${weights.length} shares for ${urls.length} URLs`);
  const headers = Object.fromEntries(listed(options, 'header').map(parseHeader));
  const body = bodyOption(options);
  const method = textOption(options, 'method') ?? (body === undefined ? 'GET' : 'POST');
  return urls.map((url, i) => makeTarget({ url, method, headers, body, weight: weights?.[i] }));
}

function bodyOption(options: Options): string | undefined {
  const body = textOption(options, 'body');
  if (body === undefined || !body.startsWith('@')) return body;
  try {
    return readFileSync(body.slice(1), 'utf8');
  } catch (cause) {
    throw cliErrors.KISIM_E_USAGE(`--body ${body}: ${systemErrorCode(cause) ?? String(cause)}`, { cause });
  }
}

function positiveDuration(options: Options, name: string, otherwise: string): number {
  const text = textOption(options, name) ?? otherwise;
  const milliseconds = parseDuration(text);
  if (milliseconds > 0) return milliseconds;
  throw cliErrors.KISIM_E_USAGE(`${flag(name)} ${text}`);
}

/** Values of a repeatable option. */
function listed(options: Options, name: string): readonly string[] {
  const given = options[name];
  return Array.isArray(given) ? given.map(String) : given === undefined ? [] : [String(given)];
}

export function flag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
