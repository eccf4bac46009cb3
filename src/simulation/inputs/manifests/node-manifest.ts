import type { Node, NodeImage, Taint } from '../../../cluster/node.ts';
import { GPU_SHARE_RESOURCES, sharedGpusOf } from './gpu-share.ts';
import type { Located } from './located.ts';
import { readAmounts } from './resources.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

/** A `Node` object of the API: what it allows pods to have, where nothing is said of that its whole capacity. */
export function readNode(manifest: Located): Node {
  const metadata = manifest.get('metadata');
  const spec = manifest.get('spec');
  const status = manifest.get('status');
  const allocatable = status.get('allocatable');
  const amounts = readAmounts(allocatable.present ? allocatable : status.get('capacity'));
  const taints = spec
    .get('taints')
    .items()
    .map(
      (taint): Taint => ({
        key: taint.get('key').text(),
        value: taint.get('value').textOr(''),
        effect: taint.get('effect').oneOf(effects),
      }),
    );
  const images = status
    .get('images')
    .items()
    .map(
      (image): NodeImage => ({
        names: image.get('names').texts(),
        sizeBytes: image.get('sizeBytes').integerOr(0, Number.MAX_SAFE_INTEGER, 0),
      }),
    );
  const others = ['cpu', 'memory', 'pods', ...GPU_SHARE_RESOURCES];
  const extended = [...amounts].filter(([name]) => !others.includes(name));
  const gpus = sharedGpusOf(manifest, amounts);
  return {
    name: metadata.get('name').text(),
    labels: metadata.get('labels').textMap(),
    cpuMilli: amounts.get('cpu') ?? 0,
    memoryBytes: amounts.get('memory') ?? 0,
    pods: amounts.get('pods') ?? 0,
    ...(gpus === undefined ? {} : { gpus }),
    ...(extended.length === 0 ? {} : { extended: Object.fromEntries(extended) }),
    ...(taints.length === 0 ? {} : { taints }),
    ...(spec.get('unschedulable').boolean() ? { unschedulable: true } : {}),
    ...(images.length === 0 ? {} : { images }),
  };
}
