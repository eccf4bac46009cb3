import { type KubeDecision, KubeScheduler } from '../../../src/policy/kube/kube-scheduler.ts';
import { readManifestObjects } from '../../../src/simulation/inputs/manifests.ts';
import { boundTo, type Corpus, podKey } from '../corpora/corpus.ts';
import type { ApiObject } from './api-client.ts';
import type { Act } from './run-corpus.ts';
import type { Attempt, DecisionScores } from './scheduler-log.ts';

/** Something that our scheduler decided or scored otherwise than the real one. */
export interface Difference {
  readonly act: number;
  readonly attempt: number;
  readonly pod: string;
  readonly what: 'node' | 'feasible nodes' | 'evaluated nodes' | 'scores' | 'reasons';
  readonly real: string;
  readonly ours: string;
}

export interface Replay {
  readonly pods: number;
  /** Pods that went to the same node, or nowhere for the same reasons, by the same scores, whenever they were tried. */
  readonly equalPods: number;
  /** Pods that went to the same node, or nowhere, whenever they were tried. */
  readonly sameNodePods: number;
  /** Decisions compared: each pod's, and those of pods that were tried again. */
  readonly decisions: number;
  /** Scores of one plugin for one node that were compared. */
  readonly scores: number;
  /** Decisions between nodes of equal score. */
  readonly ties: number;
  readonly differences: readonly Difference[];
}

/** Our nodes in the order in which a scheduler that starts later gets them: by name, byte by byte. */
function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/**
 * Lets our scheduler decide what the real one decided, in the same order. After each decision the pod is put where the
 * real one put it, so that one difference does not bring others.
 *
 * @param order of the nodes; any but the real one serves to show that differences are seen
 */
export function replay(
  corpus: Corpus,
  acts: readonly Act[],
  order: 'by name' | 'reversed' = 'by name',
): Replay {
  const { surroundings, later } = corpus;
  const objects = [...corpus.pods, ...(later?.pods ?? [])];
  const cluster = readManifestObjects(corpus.name, [...surroundings, ...corpus.nodes, ...objects]);
  const nodes = [...cluster.nodes].sort(byName);
  if (order === 'reversed') nodes.reverse();
  const scheduler = new KubeScheduler(nodes, { namespaces: cluster.namespaces });
  const pods = new Map(objects.map((object, i) => [podKey(object), cluster.pods[i]!]));
  const placed = new Set<string>();
  const place = (pod: string, node: string): void => {
    scheduler.add(pods.get(pod)!, node);
    placed.add(pod);
  };
  const arrive = (arriving: readonly ApiObject[]): void => {
    for (const object of arriving) {
      const node = boundTo(object);
      if (node !== undefined) place(podKey(object), node);
    }
  };
  const differences: Difference[] = [];
  let scores = 0;
  let ties = 0;
  arrive(corpus.pods);
  acts.forEach(({ attempts, untold }, act) => {
    if (act === 1 && later !== undefined) {
      for (const pod of later.removed) if (placed.delete(pod)) scheduler.remove(pods.get(pod)!.id);
      for (const node of readManifestObjects(corpus.name, later.changed).nodes) scheduler.updateNode(node);
      arrive(later.pods);
      // The real one begins anew.
      scheduler.nextStartNodeIndex = 0;
    }
    attempts.forEach((attempt, i) => {
      const pod = pods.get(attempt.pod);
      if (pod === undefined)
        throw new Error(`the scheduler tried ${attempt.pod}, which ${corpus.name} lacks`);
      if ((attempt.feasible ?? 0) > 1 && attempt.scores === undefined)
        throw new Error(`the log of the real scheduler lacks the scores of ${attempt.pod}`);
      const decision = scheduler.schedule(pod, { verbose: true });
      if (attempt.scores !== undefined) {
        scores += attempt.scores.nodes.length * Object.keys(attempt.scores.plugins).length;
        ties += isTie(attempt.scores) ? 1 : 0;
      }
      for (const { what, real, ours } of differencesOf(attempt, decision)) {
        differences.push({ act, attempt: i, pod: attempt.pod, what, real, ours });
      }
      if (attempt.node !== undefined) place(attempt.pod, attempt.node);
    });
    for (const [pod, node] of Object.entries(untold)) place(pod, node);
  });
  const attempts = acts.flatMap((act) => act.attempts);
  const tried = new Set(attempts.map(({ pod }) => pod));
  const different = new Set(differences.map(({ pod }) => pod));
  const elsewhere = new Set(differences.filter(({ what }) => what === 'node').map(({ pod }) => pod));
  return {
    pods: tried.size,
    equalPods: tried.size - different.size,
    sameNodePods: tried.size - elsewhere.size,
    decisions: attempts.length,
    scores,
    ties,
    differences,
  };
}

