import type { CommandSpec } from '../command.ts';

export const explainCommand: CommandSpec = {
  name: 'explain',
  summary: 'Say why a pod got its node, a Deployment its replicas, a job its turn, from the history',
  description:
    'What the placement loop decided about a pod: the node, joules per term, what the best other nodes would have cost, ' +
    'which rule was beaten, and which one was fallen back to. Joules are predictions of the rule that decided. Works ' +
    'without the cluster and without the daemon.',
  arguments: [
    {
      name: 'pod',
      description: 'name of the pod, NAMESPACE/NAME, or job/NAME, deployment/NAME, workload/NAME',
      required: true,
    },
  ],
  options: [
    { flags: '-n, --namespace <name>', description: 'namespace of the pod; any where left out' },
    { flags: '--last <count>', description: 'how many decisions, newest first', default: '1' },
    { flags: '--db <file>', description: 'the history to read instead of the configured one' },
  ],
  examples: [
    { command: 'kisimd explain web-7d9f -n shop', does: 'why the pod runs where it runs' },
    {
      command: 'kisimd explain shop/web-7d9f --last 5 --json',
      does: 'the last five decisions about it, as JSON',
    },
    { command: 'kisimd explain job/report -n shop', does: 'why a suspended Job was started, and where' },
    { command: 'kisimd explain deployment/web -n shop', does: 'why it has so many replicas' },
  ],
  run: async (context) => (await import('../commands/explain.ts')).runExplain(context),
};
