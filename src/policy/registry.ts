import { suggest } from '../config/suggest.ts';
import { awakeFirst } from './awake-first.ts';
import { balancedAllocation } from './balanced-allocation.ts';
import { bestFit } from './best-fit.ts';
import { dotProduct } from './dot-product.ts';
import { energyRules, waitRules } from './energy/rules.ts';
import { weightedPolicy } from './energy/weighted-policy.ts';
import { errors } from './errors.ts';
import { gpuEntries } from './gpu/gpu-entries.ts';
import type { TypicalPod } from './gpu/typical-pods.ts';
import { kubePolicy } from './kube/kube-policy.ts';
import { modelByPath } from './learned/model-by-path.ts';
import { leastAllocated } from './least-allocated.ts';
import { mostAllocated } from './most-allocated.ts';
import type { Policy, TieRule } from './policy.ts';
import { randomPolicy } from './random.ts';
import { requestedToCapacityRatio } from './requested-to-capacity-ratio.ts';
import { roundRobinPolicy } from './round-robin.ts';
import type { ScorePlugin } from './score-plugin.ts';
import { scoringPolicy } from './scoring-policy.ts';
import { loadVariationRiskBalancing } from './trimaran/load-variation-risk-balancing.ts';
import { targetLoadPacking } from './trimaran/target-load-packing.ts';
import { waiting } from './waiting.ts';

export interface PolicyOptions {
  /** How equal scores are told apart; random where left out, as Kubernetes' authors meant it. */
  readonly ties?: TieRule;
  /** The workload that the cluster is there for, as policies against fragmentation want to know it. */
  readonly typical?: readonly TypicalPod[];
}

interface Variant {
  readonly name: string;
  readonly summary: string;
}

/** One line of the list: a policy, or a family of them told apart by what stands behind a colon. */
export interface PolicyEntry {
  readonly name: string;
  /** One line for lists and help. */
  readonly summary: string;
  /** What may stand behind the colon; the first one is meant where nothing does. Left out: no variants. */
  readonly variants?: readonly Variant[];
  make(options: PolicyMaking): Policy;
}

interface PolicyMaking {
  readonly ties: TieRule;
  readonly variant: string;
  readonly typical: readonly TypicalPod[] | undefined;
}

/** What may stand behind a plus sign: a change to any policy. */
interface WrapperEntry {
  readonly name: string;
  readonly summary: string;
  readonly variants?: readonly Variant[];
  wrap(policy: Policy, variant: string): Policy;
}

function ofPlugin(summary: string, plugin: ScorePlugin): PolicyEntry {
  return {
    name: plugin.name,
    summary,
    make: ({ ties }) => scoringPolicy(plugin.name, [{ plugin, weight: 1 }], ties),
  };
}

/**
 * Energy rules whose names differ behind the colon alone are variants of one entry.
 *
 * @param first the variant that the rule of the bare name is
 */
function ofRules(family: string, first?: string): PolicyEntry {
  const rules = energyRules.filter(({ rule }) => rule.name.split(':')[0] === family);
  const variants = rules.map(({ rule, summary }) => ({
    name: rule.name.split(':')[1] ?? first ?? '',
    summary,
  }));
  return {
    name: family,
    summary: rules[0]!.summary,
    ...(first === undefined ? {} : { variants }),
    make: ({ ties, variant }) => {
      const at = variants.findIndex(({ name }) => name === variant);
      return weightedPolicy(rules[at]!.rule, ties);
    },
  };
}

export const policyEntries: readonly PolicyEntry[] = [
  { name: 'random', summary: 'any node that the pod fits', make: () => randomPolicy },
  { name: 'round-robin', summary: 'the next node that the pod fits', make: () => roundRobinPolicy },
  ofPlugin('most left free, as Kubernetes by default', leastAllocated),
  ofPlugin("greatest share asked for, Kubernetes' bin packing", mostAllocated),
  ofPlugin('score by a shape over the share asked for', requestedToCapacityRatio()),
  {
    name: 'kube-score',
    summary: 'least allocated plus balanced allocation: the default scheduler without its other plugins',
    make: ({ ties }) =>
      scoringPolicy(
        'kube-score',
        [
          { plugin: leastAllocated, weight: 1 },
          { plugin: balancedAllocation, weight: 1 },
        ],
        ties,
      ),
  },
  {
    name: 'kube-scheduler',
    summary: "Kubernetes 1.36's default scheduler with all of its plugins, node by node the same decision",
    variants: [
      { name: 'heap-ties', summary: 'equal scores are settled as by 1.36: nothing is random' },
      { name: 'random-ties', summary: 'equal scores are drawn among, as up to 1.34' },
    ],
    make: ({ variant }) => kubePolicy(variant === 'random-ties' ? 'random' : 'heap'),
  },
  ofPlugin('least left over in amounts', bestFit),
  ofPlugin('free resources least along those asked for', dotProduct),
  ofPlugin('Trimaran: packs to 40 % of measured use, then spreads', targetLoadPacking()),
  ofPlugin('Trimaran: equal risk by mean and deviation of measured use', loadVariationRiskBalancing),
  ofRules('peaks'),
  ofRules('marginal-power', 'predicted'),
  ofRules('efficiency-first', 'best-fit'),
  ofRules('marginal-run-out'),
  ofRules('bid-price', '0.5'),
  ofRules('kube-efficiency'),
  ...gpuEntries,
];

