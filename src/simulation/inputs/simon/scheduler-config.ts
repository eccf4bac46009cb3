import { balancedAllocation } from '../../../policy/balanced-allocation.ts';
import { fgd } from '../../../policy/gpu/fgd.ts';
import { gpuClustering } from '../../../policy/gpu/gpu-clustering.ts';
import { gpuPacking } from '../../../policy/gpu/gpu-packing.ts';
import { openbBestFit } from '../../../policy/gpu/openb-best-fit.ts';
import { openbDotProduct } from '../../../policy/gpu/openb-dot-product.ts';
import { openbRandom } from '../../../policy/gpu/openb-random.ts';
import { pwr } from '../../../policy/gpu/pwr.ts';
import type { TypicalPod } from '../../../policy/gpu/typical-pods.ts';
import { leastAllocated } from '../../../policy/least-allocated.ts';
import { mostAllocated } from '../../../policy/most-allocated.ts';
import type { Policy, TieRule } from '../../../policy/policy.ts';
import type { ScorePlugin } from '../../../policy/score-plugin.ts';
import { scoringPolicy } from '../../../policy/scoring-policy.ts';
import { loadVariationRiskBalancing } from '../../../policy/trimaran/load-variation-risk-balancing.ts';
import { targetLoadPacking } from '../../../policy/trimaran/target-load-packing.ts';
import { readInput } from '../csv-rows.ts';
import { type Located, locatedDocuments } from '../manifests/located.ts';
import { simonErrors } from './errors.ts';

/** The score plugins of a scheduler configuration and their weights, in its order. */
export interface SchedulerConfig {
  readonly plugins: readonly { readonly name: string; readonly weight: number; readonly place: string }[];
}

/** Score plugins by the names of kubernetes-scheduler-simulator, of PWR's fork of it, and of Kubernetes. */
const plugins: Readonly<Record<string, (typical: readonly TypicalPod[]) => ScorePlugin>> = {
  BestFitScore: () => openbBestFit,
  DotProductScore: () => openbDotProduct,
  FGDScore: (typical) => fgd(typical),
  GpuClusteringScore: () => gpuClustering,
  GpuPackingScore: () => gpuPacking,
  PWRScore: () => pwr,
  LoadVariationRiskBalancing: () => loadVariationRiskBalancing,
  NodeResourcesBalancedAllocation: () => balancedAllocation,
  NodeResourcesFit: () => leastAllocated,
  NodeResourcesLeastAllocated: () => leastAllocated,
  NodeResourcesMostAllocated: () => mostAllocated,
  TargetLoadPacking: () => targetLoadPacking(),
};
const RANDOM = 'RandomScore';

/** Scores of Kubernetes that are on where a configuration does not disable them, and tell nodes apart by their resources. */
const ON_BY_DEFAULT = ['NodeResourcesBalancedAllocation', 'NodeResourcesLeastAllocated'];

const schedulerVersions = /^kubescheduler\.config\.k8s\.io\/v1(?:beta[123])?$/;

/** @throws KISIM_E_SIMON_KIND, KISIM_E_SIMON_CONFIG, KISIM_E_SIMON_PLUGIN, KISIM_E_MANIFEST_...; with file and line */
export function readSchedulerConfig(path: string): SchedulerConfig {
  const config = locatedDocuments({ file: path, text: readInput(path) })[0];
  const apiVersion = String(config?.get('apiVersion').value);
  const kind = String(config?.get('kind').value);
  if (config === undefined || kind !== 'KubeSchedulerConfiguration' || !schedulerVersions.test(apiVersion))
    throw simonErrors.KISIM_E_SIMON_KIND(`${config?.place ?? path}: ${apiVersion} ${kind}`);
  const share = config.get('percentageOfNodesToScore');
  if (share.present && share.value !== 100) throw refused(share, 'only all nodes are scored: 100');
  const profiles = config.get('profiles').items();
  if (profiles.length !== 1)
    throw refused(config.get('profiles'), `${profiles.length} profiles, one is simulated`);
  const profile = profiles[0]!;
  checkGpuArguments(profile.get('pluginConfig'));
  const score = profile.get('plugins').get('score');
  const enabled = score
    .get('enabled')
    .items()
    .map((entry) => ({
      name: entry.get('name').text(),
      weight: weightOf(entry.get('weight')),
      place: entry.place,
    }));
  for (const { name, place } of enabled)
    if (name !== RANDOM && !Object.hasOwn(plugins, name))
      throw simonErrors.KISIM_E_SIMON_PLUGIN(`${place}: ${name}`);
  const disabled = score
    .get('disabled')
    .items()
    .map((entry) => entry.get('name').text());
  const named = [...disabled, ...enabled.map(({ name }) => name)];
  const left = disabled.includes('*') ? [] : ON_BY_DEFAULT.filter((name) => !named.includes(name));
  const all = [...left.map((name) => ({ name, weight: 1, place: score.place })), ...enabled];
  if (all.length === 0) throw refused(score, 'no score plugin is enabled');
  if (all.length > 1 && all.some(({ name }) => name === RANDOM))
    throw refused(score, `${RANDOM} cannot be mixed with others`);
  return { plugins: all };
}

/** The configuration as a policy. @param typical the pods that FGD has in mind */
export function schedulerPolicy(
  config: SchedulerConfig,
  typical: readonly TypicalPod[],
  ties: TieRule,
): Policy {
  if (config.plugins[0]!.name === RANDOM) return openbRandom;
  const weights = config.plugins.map(({ name, weight }) => ({ plugin: plugins[name]!(typical), weight }));
  const name = config.plugins.map((each) => `${each.name}=${each.weight}`).join(',');
  return scoringPolicy(name, weights, ties);
}

function weightOf(at: Located): number {
  if (!at.present) return 1;
  return at.integer(1, 1_000_000);
}

/** The studies' own choices: other ones would be other policies. */
function checkGpuArguments(pluginConfig: Located): void {
  for (const entry of pluginConfig.items()) {
    const given = entry.get('args');
    const share = given.get('dimExtMethod');
    if (share.present && share.value !== 'share' && share.value !== 'merge')
      throw refused(share, String(share.value));
    const norm = given.get('normMethod');
    if (norm.present && norm.value !== 'max') throw refused(norm, String(norm.value));
    const select = given.get('gpuSelMethod');
    const isKnown =
      select.value === 'best' || Object.hasOwn(plugins, String(select.value)) || select.value === RANDOM;
    if (select.present && !isKnown) throw refused(select, String(select.value));
  }
}

function refused(at: Located, what: string): Error {
  return simonErrors.KISIM_E_SIMON_CONFIG(`${at.place}: ${what}`);
}
