import { setNodeAffinity, type TemplateChoice, withChoice } from './affinity.ts';
import type { ApiAffinity, ApiDeployment, ApiNodeAffinity, ApiPreferredTerm } from './api-objects.ts';
import { type PatchOperation, pointer, sameObject, setEntries } from './json-patch.ts';
import { AFFINITY_ANNOTATION } from './names.ts';

const TEMPLATE_SPEC = ['spec', 'template', 'spec'];

/**
 * Prefers nodes in a Deployment's template. This makes a new ReplicaSet and replaces every pod, so that the caller asks for
 * it seldom; required affinity is not offered here. The preferences of others stay, and those of an earlier choice, which the
 * annotation remembers, give way to the new ones.
 *
 * @param nodes best first; undefined takes the program's preferences out again
 * @returns undefined where the template says so already: the same choice again rolls nothing
 */
export function deploymentAffinityPatch(
  deployment: ApiDeployment,
  nodes: TemplateChoice['nodes'] | undefined,
): readonly PatchOperation[] | undefined {
  const metadata = deployment.metadata ?? {};
  const affinity = deployment.spec?.template?.spec?.affinity;
  const ours = rememberedTerms(metadata.annotations?.[AFFINITY_ANNOTATION]);
  const others = without(affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [], ours);
  const rest = withPreferred(affinity?.nodeAffinity, others);
  const wanted = nodes === undefined ? rest : withChoice(rest, { nodes, strength: 'preferred' });
  const rolls = !sameJson(wanted, affinity?.nodeAffinity ?? {});
  if (!rolls && (nodes !== undefined || metadata.annotations?.[AFFINITY_ANNOTATION] === undefined))
    return undefined;
  const added = (wanted.preferredDuringSchedulingIgnoredDuringExecution ?? []).slice(others.length);
  return [
    ...sameObject(metadata),
    ...(nodes === undefined
      ? [{ op: 'remove' as const, path: pointer('metadata', 'annotations', AFFINITY_ANNOTATION) }]
      : setEntries(['metadata', 'annotations'], metadata.annotations, {
          [AFFINITY_ANNOTATION]: JSON.stringify(added),
        })),
    ...(rolls ? [writeAffinity(affinity, wanted)] : []),
  ];
}

/** What the program has written into a Deployment, as its annotation remembers it; undefined: nothing. */
export interface WrittenPreferences {
  /** Best first. */
  readonly nodes: readonly string[];
  /** Whether all of it is still in the template. */
  readonly isThere: boolean;
}

export function writtenPreferences({ metadata, spec }: ApiDeployment): WrittenPreferences | undefined {
  const text = metadata?.annotations?.[AFFINITY_ANNOTATION];
  if (text === undefined) return undefined;
  const terms = rememberedTerms(text);
  const present =
    spec?.template?.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return {
    nodes: terms.flatMap(({ preference }) => preference?.matchFields?.[0]?.values?.[0] ?? []),
    isThere: terms.length > 0 && present.length - without(present, terms).length === terms.length,
  };
}

/** What is empty is taken out, so that the template is again the one before, and its old ReplicaSet is used again. */
function writeAffinity(present: ApiAffinity | undefined, wanted: ApiNodeAffinity): PatchOperation {
  if (Object.keys(wanted).length > 0) return setNodeAffinity(TEMPLATE_SPEC, present, wanted);
  const alone = Object.keys(present ?? {}).every((part) => part === 'nodeAffinity');
  return { op: 'remove', path: pointer(...TEMPLATE_SPEC, 'affinity', ...(alone ? [] : ['nodeAffinity'])) };
}

/** An annotation that somebody has spoilt holds no terms of ours; what stays behind is then theirs to take out. */
function rememberedTerms(text: string | undefined): readonly ApiPreferredTerm[] {
  if (text === undefined) return [];
  try {
    const terms: unknown = JSON.parse(text);
    return Array.isArray(terms) ? (terms as readonly ApiPreferredTerm[]) : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** Each of ours takes out one term that is equal, so that an equal term of somebody else stays. */
function without(
  terms: readonly ApiPreferredTerm[],
  ours: readonly ApiPreferredTerm[],
): readonly ApiPreferredTerm[] {
  const left = [...terms];
  for (const term of ours) {
    const at = left.findLastIndex((candidate) => sameJson(candidate, term));
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}

function withPreferred(
  affinity: ApiNodeAffinity | undefined,
  preferred: readonly ApiPreferredTerm[],
): ApiNodeAffinity {
  const { preferredDuringSchedulingIgnoredDuringExecution: _, ...rest } = affinity ?? {};
  return preferred.length === 0
    ? rest
    : { ...rest, preferredDuringSchedulingIgnoredDuringExecution: preferred };
}

/** Equal but for the order of keys, which the API server chooses. */
function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, sortedKeys) === JSON.stringify(b, sortedKeys);
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
