import { clusterOptions } from '../cluster-options.ts';
import type { CommandSpec } from '../command.ts';

export const setupCommand: CommandSpec = {
  name: 'setup',
  summary: 'Set a Kubernetes cluster up for placement, or take all of it away again',
  description:
    'Creates the namespace, the account with exactly the rights that the features need, and what holds new pods of ' +
    'opted-in namespaces until they are placed. Says first what it will do, and asks where it runs on a terminal. Run ' +
    'again it completes and mends; --remove frees every pod that still waits and leaves nothing.',
  options: [
    ...clusterOptions,
    {
      flags: '--features <list>',
      description:
        'what is to be used beside placement, with commas: jobs, deployments, node-advice, eviction, kubelet-use, ' +
        'metrics-use, autoscaling, queue, kueue or none; the configured ones where left out',
    },
    {
      flags: '--opt-in <namespace>',
      description: 'a namespace whose pods may be placed (repeatable, or with commas)',
      repeatable: true,
    },
    {
      flags: '--gates-by <way>',
      description: 'what holds new pods: the API server itself (1.36), or a webhook in the daemon',
      choices: ['policy', 'webhook'],
    },
    {
      flags: '--webhook-url <url>',
      description: 'how the API server reaches the daemon: https://HOST:28283/gate',
    },
    {
      flags: '--write-kubeconfig <file>',
      description:
        "write a kubeconfig with a token of the program's account, for a daemon outside the cluster",
    },
    {
      flags: '--token-lifetime <duration>',
      description: 'how long that token holds; the API server may shorten it',
      default: '90d',
    },
    {
      flags: '--long-lived-token',
      description: 'a token that holds until `setup --remove`, kept in a Secret',
    },
    { flags: '--remove', description: 'take everything away: first what holds pods, last the rights' },
    { flags: '--force', description: 'take over objects and fields that somebody else has written' },
    { flags: '--dry-run', description: 'only say what would be done' },
    { flags: '--yes', description: 'do not ask' },
  ],
  examples: [
    { command: 'kisimd setup --dry-run', does: 'say what would be made, and by which rights' },
    { command: 'kisimd setup --opt-in team-a', does: 'set up, and let pods of team-a be placed' },
    {
      command: 'sudo kisimd setup --kubeconfig ~/.kube/config --write-kubeconfig /var/lib/kisimd/kubeconfig',
      does: 'give the service of this machine an account in the cluster',
    },
    { command: 'kisimd setup --remove', does: 'free every waiting pod and leave nothing of kisimd' },
  ],
  run: async (context) => (await import('../commands/setup.ts')).runSetup(context),
};
