import { boundTo, type Corpus, podKey } from '../corpora/corpus.ts';
import type { ApiObject } from './api-client.ts';
import type { ControlPlane } from './control-plane.ts';
import { type Difference, replay } from './replay.ts';
import { type Act, runCorpus } from './run-corpus.ts';

const RUNS = 40;

export interface SmallCase {
  readonly corpus: Corpus;
  readonly difference: Difference;
}

/** The corpus as it was before an attempt: what had been placed is bound, and only this attempt's pod waits. */
function before(corpus: Corpus, acts: readonly Act[], { act, attempt, pod: waiting }: Difference): Corpus {
  const { later } = corpus;
  const earlier = [
    ...acts.slice(0, act).flatMap(({ attempts }) => attempts),
    ...acts[act]!.attempts.slice(0, attempt),
  ];
  const placed = new Map(earlier.map(({ pod, node }) => [pod, node]));
  for (const { untold } of acts.slice(0, act)) {
    for (const [pod, node] of Object.entries(untold)) placed.set(pod, node);
  }
  const gone = new Set(act === 0 ? [] : later?.removed);
  const changed = new Map(
    (act === 0 ? [] : (later?.changed ?? [])).map((node) => [node.metadata.name, node]),
  );
  const pods = [...corpus.pods, ...(act === 0 ? [] : (later?.pods ?? []))].flatMap((pod): ApiObject[] => {
    const key = podKey(pod);
    const nodeName = boundTo(pod) ?? placed.get(key);
    if (key === waiting) return [pod];
    if (nodeName === undefined || gone.has(key)) return [];
    return [{ ...pod, spec: { ...(pod['spec'] as object), nodeName } }];
  });
  const nodes = corpus.nodes.map((node) => changed.get(node.metadata.name) ?? node);
  return { ...corpus, nodes, pods, later: undefined };
}

/**
 * Looks for a small cluster in which the real scheduler and ours still differ about the pod of the first difference, by
 * leaving out other pods and nodes and asking the real one again, some forty times at most. A difference that comes from
 * what was decided before (where a search begins, a count that is not kept up) does not shrink: then undefined.
 */
export async function shrink(
  plane: ControlPlane,
  corpus: Corpus,
  acts: readonly Act[],
  differences: readonly Difference[],
): Promise<SmallCase | undefined> {
  let runs = 0;
  const differing = async (candidate: Corpus): Promise<Difference | undefined> => {
    runs += 1;
    return replay(candidate, await runCorpus(plane, candidate)).differences[0];
  };
  const [first] = differences;
  if (first === undefined) return undefined;
  let small = before(corpus, acts, first);
  let difference = await differing(small);
  if (difference === undefined) return undefined;
  const without = async (part: 'pods' | 'nodes'): Promise<void> => {
    for (let size = small[part].length >> 1; size >= 1; size >>= 1) {
      for (let from = 0; from < small[part].length && runs < RUNS; ) {
        const kept = small[part].filter(
          (object, i) => i < from || i >= from + size || podKey(object) === first.pod,
        );
        const candidate = withoutStrays({ ...small, [part]: kept });
        const still = kept.length < small[part].length ? await differing(candidate) : undefined;
        if (still === undefined) from += size;
        else {
          small = candidate;
          difference = still;
        }
      }
    }
  };
  await without('pods');
  await without('nodes');
  return { corpus: small, difference };
}

/** Pods that are bound to a node go with it. */
function withoutStrays(corpus: Corpus): Corpus {
  const names = new Set(corpus.nodes.map(({ metadata }) => metadata.name));
  return { ...corpus, pods: corpus.pods.filter((pod) => names.has(boundTo(pod) ?? [...names][0]!)) };
}
