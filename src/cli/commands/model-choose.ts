import { setImmediate } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { liveModels } from '../../daemon/placement/policies.ts';
import { type ClusterChoice, choosingForCluster } from '../../learning/own-cluster/cluster-choice.ts';
import { neverSleeping } from '../../learning/own-cluster/cluster-twin.ts';
import { standingText, storedChoice } from '../../learning/own-cluster/stored-choice.ts';
import { digestOfCluster, type TwinPlan, twinOf } from '../../learning/own-cluster/twin-plan.ts';
import type { LiveModels } from '../../policy/learned/learned-for-cluster.ts';
import { type LoadedModel, loadModel } from '../../policy/learned/load-model.ts';
import { simulatedModel } from '../../policy/learned/model-by-path.ts';
import { ModelStore, type StoredChoice } from '../../policy/learned/model-store.ts';
import { KisimError } from '../../util/errors.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { exitStatus } from '../program.ts';
import { clusterOption, numberOption, textOption } from '../replay/options.ts';
import { twinPlanOf } from '../train/plan.ts';
import { TrainingProgress } from '../train/progress.ts';

/** As a shell tells of a program that ended by SIGINT. */
const STOPPED_STATUS = 130;
const MOST_SECONDS = 604_800;

/** `kisimd model choose`. @throws KISIM_E_USAGE, KISIM_E_LEARNING_..., KISIM_E_MODEL_..., and what cluster and history throw */
export async function runModelChoose(context: CommandContext): Promise<number> {
  const { options, stdout, stderr, signal } = context;
  const { config } = loadConfig({ env: context.env, flags: options });
  const seconds = numberOption(
    options,
    'seconds',
    config.training.budgetSeconds,
    (value) => value > 0 && value <= MOST_SECONDS,
  );
  const until = performance.now() + 1000 * seconds;
  const models = modelsOf(options, config);
  const plan = await planOf(context, config);
  const cluster = digestOfCluster(plan);
  const own = usable(context, () => models.store.current(cluster));
  const frozen = usable(context, () => (models.frozen === undefined ? undefined : loadModel(models.frozen)));
  const candidates = [own, frozen].filter((model) => model !== undefined);
  const progress = new TrainingProgress(stderr, () => performance.now());
  const choosing = choosingForCluster({
    twin: twinOf(plan),
    models: candidates.map((model) => ({ sha256: model.sha256, policy: simulatedModel(model) })),
    awakeFirst: config.sleep.enabled,
    hasTime: () => performance.now() < until,
  });
  let step = choosing.next();
  try {
    for (; step.done !== true; step = choosing.next()) {
      progress.note(step.value);
      // Signals get their turn.
      await setImmediate();
      if (signal.aborted) return STOPPED_STATUS;
    }
  } finally {
    progress.end();
  }
  const choice = storedChoice(step.value, frozen?.sha256, new Date().toISOString());
  const isUsed = options['use'] === true;
  if (isUsed) models.store.choose(cluster, choice);
  const told = { cluster, ...resultOf(step.value, choice, { own, frozen }), used: isUsed };
  stdout.write(options['json'] === true ? `${JSON.stringify(told, undefined, 2)}\n` : textOf(told));
  return exitStatus.ok;
}

/** A model that cannot be used leaves the choice among the others. */
function usable({ stderr }: CommandContext, load: () => LoadedModel | undefined): LoadedModel | undefined {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof KisimError)) throw error;
    stderr.write(`note: ${error.message}\n`);
    return undefined;
  }
}

function modelsOf(options: CommandContext['options'], config: Config): LiveModels {
  const models = liveModels(config);
  const store = textOption(options, 'store');
  return store === undefined ? models : { ...models, store: new ModelStore(store) };
}

async function planOf(context: CommandContext, config: Config): Promise<TwinPlan> {
  const { options } = context;
  const paths = (options['manifests'] ?? []) as readonly string[];
  const live = options['forCluster'] === true;
  if (live && paths.length > 0)
    throw cliErrors.KISIM_E_USAGE('--for-cluster together with --manifests', { action: 'give one of them' });
  const plan = await twinPlanOf(context, {
    source: live
      ? { kind: 'cluster' }
      : paths.length > 0
        ? { kind: 'manifests', paths }
        : {
            kind: 'history',
            cluster: clusterOption(options),
            database: textOption(options, 'db'),
            days: numberOption(options, 'days', 7, (value) => value > 0 && value <= 3650),
            arrivals: false,
          },
    nodeTable: textOption(options, 'nodeTable'),
    exact: false,
    load: undefined,
  });
  return plan.kind === 'cluster' && !config.sleep.enabled ? neverSleeping(plan) : plan;
}

interface Models {
  readonly own: LoadedModel | undefined;
  readonly frozen: LoadedModel | undefined;
}

function resultOf({ rule, standings, models }: ClusterChoice, choice: StoredChoice, { own, frozen }: Models) {
  const isOwnUsed = own !== undefined && !choice.refused.includes(own.sha256);
  return {
    policy: isOwnUsed ? 'learned' : choice.picked === null ? rule.name : 'frozen',
    rule: rule.name,
    reason: choice.reason,
    standings: standings.map(({ policy, meanCost, situations }) => ({
      policy: policy.name,
      pricedKilowattHours: meanCost,
      workloads: situations,
    })),
    models: models.map((model) => ({
      what: model.sha256 === own?.sha256 ? 'of this cluster' : 'for any cluster',
      path: (model.sha256 === own?.sha256 ? own : frozen)!.path,
      ...model,
    })),
  };
}

const SHOWN = 6;

function textOf(
  told: ReturnType<typeof resultOf> & { readonly cluster: string; readonly used: boolean },
): string {
  const { cluster, policy, reason, standings, models, used } = told;
  return [
    `cluster    ${cluster}`,
    `policy     ${policy}${used ? '' : ' (not put to use: see --use)'}`,
    `because    ${reason}`,
    ...models.map((model) => `model      ${model.what}: ${standingText(model)}, ${model.path}`),
    ...standings
      .slice(0, SHOWN)
      .map((each) => `  ${each.pricedKilowattHours.toFixed(3).padStart(12)} kWh, priced  ${each.policy}`),
    '',
  ].join('\n');
}
