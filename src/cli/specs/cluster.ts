import type { CommandSpec, OptionSpec } from '../command.ts';

const PROFILE: OptionSpec = {
  flags: '-p, --profile <name>',
  description: "minikube's profile, which is the kubeconfig's context too",
  default: 'minikube',
};

export const clusterStartCommand: CommandSpec = {
  name: 'cluster start',
  summary: 'Start a Minikube cluster to place pods on',
  description:
    'Runs `minikube start`, which must be installed; nothing is downloaded by kisimd itself. CPUs and memory are those of ' +
    'each node. A cluster that is there already is started as it is. Afterwards: `kisimd setup --context PROFILE`.',
  options: [
    PROFILE,
    { flags: '--nodes <count>', description: 'how many nodes', default: '3' },
    {
      flags: '--driver <name>',
      description: "what the nodes are; minikube's choice where left out",
      choices: ['docker', 'podman', 'kvm2', 'qemu2', 'virtualbox', 'none'],
    },
    { flags: '--cpus <count>', description: 'CPUs of a node', default: '2' },
    { flags: '--memory <size>', description: 'memory of a node', default: '4g' },
    {
      flags: '--addons <name>',
      description: 'add-ons, such as metrics-server (repeatable, or with commas)',
      repeatable: true,
    },
    { flags: '--kubernetes-version <version>', description: 'of Kubernetes: v1.36.4, stable or latest' },
  ],
  examples: [
    { command: 'kisimd cluster start', does: 'three nodes with two CPUs and 4 GB each' },
    {
      command: 'kisimd cluster start --driver kvm2 --addons metrics-server',
      does: 'the same as guests of this host, which the meter tells apart',
    },
  ],
  run: async (context) => (await import('../commands/cluster.ts')).runClusterStart(context),
};

export const clusterStatusCommand: CommandSpec = {
  name: 'cluster status',
  summary:
    'Say what runs of a Minikube cluster, whether it is set up, and whether its nodes are metered here',
  description:
    'Asks minikube, the API server and the daemon of this machine. Exit status 0 where all nodes run, 1 where not or where ' +
    'there is no such cluster.',
  options: [PROFILE],
  examples: [{ command: 'kisimd cluster status --json', does: 'all of it as one object' }],
  run: async (context) => (await import('../commands/cluster.ts')).runClusterStatus(context),
};

export const clusterStopCommand: CommandSpec = {
  name: 'cluster stop',
  summary: 'Stop a Minikube cluster',
  description: 'Runs `minikube stop`. The cluster keeps what it holds; `minikube delete` would remove it.',
  options: [PROFILE],
  examples: [{ command: 'kisimd cluster stop', does: 'stop the machines of the profile minikube' }],
  run: async (context) => (await import('../commands/cluster.ts')).runClusterStop(context),
};
