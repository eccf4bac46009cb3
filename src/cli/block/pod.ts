import { randomBytes } from 'node:crypto';
import { loadConfig } from '../../config/load.ts';
import { blockerErrors } from '../../kubernetes/blocker/errors.ts';
import { runBlockerJob } from '../../kubernetes/blocker/run-blocker-job.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import { blockerJob } from '../../kubernetes/manifests/blocker-job.ts';
import { succeeded } from '../../kubernetes/setup/calls.ts';
import type { Burden } from '../../load/block/burden.ts';
import { askedAmounts } from '../../load/block/burden.ts';
import { blockErrors } from '../../load/block/errors.ts';
import { systemClock } from '../../util/clock.ts';
import { parseDuration } from '../../util/duration.ts';
import { systemSleep } from '../../util/sleep.ts';
import type { CommandContext } from '../command.ts';
import { clusterSettings, connectCluster } from '../connect-cluster.ts';
import { cliErrors } from '../errors.ts';
import { type BlockTold, reportText } from './format.ts';
import { burdenOf, fileBytesOf, peerOf } from './options.ts';

/** What the program needs beside what it holds: threads, code, and room for the collector. */
const OWN_BYTES = 256 * 1024 * 1024;
const OWN_CORES = 0.1;

/** `kisimd block --pod`: the same by a pod, which is gone at the end. Resolves to the exit status. */
export async function runBlockPod(context: CommandContext): Promise<number> {
  const { options, stdout, stderr, signal, env } = context;
  const image = options['image'];
  if (typeof image !== 'string' || image === '') {
    throw cliErrors.KISIM_E_USAGE('--pod without --image', {
      action: 'build one with deploy/images/kisimd/Dockerfile, and name it with --image',
    });
  }
  const { config } = loadConfig({ env, flags: { ...options, namespace: undefined } });
  const api = await connectCluster(clusterSettings(context, config), env);
  const namespace = String(options['namespace']);
  const node = options['node'] === undefined ? undefined : String(options['node']);
  const share = /%\s*$/.test(String(options['cpu'] ?? ''));
  const nodeCores = share ? await coresOf(api, node) : 0;
  const burden = burdenOf(options, () => nodeCores);
  if (askedAmounts(burden).size === 0) throw blockErrors.KISIM_E_BLOCK_NOTHING('no option for any of them');
  peerOf(options, burden);
  const forMilliseconds = parseDuration(String(options['for']));
  const startWithinMilliseconds = parseDuration(String(options['startWithin']));
  const fileBytes = fileBytesOf(options);
  const name = `kisimd-block-${randomBytes(5).toString('hex')}`;
  const job = blockerJob({
    namespace,
    name,
    image,
    node,
    args: podArguments(options, burden),
    cpuCores: (burden.cpuCores ?? 0) + OWN_CORES,
    memoryBytes: Math.ceil((burden.memoryBytes ?? 0) * 1.05) + OWN_BYTES,
    // Up to eight files each way, and what a file system needs beside them.
    scratchBytes: 16 * fileBytes + OWN_BYTES,
    activeSeconds: (forMilliseconds + startWithinMilliseconds) / 1000 + 60,
  });
  const {
    succeeded: isHeld,
    end,
    why,
    log,
  } = await runBlockerJob({
    api,
    namespace,
    name,
    job,
    startWithinMilliseconds,
    clock: systemClock,
    sleep: systemSleep,
    signal,
    onRunning: (pod, where) => stderr.write(`pod ${namespace}/${pod} runs on ${where}\n`),
  });
  if (end === 'asked') {
    stdout.write(options['json'] === true ? `${JSON.stringify({ end })}\n` : 'stopped: the pod is gone\n');
    return 0;
  }
  const { told, error } = readLog(log ?? '');
  if (told !== undefined) {
    stdout.write(
      options['json'] === true ? `${JSON.stringify(told)}\n` : reportText({ ...told, failure: undefined }),
    );
  }
  if (isHeld && told !== undefined) return 0;
  throw blockerErrors.KISIM_E_BLOCK_POD_FAILED(
    error ?? `${why === '' ? 'no report' : why}: ${(log ?? '').slice(-500)}`,
  );
}

/** The same options for the program in the pod. */
function podArguments(options: CommandContext['options'], burden: Burden): readonly string[] {
  const passed = [
    ['--memory', options['memory']],
    ['--disk-read', options['diskRead']],
    ['--disk-write', options['diskWrite']],
    ['--network', options['network']],
    ['--peer', options['peer']],
    ['--for', options['for']],
    ['--file-size', options['fileSize']],
  ] as const;
  return [
    'block',
    '--json',
    ...(burden.cpuCores === undefined ? [] : ['--cpu', String(burden.cpuCores)]),
    ...passed.flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)])),
  ];
}

/** A share is one of a node, so it must be known which. */
async function coresOf(api: KubeApi, node: string | undefined): Promise<number> {
  if (node === undefined) {
    throw cliErrors.KISIM_E_USAGE('a share of CPU in a pod without --node', {
      action: 'say of which node, or give cores: --cpu 1.5',
    });
  }
  const request = { method: 'GET', path: `/api/v1/nodes/${node}` } as const;
  const found = (await api.request(request).then((answer) => succeeded(request, answer))) as {
    readonly status?: { readonly allocatable?: { readonly cpu?: string } };
  };
  const text = found.status?.allocatable?.cpu ?? '';
  const match = /^(\d+(?:\.\d+)?)(m?)$/.exec(text);
  if (match !== null) return Number(match[1]) / (match[2] === 'm' ? 1000 : 1);
  throw blockerErrors.KISIM_E_BLOCK_POD_START(`node ${node} tells no allocatable cpu ('${text}')`);
}

/** The report and the error of the program in the pod, each a line of JSON. */
function readLog(log: string): { readonly told: BlockTold | undefined; readonly error: string | undefined } {
  let told: BlockTold | undefined;
  let error: string | undefined;
  for (const line of log.split('\n')) {
    if (!line.startsWith('{')) continue;
    const object = parsed(line);
    if (Array.isArray(object['holdings'])) told = object as unknown as BlockTold;
    const failed = object['error'];
    if (typeof failed === 'object' && failed !== null) {
      const { code, message } = failed as { readonly code?: string; readonly message?: string };
      error = `${code}: ${message}`;
    }
  }
  return { told, error };
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch (error) {
    // A line that was cut, or of somebody else.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
