import type { CommandSpec } from '../command.ts';

export const testApplicationCommand: CommandSpec = {
  name: 'test-application',
  summary: 'Serve a web application that costs what its requests ask for, to try load and autoscaling on',
  description:
    'GET /cpu?ms= works for so much CPU time, /memory?mb=&seconds= holds memory, /disk?mb= writes and syncs a file, ' +
    '/network?kb= answers with so many bytes; every amount may be exp:MEAN, an exponential draw. --servers requests are ' +
    'in service at once, the others wait in one queue in the order of their arrival; more than --queue are refused (503). ' +
    '/healthz tells that it lives, /metrics has counts and times for Prometheus. Listens on this machine alone unless ' +
    'told otherwise; it asks nobody who he is.',
  options: [
    { flags: '--host <address>', description: 'address to listen on', default: '127.0.0.1' },
    { flags: '--port <number>', description: 'port; 0: any free one', default: '8080' },
    {
      flags: '--servers <number>',
      description: 'requests in service at once; without it as many as there are CPUs',
    },
    { flags: '--queue <number>', description: 'most requests that wait', default: '1000' },
    { flags: '--seed <number>', description: 'of the draws of exp:', default: '1' },
    { flags: '--folder <path>', description: 'where /disk writes', default: '/var/tmp' },
    {
      flags: '--drain <duration>',
      description: 'how long requests in service may take to end once it is asked to stop',
      default: '10s',
    },
    {
      flags: '--manifest',
      description:
        'print a Deployment and a Service of it for `kubectl apply -f -` instead, with the options below',
    },
    { flags: '--image <name>', description: 'image of kisimd (deploy/images/kisimd/Dockerfile)' },
    { flags: '--namespace <name>', description: 'where they are to be', default: 'default' },
    { flags: '--name <name>', description: 'of both', default: 'test-application' },
    { flags: '--replicas <number>', description: 'of the Deployment', default: '1' },
  ],
  examples: [
    { command: 'kisimd test-application --port 8080', does: 'serves at http://127.0.0.1:8080' },
    {
      command: 'kisimd test-application --port 0 --servers 1 --seed 7',
      does: 'one server on a free port, told on stdout: with /cpu?ms=exp:20 an M/M/1',
    },
    {
      command: 'kisimd test-application --host 0.0.0.0',
      does: 'in a container, for others than this machine',
    },
  ],
  run: async (context) => (await import('../commands/test-application.ts')).runTestApplication(context),
};
