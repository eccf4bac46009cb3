import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { readInput } from '../csv-rows.ts';
import { type Located, locatedDocuments } from '../manifests/located.ts';
import { simonErrors } from './errors.ts';

/** What a `simon/v1alpha1` Config asks for: FGD's and PWR's experiments, and pytorch-rl-scheduler's examples. */
export interface SimonConfig {
  readonly name: string;
  /** Folder or file with the manifests of nodes and of pods that come first. */
  readonly cluster: string;
  /** Pods that come after those, application by application. */
  readonly apps: readonly { readonly name: string; readonly path: string }[];
  readonly shufflePods: boolean;
  /** Pods are added or taken away until they ask for this multiple of the cluster's GPUs; undefined: they stay. */
  readonly tuning: { readonly ratio: number; readonly seed: number } | undefined;
  readonly typicalPods: { readonly withCpuPods: boolean; readonly coverage: number };
  /** Fields that were understood and change nothing here, with the reason. */
  readonly notes: readonly string[];
}

const USUAL_COVERAGE_PERCENT = 95;

/** @throws KISIM_E_SIMON_KIND, KISIM_E_SIMON_CONFIG, KISIM_E_MANIFEST_...; each names file and line */
export function readSimonConfig(path: string): SimonConfig {
  const documents = locatedDocuments({ file: path, text: readInput(path) });
  const config = documents[0];
  if (config === undefined || !isSimonConfig(config))
    throw simonErrors.KISIM_E_SIMON_KIND(`${config?.place ?? path}: ${kindOf(config)}`);
  known(config, ['apiVersion', 'kind', 'metadata', 'spec']);
  const spec = config.get('spec');
  known(spec, ['cluster', 'appList', 'newNode', 'customConfig', 'workloadTuningConfig', 'typicalPodsConfig']);
  const cluster = spec.get('cluster');
  known(cluster, ['customConfig', 'kubeConfig']);
  if (cluster.get('kubeConfig').present)
    throw refused(cluster.get('kubeConfig'), 'a live cluster is not read: give a folder of manifests');
  const notes: string[] = [];
  if (spec.get('newNode').present) notes.push('newNode: no nodes are added where pods do not fit');
  const custom = spec.get('customConfig');
  known(custom, [
    'shufflePod',
    'exportConfig',
    'workloadInflationConfig',
    'workloadTuningConfig',
    'descheduleConfig',
    'newWorkloadConfig',
    'typicalPodsConfig',
  ]);
  refuseWhatIsMissing(custom, notes);
  const here = dirname(path);
  return {
    name: config.get('metadata').get('name').textOr('simon'),
    cluster: found(cluster.get('customConfig'), here),
    apps: spec
      .get('appList')
      .items()
      .map((app) => appOf(app, here)),
    shufflePods: custom.get('shufflePod').boolean(),
    tuning: tuningOf(first(custom, spec, 'workloadTuningConfig')),
    typicalPods: typicalOf(first(custom, spec, 'typicalPodsConfig')),
    notes,
  };
}

export function isSimonConfig(document: Located): boolean {
  return document.get('apiVersion').value === 'simon/v1alpha1' && document.get('kind').value === 'Config';
}

function kindOf(document: Located | undefined): string {
  if (document === undefined) return 'no document';
  return `${String(document.get('apiVersion').value)} ${String(document.get('kind').value)}`;
}

function first(custom: Located, spec: Located, key: string): Located {
  return custom.get(key).present ? custom.get(key) : spec.get(key);
}

/** A path counts from where the program runs, as in the simulators; else from the file that names it. */
function found(at: Located, here: string): string {
  const path = at.text();
  if (existsSync(path)) return path;
  const beside = isAbsolute(path) ? path : join(here, path);
  if (existsSync(beside)) return beside;
  throw refused(at, `${path} does not exist`);
}

function appOf(app: Located, here: string): { readonly name: string; readonly path: string } {
  known(app, ['name', 'path', 'chart']);
  if (app.get('chart').boolean())
    throw refused(app.get('chart'), 'charts are not rendered: run helm template first');
  return { name: app.get('name').text(), path: found(app.get('path'), here) };
}

function tuningOf(at: Located): SimonConfig['tuning'] {
  known(at, ['ratio', 'seed']);
  const ratio = numberOr(at.get('ratio'), 0);
  return ratio > 0 ? { ratio, seed: numberOr(at.get('seed'), 233) } : undefined;
}

function typicalOf(at: Located): SimonConfig['typicalPods'] {
  known(at, [
    'isInvolvedCpuPods',
    'podPopularityThreshold',
    'podIncreaseStep',
    'gpuResWeight',
    'isConsideredGpuResWeight',
  ]);
  if (numberOr(at.get('gpuResWeight'), 0) !== 0)
    throw refused(at.get('gpuResWeight'), 'weights other than 0');
  if (at.get('isConsideredGpuResWeight').boolean())
    throw refused(at.get('isConsideredGpuResWeight'), 'weights by GPU');
  const percent = numberOr(at.get('podPopularityThreshold'), USUAL_COVERAGE_PERCENT);
  if (!(percent > 0 && percent <= 100)) throw refused(at.get('podPopularityThreshold'), `${percent} %`);
  return {
    withCpuPods: !at.get('isInvolvedCpuPods').present || at.get('isInvolvedCpuPods').boolean(),
    coverage: percent / 100,
  };
}

/** Parts of the simulators that are not here: refused where they would change a result. */
function refuseWhatIsMissing(custom: Located, notes: string[]): void {
  const inflation = custom.get('workloadInflationConfig');
  known(inflation, ['ratio', 'seed']);
  if (numberOr(inflation.get('ratio'), 1) > 1) throw refused(inflation.get('ratio'), 'workload inflation');
  const deschedule = custom.get('descheduleConfig');
  known(deschedule, ['ratio', 'policy']);
  if (deschedule.get('policy').present) throw refused(deschedule.get('policy'), 'descheduling');
  if (custom.get('newWorkloadConfig').present)
    throw refused(custom.get('newWorkloadConfig'), 'a new workload');
  const exported = custom.get('exportConfig');
  known(exported, ['podSnapshotYamlFilePrefix', 'nodeSnapshotCSVFilePrefix']);
  if (exported.entries().some(([, value]) => value.present))
    notes.push('exportConfig: no snapshots are written; take --json');
}

function numberOr(at: Located, otherwise: number): number {
  if (!at.present) return otherwise;
  if (typeof at.value !== 'number' || !Number.isFinite(at.value) || at.value < 0)
    throw refused(at, `${JSON.stringify(at.value)} is no number of at least 0`);
  return at.value;
}

function known(at: Located, keys: readonly string[]): void {
  for (const [key, value] of at.entries())
    if (!keys.includes(key)) throw simonErrors.KISIM_E_SIMON_CONFIG(`${value.place}: not known`);
}

function refused(at: Located, what: string): Error {
  return simonErrors.KISIM_E_SIMON_CONFIG(`${at.place}: ${what}`);
}
