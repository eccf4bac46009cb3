import { clusterOptions } from '../cluster-options.ts';
import type { OptionSpec } from '../command.ts';
import { liveLoopOptions } from '../live-loop-options.ts';

/** Of `kisimd queue --live`. */
export const liveQueueOptions: readonly OptionSpec[] = [
  {
    flags: '--live',
    description: 'admit suspended Jobs of a cluster that have the label kisimd.io/start=when-admitted',
  },
  {
    flags: '--kueue',
    description: "with --live: also answer Kueue's admission checks whose controller is kisimd.io/admission",
  },
  {
    flags: '--placement <policy>',
    description: 'with --live: the policy that finds nodes for the pods (placement.policy)',
  },
  {
    flags: '--strength <how>',
    description: 'with --live: how pods are sent to their nodes (placement.strength)',
    choices: ['preferred', 'required'],
  },
  {
    flags: '--interval <duration>',
    description: 'with --live: look at the queue so often even where nothing changes',
    default: '10s',
  },
  {
    flags: '--send-back <duration>',
    description: 'with --kueue: give quota back that was held so long without room',
    default: '10m',
  },
  {
    flags: '--reject-impossible',
    description: 'with --kueue: turn away for good what no nodes could take even if they were empty',
  },
  ...liveLoopOptions,
  ...clusterOptions,
];
