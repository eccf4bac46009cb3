import { KisimError } from '../../util/errors.ts';
import { awakeFirst } from '../awake-first.ts';
import { efficiencyFirst } from '../energy/efficiency-first.ts';
import { type WeightedRule, weightedPolicy } from '../energy/weighted-policy.ts';
import type { Policy, PolicyContext, PolicyRun, TieRule } from '../policy.ts';
import { clusterDigest } from './cluster-digest.ts';
import { type ChosenPolicy, type LiveModels, RenewedRun, startModel } from './learned-for-cluster.ts';
import { type LoadedModel, loadModel } from './load-model.ts';
import type { StoredChoice } from './model-store.ts';

/** The name of the policy, and what stands before the name of the one that it came to. */
export const AUTO = 'auto';
const AWAKE_FIRST = '+awake-first';

/**
 * The best policy that is known for the cluster: the model that was put to use for it, unless simulation proves it worse than the best
 * rule; else the model for any cluster, where simulation of this one puts it before all rules; else the rule that simulation finds
 * best; else, as long as nothing is known of the cluster, `efficiency-first`. Begins anew whenever one of these changes.
 *
 * Its name tells what it came to: `auto:bid-price`; before its first start, and of several clusters, it is of the last start.
 *
 * @param nodesSleep those that are awake are then taken first, as with every other policy
 * @throws at its start KISIM_E_POLICY_NO_POWER where a node has no power curve
 */
export function automaticPolicy(models: LiveModels, nodesSleep = false): Policy {
  let name = AUTO;
  const begin = (context: PolicyContext): PolicyRun => {
    const { reason, cluster, ...best } = bestKnown(models, context);
    const isAwakeFirst = !nodesSleep || best.policy.includes(AWAKE_FIRST);
    const policy = isAwakeFirst ? best.policy : `${best.policy}${AWAKE_FIRST}`;
    const run = nodesSleep ? awakeFirst({ name: policy, start: () => best.run }).start(context) : best.run;
    name = `${AUTO}:${policy}`;
    models.changes?.chose?.({ cluster, policy: name, reason });
    return run;
  };
  return {
    get name() {
      return name;
    },
    start: (context) => new RenewedRun(models, () => begin(context)),
  };
}

interface Best extends ChosenPolicy {
  readonly run: PolicyRun;
}

function bestKnown(models: LiveModels, context: PolicyContext): Best {
  const cluster = clusterDigest(context.cluster.nodes);
  const passedOver: string[] = [];
  const choice = usable(passedOver, () => models.store.choice(cluster));
  const told = (reason: string) => [...passedOver, reason].join('; ');
  const own = usable(passedOver, () => models.store.current(cluster));
  if (own !== undefined) {
    const short = `model ${own.sha256.slice(0, 16)}`;
    if (choice?.refused.includes(own.sha256) === true)
      passedOver.push(`${short}, in use for this cluster, is now proven worse than ${choice.rule.name}`);
    else {
      const run = startModel('learned', guardedBy(own, choice), models, context);
      return { cluster, policy: 'learned', reason: told(`${short} was put to use for this cluster`), run };
    }
  }
  const frozen = usable(passedOver, () =>
    models.frozen === undefined ? undefined : loadModel(models.frozen),
  );
  if (choice !== undefined && frozen !== undefined && choice.picked === frozen.sha256) {
    const run = startModel('frozen', guardedBy(frozen, choice), models, context);
    return { cluster, policy: 'frozen', reason: told(choice.reason), run };
  }
  const ofRule = (rule: WeightedRule, ties: TieRule, reason: string): Best => ({
    cluster,
    policy: rule.name,
    reason: told(reason),
    run: weightedPolicy(rule, ties).start(context),
  });
  if (choice !== undefined) return ofRule(choice.rule, 'first', choice.reason);
  return ofRule(efficiencyFirst, 'random', 'not enough of this cluster is known yet to simulate it');
}

/** What cannot be used is as good as none, but is told. */
function usable<T>(passedOver: string[], load: () => T | undefined): T | undefined {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof KisimError)) throw error;
    passedOver.push(error.message);
    return undefined;
  }
}

/** The best rule of the cluster runs in the shadow, where it is known. */
function guardedBy(model: LoadedModel, choice: StoredChoice | undefined): LoadedModel {
  return choice === undefined ? model : { ...model, start: choice.rule };
}