export const policyWrappers: readonly WrapperEntry[] = [
  { name: 'awake-first', summary: 'nodes that are on before nodes that sleep', wrap: awakeFirst },
  {
    name: 'wait',
    summary: 'pods with slack wait by a rule',
    variants: waitRules,
    wrap: (policy, variant) => waiting(policy, waitRules.find(({ name }) => name === variant)!),
  },
];

/** Every policy by its stable name, with one line about it. */
export const policyNames: readonly { readonly name: string; readonly summary: string }[] =
  policyEntries.flatMap(({ name, summary, variants }) => [
    { name, summary },
    ...(variants ?? []).slice(1).map((variant) => ({ ...variant, name: `${name}:${variant.name}` })),
  ]);

/** What stands before the path of a model file. */
const MODEL = 'model:';

/**
 * The policy of a name: `best-fit`, with a variant `bid-price:0.5`, with wrappers `best-fit+awake-first`, applied from
 * left to right; `model:PATH` is a model that `kisimd train` made (the path has no plus sign).
 *
 * @throws KISIM_E_MODEL_... for a model that cannot be used, KISIM_E_POLICY_UNKNOWN with the nearest name, KISIM_E_POLICY_VARIANT
 */
export function policyByName(name: string, options: PolicyOptions = {}): Policy {
  const [first, ...rest] = name.split('+') as [string, ...string[]];
  const made = first.startsWith(MODEL) ? modelByPath(first.slice(MODEL.length)) : namedPolicy(name, options);
  return rest.reduce((policy, text) => {
    const wrapper = longestPrefix(policyWrappers, text);
    if (wrapper === undefined) throw unknown(name, text.split(':')[0]!, policyWrappers);
    return wrapper.wrap(policy, variantOf(wrapper, text.slice(wrapper.name.length)));
  }, made);
}

function namedPolicy(name: string, options: PolicyOptions): Policy {
  const entry = longestPrefix(policyEntries, name);
  if (entry === undefined) throw unknown(name, name.split(/[:+]/)[0]!, policyEntries);
  const [variant] = name.slice(entry.name.length).split('+');
  return entry.make({
    ties: options.ties ?? 'random',
    variant: variantOf(entry, variant!),
    typical: options.typical,
  });
}

/** The longest name that the text begins with and that ends where a variant or a wrapper begins. */
function longestPrefix<T extends { readonly name: string }>(
  entries: readonly T[],
  text: string,
): T | undefined {
  const fits = entries.filter(
    ({ name }) => text.startsWith(name) && /^($|[:+])/.test(text.slice(name.length)),
  );
  return fits.sort((a, b) => b.name.length - a.name.length)[0];
}

/** @param rest what follows the name: nothing, or a colon and a variant */
function variantOf(entry: { name: string; variants?: readonly Variant[] }, rest: string): string {
  const names = (entry.variants ?? []).map(({ name }) => name);
  if (rest === '') return names[0] ?? '';
  if (names.includes(rest.slice(1))) return rest.slice(1);
  const action = names.length === 0 ? 'leave out what follows the colon' : `one of ${names.join(', ')}`;
  throw errors.KISIM_E_POLICY_VARIANT(`${entry.name}${rest}`, { action });
}

function unknown(name: string, part: string, known: readonly { readonly name: string }[]): Error {
  const names = known.map((entry) => entry.name);
  const near = suggest(part, names);
  const action = near === undefined ? `one of ${names.join(', ')}` : `did you mean ${near}?`;
  return errors.KISIM_E_POLICY_UNKNOWN(part === name ? name : `${part} in ${name}`, { action });
}
