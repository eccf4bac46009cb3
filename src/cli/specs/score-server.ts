import type { CommandSpec } from '../command.ts';

export const scoreServerCommand: CommandSpec = {
  name: 'score-server',
  summary: 'Serve a placement policy over HTTP to a simulator or scheduler in another language',
  description:
    'POST /score with {pod, nodes} (objects of the Kubernetes API) answers {scores} by node name; with {pod, node} ' +
    '(amounts of resources) it answers {score}. Greater is better. GET /healthz tells that it lives. Errors come as ' +
    'JSON with a code. Every request stands for itself. Listens on this machine alone unless told otherwise; it asks ' +
    'nobody who he is.',
  options: [
    { flags: '--policy <name>', description: 'the policy to serve', default: 'kube-scheduler' },
    {
      flags: '--ties <rule>',
      description: 'how equal scores are told apart where the policy chooses itself',
      choices: ['lexicographic', 'random', 'first'],
      default: 'first',
    },
    { flags: '--seed <number>', description: 'of what is random in the policy', default: '1' },
    { flags: '--host <address>', description: 'address to listen on', default: '127.0.0.1' },
    { flags: '--port <number>', description: 'port; 0: any free one', default: '5000' },
  ],
  examples: [
    {
      command: 'kisimd score-server --policy best-fit',
      does: 'what pytorch-rl-scheduler asks at http://localhost:5000/score',
    },
    {
      command: 'kisimd score-server --policy marginal-run-out --port 0',
      does: 'an energy rule on a free port, told on stdout',
    },
  ],
  run: async (context) => (await import('../commands/score-server.ts')).runScoreServer(context),
};
