import { perNodePlugin } from '../per-node-plugin.ts';
import type { ScorePlugin } from '../score-plugin.ts';

/**
 * Trimaran's TargetLoadPacking: packs up to a target of measured use, then spreads (scheduler-plugins,
 * pkg/trimaran/targetloadpacking). Its default prediction of a pod is its request; 0 to 100.
 *
 * Differences: the measurement is of now, so that nothing of recent pods is missing in it; a request is not multiplied
 * by 1.5 where a pod has no limit, since the vocabulary knows no limits.
 *
 * @param targetPercent of measured CPU use; Trimaran's default is 40
 */
export function targetLoadPacking(targetPercent = 40): ScorePlugin {
  return perNodePlugin('target-load-packing', () => (cluster, pod, node) => {
    const percent = (100 * (cluster.measuredUse[node]! + pod.cpuMilli)) / cluster.cpuCapacity[node]!;
    if (percent > 100) return 0;
    if (percent > targetPercent) return Math.round((targetPercent * (100 - percent)) / (100 - targetPercent));
    return Math.round(((100 - targetPercent) * percent) / targetPercent + targetPercent);
  });
}
