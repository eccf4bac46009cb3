import type { Policy } from './policy.ts';

/** Any node that the pod fits, each as likely as the others. */
export const randomPolicy: Policy = {
  name: 'random',
  start: ({ random }) => ({
    choose: (_pod, { nodes, count }) => nodes[random.integer(count)]!,
    explain: () => [],
  }),
};