function isTie({ nodes, plugins }: DecisionScores): boolean {
  const rows = Object.values(plugins);
  const totals = nodes.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0));
  const best = Math.max(...totals);
  return totals.indexOf(best) !== totals.lastIndexOf(best);
}

type Found = Omit<Difference, 'act' | 'attempt' | 'pod'>;

function differencesOf(attempt: Attempt, decision: KubeDecision): readonly Found[] {
  const found: Found[] = [];
  const compare = (what: Difference['what'], real: string | undefined, ours: string | undefined): void => {
    if (real !== undefined && real !== ours) found.push({ what, real, ours: String(ours) });
  };
  const real =
    attempt.outcome === 'bound' ? attempt.node : attempt.outcome === 'error' ? attempt.message : 'none';
  compare('node', real, decision.node ?? 'none');
  compare('feasible nodes', attempt.feasible?.toString(), String(decision.feasible));
  compare('evaluated nodes', attempt.evaluated?.toString(), String(decision.evaluatedCount));
  compare('reasons', realReasons(attempt), ourReasons(decision));
  if (attempt.scores !== undefined) {
    const ours = decision.scores;
    compare(
      'scores',
      scoreText(attempt.scores),
      ours === undefined ? 'none' : scoreText(scoresOf(decision, attempt.scores)),
    );
  }
  return found;
}

/** Our scores in the form of the real ones; a plugin that had nothing to say counts 0. */
function scoresOf({ scores = [] }: KubeDecision, like: DecisionScores): DecisionScores {
  const names = new Set([
    ...Object.keys(like.plugins),
    ...scores.flatMap(({ weighted }) => Object.keys(weighted)),
  ]);
  const row = (plugin: string): number[] => scores.map(({ weighted }) => weighted[plugin] ?? 0);
  return {
    nodes: scores.map(({ node }) => node),
    plugins: Object.fromEntries([...names].map((name) => [name, row(name)])),
  };
}

/** Nodes in their order, then the plugins by name; rows of zeros say nothing. */
function scoreText({ nodes, plugins }: DecisionScores): string {
  const rows = Object.keys(plugins)
    .filter((name) => plugins[name]!.some((score) => score !== 0))
    .sort()
    .map((name) => `${name}: ${plugins[name]!.join(' ')}`);
  return [nodes.join(' '), ...rows].join('\n');
}

/** `2 Insufficient cpu, 1 Too many pods`: how many nodes each reason was given for, sorted. */
function realReasons({ message, outcome }: Attempt): string | undefined {
  if (outcome !== 'unschedulable') return undefined;
  const [, counted] = /^.*?\d+\/\d+ nodes are available: (.*?)\.? no new claims/.exec(message ?? '') ?? [];
  if (counted === undefined || !/^\d/.test(counted)) return undefined;
  return counted.split(', ').sort().join(', ');
}

function ourReasons({ reasons }: KubeDecision): string {
  const counts = new Map<string, number>();
  for (const refusal of reasons?.values() ?? []) {
    for (const reason of refusal.reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
}
