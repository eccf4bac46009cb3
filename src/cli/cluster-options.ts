import type { OptionSpec } from './command.ts';

/** Of every command that talks to a cluster. */
export const clusterOptions: readonly OptionSpec[] = [
  {
    flags: '--kubeconfig <file>',
    description: 'the kubeconfig (kubernetes.kubeconfig, else as kubectl finds it)',
  },
  {
    flags: '--context <name>',
    description: 'one of its contexts (kubernetes.context, else the current one)',
  },
  { flags: '--namespace <name>', description: "the program's own namespace (kubernetes.namespace)" },
];
