import { resolve } from 'node:path';
import { SeedsFolder } from '../../learning/remote/seeds-folder.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { numberOption, textOption } from '../replay/options.ts';

/** Of a training that runs as a Job of a cluster. */
export interface ClusterTrainOptions {
  readonly seeds: readonly [number, ...number[]];
  readonly image: string;
  /** Pods at a time. */
  readonly parallelism: number;
  /** Threads of a worker. */
  readonly threads: number;
  readonly memory: string;
}

/** What becomes of the Job where the command ends. */
export interface JobFate {
  /** Stays when all is gathered. */
  readonly keep: boolean;
  /** Goes when the command is stopped; with --resume at once. */
  readonly cancel: boolean;
}

const MOST_SEEDS = 1000;
const SEED_END = 2 ** 32;
/** Of a Kubernetes quantity, as far as memory is told by it. */
const MEMORY = /^[1-9]\d*(?:\.\d+)?(?:[kMGT]|[KMGT]i)?$/;
/** Options that mean nothing without `--on kubernetes`: of its beginning, and of its end too. */
const ASKED_THERE = ['seeds', 'image', 'parallel', 'podMemory'] as const;
const FATES = ['keep', 'cancel'] as const;

type Given = CommandContext['options'];

/**
 * Whether a training is to run on a cluster, or runs there already.
 *
 * @throws KISIM_E_USAGE for options that go with that alone, or not with it
 */
export function isOnCluster(given: Given): boolean {
  const on = textOption(given, 'on') ?? 'host';
  if (on !== 'host' && on !== 'kubernetes') throw usage(`--on ${on}`, 'give host or kubernetes');
  const folder = textOption(given, 'resume');
  const isGiven = (name: string) => given[name] !== undefined && given[name] !== false;
  if (folder !== undefined) {
    const wrong = [...ASKED_THERE, 'on' as const].find(isGiven);
    if (wrong !== undefined)
      throw usage(`--resume together with --${dashed(wrong)}`, 'a training goes on where it was begun');
    if (SeedsFolder.isOne(resolve(folder))) return true;
  } else if (on === 'kubernetes') return true;
  const wrong = [...ASKED_THERE, ...FATES].find(isGiven);
  if (wrong !== undefined)
    throw usage(`--${dashed(wrong)} for a training on this host`, 'add --on kubernetes, or leave it out');
  return false;
}

/** @throws KISIM_E_USAGE */
export function readClusterOptions(given: Given, seed: number): ClusterTrainOptions {
  const image = textOption(given, 'image');
  if (image === undefined) throw usage('--on kubernetes without --image', 'name an image of the program');
  const seeds = seedsOption(textOption(given, 'seeds'), seed);
  const isCount = (value: number) => Number.isSafeInteger(value) && value >= 1;
  const memory = textOption(given, 'podMemory') ?? '1Gi';
  if (!MEMORY.test(memory)) throw usage(`--pod-memory ${memory}`, 'give a quantity such as 1Gi');
  return {
    seeds,
    image,
    parallelism: numberOption(given, 'parallel', seeds.length, isCount),
    threads: numberOption(given, 'workers', 1, isCount),
    memory,
  };
}

export function readJobFate(given: Given): JobFate {
  const fate = { keep: given['keep'] === true, cancel: given['cancel'] === true };
  if (fate.keep && fate.cancel) throw usage('--keep together with --cancel', 'give one of them');
  return fate;
}

/** `1..5` and `1,3,7` as numbers, each once. */
function seedsOption(text: string | undefined, seed: number): readonly [number, ...number[]] {
  if (text === undefined) return [seed];
  const wrong = (found: string) =>
    usage(found, `give whole numbers below 2^32, at most ${MOST_SEEDS} of them: 1..5 or 1,3,7`);
  if (seed !== 0) throw usage('--seed together with --seeds', 'give one of them');
  const numbers = text.split(',').flatMap((part) => {
    const found = /^(\d{1,10})(?:\.\.(\d{1,10}))?$/.exec(part.trim());
    if (found === null) throw wrong(`--seeds ${text}`);
    const from = Number(found[1]);
    const to = Number(found[2] ?? found[1]);
    if (to < from || to >= SEED_END || to - from >= MOST_SEEDS) throw wrong(`--seeds ${text}`);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  if (new Set(numbers).size !== numbers.length) throw wrong(`--seeds ${text}: one twice`);
  const [first, ...rest] = numbers;
  if (first === undefined || numbers.length > MOST_SEEDS) throw wrong(`--seeds ${text}`);
  return [first, ...rest];
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}

function usage(found: string, action: string): Error {
  return cliErrors.KISIM_E_USAGE(found, { action });
}
