import { KubeNodeMarks } from '../../controller/advice/kube-node-marks.ts';
import { NodeAdvice } from '../../controller/advice/node-advice.ts';
import { Adviser } from '../../kubernetes/adviser.ts';
import type { Service } from '../supervisor.ts';
import type { LiveParts } from './live-parts.ts';

/**
 * Advice on nodes: labels by efficiency, and PreferNoSchedule on the poor ones. Where it is switched off what an earlier daemon
 * has left is taken away. Undefined where nothing is written at all.
 */
export function nodeAdvice({ config, api, guard, book, ...parts }: LiveParts): Service | undefined {
  const { mode, nodeAdvice: isWanted } = config.placement;
  if (mode !== 'act') return undefined;
  return new NodeAdvice({
    ...parts,
    nodes: () => book.cluster?.nodes ?? [],
    marks: new KubeNodeMarks(api, new Adviser(guard)),
    isWanted,
  });
}
