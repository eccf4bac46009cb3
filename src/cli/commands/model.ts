import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { modelFolder } from '../../daemon/placement/policies.ts';
import { learnedErrors } from '../../policy/learned/errors.ts';
import { ModelStore, type ModelSwap } from '../../policy/learned/model-store.ts';
import { systemErrorCode } from '../../util/errors.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { exitStatus } from '../program.ts';
import { textOption } from '../replay/options.ts';

/** `kisimd model list`, `use` and `undo`. @throws KISIM_E_MODEL_..., KISIM_E_ONNX_FORMAT, KISIM_E_USAGE */
export async function runModel(context: CommandContext): Promise<number> {
  const { options, args, stdout } = context;
  const given = textOption(options, 'store');
  const store = new ModelStore(
    given ?? modelFolder(loadConfig({ env: context.env, flags: options }).config.history),
  );
  const isJson = options['json'] === true;
  const time = new Date().toISOString();
  switch (options['action']) {
    case 'use':
      stdout.write(told(use(store, args[0]!, options['force'] === true, time), isJson));
      return exitStatus.ok;
    case 'undo': {
      const cluster = args[0] ?? theOnly(store);
      stdout.write(told({ cluster, ...store.undo(cluster, time) }, isJson));
      return exitStatus.ok;
    }
    default: {
      const clusters = store.clusters().map((cluster) => ({ cluster, swaps: store.swaps(cluster) }));
      stdout.write(
        isJson
          ? `${JSON.stringify(clusters, undefined, 2)}\n`
          : clusters.flatMap(({ cluster, swaps }) => swaps.map((swap) => line(cluster, swap))).join(''),
      );
      return exitStatus.ok;
    }
  }
}

function use(store: ModelStore, folder: string, force: boolean, time: string) {
  const path = join(folder, 'model.onnx');
  const card = read(join(folder, 'card.json')).toString('utf8');
  if (!force && !isAccepted(card, folder))
    throw cliErrors.KISIM_E_USAGE(`the model in ${folder} proved no better than its rule`, {
      action: 'train for longer, or put it to use all the same with --force',
    });
  return store.use(path, read(path), card, time);
}

function isAccepted(card: string, folder: string): boolean {
  try {
    return (JSON.parse(card) as { readonly accepted?: unknown } | null)?.accepted === true;
  } catch (cause) {
    throw learnedErrors.KISIM_E_MODEL_UNREADABLE(`${join(folder, 'card.json')}: no JSON`, { cause });
  }
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw learnedErrors.KISIM_E_MODEL_UNREADABLE(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, {
      cause,
    });
  }
}

function theOnly(store: ModelStore): string {
  const clusters = store.clusters();
  if (clusters.length === 1) return clusters[0]!;
  throw cliErrors.KISIM_E_USAGE(`${clusters.length} clusters`, {
    action: 'name one of them: `kisimd model list` tells all',
  });
}

function told(swap: ModelSwap & { readonly cluster: string }, isJson: boolean): string {
  return isJson ? `${JSON.stringify(swap, undefined, 2)}\n` : line(swap.cluster, swap);
}

function line(cluster: string, { time, action, model, before }: ModelSwap): string {
  const short = (sha256: string | null) => sha256?.slice(0, 16) ?? 'none';
  return `${time}  cluster ${cluster}  ${action.padEnd(4)}  ${short(model)} (before: ${short(before)})\n`;
}
