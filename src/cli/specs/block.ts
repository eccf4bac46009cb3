import type { CommandSpec } from '../command.ts';

export const blockCommand: CommandSpec = {
  name: 'block',
  summary: 'Hold a chosen amount of CPU, memory, disk or network for a time, then let go',
  description:
    'Holds what is asked for within 5 %, controlled by what the kernel and the peer have really counted: --cpu and ' +
    '--memory are those of this program as a whole, --disk-read and --disk-write reach the disk past the page cache, ' +
    '--network is what a peer has confirmed. Everything is let go at the end of the time, on SIGINT or SIGTERM, when ' +
    'whoever started it has gone, and when it is killed. Prints asked, held and deviation; the exit status is 1 where ' +
    'something was not held. With --pod it runs in a pod. `kisimd block peer` is the other side of --network.',
  arguments: [
    {
      name: 'role',
      description: 'peer: take and confirm the bytes of --network',
      required: false,
      choices: ['peer'],
    },
  ],
  options: [
    { flags: '--cpu <cores>', description: 'cores (1.5), or a share of those that may be used (40%)' },
    { flags: '--memory <bytes>', description: 'resident memory (2GiB), the program itself included' },
    { flags: '--disk-read <rate>', description: 'read from a disk (20MB/s)' },
    { flags: '--disk-write <rate>', description: 'written to a disk (50MB/s)' },
    { flags: '--network <rate>', description: 'sent to the peer (10MB/s, 100Mbit/s)' },
    { flags: '--peer <host:port>', description: 'where a `kisimd block peer` listens' },
    { flags: '--for <duration>', description: 'how long to hold it', default: '10m' },
    { flags: '--folder <path>', description: 'on the disk to block', default: '/var/tmp' },
    { flags: '--file-size <bytes>', description: 'of each file that is read or written', default: '256MiB' },
    { flags: '--listen <host:port>', description: 'of a peer; 127.0.0.1:5210 if not given' },
    { flags: '--pod', description: 'hold it in a pod of a cluster' },
    { flags: '--namespace <name>', description: 'of the pod', default: 'default' },
    { flags: '--node <name>', description: 'the node that the pod must run on; any if not given' },
    { flags: '--image <name>', description: 'image of kisimd for the pod (deploy/images/kisimd/Dockerfile)' },
    { flags: '--start-within <duration>', description: 'how long the pod may take to start', default: '2m' },
    {
      flags: '--kubeconfig <file>',
      description: 'the kubeconfig (kubernetes.kubeconfig, else as kubectl finds it)',
    },
    {
      flags: '--context <name>',
      description: 'one of its contexts (kubernetes.context, else the current one)',
    },
  ],
  examples: [
    {
      command: 'kisimd block --cpu 1.5 --memory 2GiB --for 5m',
      does: 'one and a half cores and 2 GiB for five minutes',
    },
    {
      command: 'kisimd block --disk-write 50MB/s --folder /data',
      does: 'writes to the disk of /data until Ctrl-C, 10 minutes at most',
    },
    { command: 'kisimd block peer --listen 10.0.0.2:5210', does: 'takes what others send with --network' },
    { command: 'kisimd block --network 10MB/s --peer 10.0.0.2:5210', does: 'sends to that peer' },
    {
      command: 'kisimd block --pod --node worker-1 --image registry.example/kisimd:0.1.0 --cpu 40% --for 10m',
      does: 'holds 40 % of a node by a pod, which is deleted at the end',
    },
  ],
  run: async (context) => (await import('../commands/block.ts')).runBlock(context),
};
