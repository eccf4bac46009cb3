import type { CommandSpec } from '../command.ts';

export const loadCommand: CommandSpec = {
  name: 'load',
  summary: 'Send HTTP load in a pattern, and say how it was answered',
  description:
    'Sends requests to one URL or several, as many as a pattern says: requests a second in an open loop, users who wait for ' +
    'their answers in a closed one. Latencies count from when a request was due, so a server that stalls is charged with ' +
    'everyone who came meanwhile. Patterns are constant, ramp, spike, periodic, random, a trace of requests per minute, or ' +
    'steps from a YAML file; JMeter plans run as they are. Prints the summary; the series goes to CSV, JSON and an HTML page. ' +
    'Objectives (--slo) set the exit status: 3 where one is missed.',
  arguments: [{ name: 'url...', description: 'where to send requests', required: false }],
  options: [
    {
      flags: '--pattern <pattern>',
      description:
        'constant, ramp, spike, periodic, random or trace; also in one word, as spike:low=10,high=100,duration=10m; or a YAML file',
    },
    { flags: '--duration <duration>', description: 'length of the pattern; 10m if not given' },
    { flags: '--low <number>', description: 'lowest level; 10 if not given, 1 for a ramp' },
    { flags: '--high <number>', description: 'highest level; 100 if not given' },
    { flags: '--steps <number>', description: 'steps of a ramp (20) or of periodic (60)' },
    { flags: '--cycles <number>', description: 'waves of periodic; 3 if not given' },
    { flags: '--every <duration>', description: 'how often random changes; 30s if not given' },
    { flags: '--trace <file>', description: 'requests per minute: CSV with the columns t_s and requests' },
    { flags: '--from <duration>', description: 'where in the trace to begin' },
    { flags: '--scale <number>', description: 'all levels of the trace times this' },
    { flags: '--rate <number>', description: 'one level all the time: requests a second, in an open loop' },
    { flags: '--users <number>', description: 'one level all the time: users, in a closed loop' },
    {
      flags: '--loop <kind>',
      description: 'what a level is: open if not given',
      choices: ['open', 'closed'],
    },
    {
      flags: '--spacing <kind>',
      description: 'requests of an open loop: even, or as independent clients come',
      choices: ['even', 'poisson'],
      default: 'even',
    },
    {
      flags: '--think-time <time>',
      description: 'how long a user waits before a request: 500ms, 1s-3s (uniform), exp:2s (exponential)',
    },
    {
      flags: '--connections <number>',
      description: 'most connections to one server in an open loop',
      default: '1000',
    },
    {
      flags: '--precise',
      description: 'sends to within some 0.05 ms instead of 1 or 2; keeps a whole core busy',
    },
    { flags: '--method <method>', description: 'of all requests; GET if not given' },
    {
      flags: '--header <header>',
      description: '`name: value` of all requests (repeatable)',
      repeatable: true,
    },
    { flags: '--body <text>', description: 'body of all requests; @FILE is read from the file' },
    {
      flags: '--weights <list>',
      description: 'shares of several URLs, separated by commas; equal if not given',
    },
    {
      flags: '--targets <file>',
      description: 'targets with weights, methods, headers and bodies (YAML), instead of URLs',
    },
    { flags: '--plan <file>', description: 'a JMeter plan (.jmx), instead of URLs and pattern' },
    { flags: '--timeout <duration>', description: 'a request without an answer is given up', default: '10s' },
    {
      flags: '--give-up <duration>',
      description: 'ends the load where a target gives no answer for so long',
      default: '30s',
    },
    { flags: '--insecure', description: 'takes any certificate' },
    {
      flags: '--seed <number>',
      description: 'of random patterns, arrivals, think times and weights',
      default: '1',
    },
    {
      flags: '--slo <objectives>',
      description: 'p95<300ms, p99.9<=2s, mean<50ms, errors<1%, rate>100; by commas or repeated',
      repeatable: true,
    },
    { flags: '--csv <file>', description: 'the series, a row a second' },
    { flags: '--html <file>', description: 'the summary and the plots as one page' },
    { flags: '--svg <file>', description: 'the load against its pattern as a picture' },
    { flags: '--plot', description: 'also draw the load against its pattern in the terminal' },
    { flags: '--stream <file>', description: 'a JSON line at the end of every second, while it runs' },
    {
      flags: '--show-patterns',
      description:
        'draws ramp, spike, periodic and random in one picture, sends nothing; with --svg and --html into files',
    },
  ],
  examples: [
    {
      command:
        'kisimd load http://127.0.0.1:8080/cpu?ms=5 --pattern spike --low 10 --high 100 --duration 10m',
      does: '10, then 100, then 10 requests a second',
    },
    {
      command: "kisimd load http://127.0.0.1:8080/ --users 50 --think-time 1s-3s --slo 'p95<300ms,errors<1%'",
      does: 'fifty users; the exit status is 3 where an objective is missed',
    },
    {
      command: 'kisimd load http://127.0.0.1:8080/ --trace requests.csv --scale 0.1 --html run.html',
      does: 'a tenth of a recorded load, and a page about it',
    },
    { command: 'kisimd load --plan plan.jmx --duration 5m', does: 'a JMeter plan, ended after five minutes' },
    { command: 'kisimd load --show-patterns --svg patterns.svg', does: 'what the patterns look like' },
  ],
  run: async (context) => (await import('../commands/load.ts')).runLoadCommand(context),
};
