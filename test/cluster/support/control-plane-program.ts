import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemErrorCode } from '../../../src/util/errors.ts';
import { cached, cacheFolder, findProgram } from '../../system/support/needs.ts';
import { processState } from '../../system/support/processes.ts';
import { attempt } from '../../system/support/run-command.ts';

const sources = fileURLToPath(new URL('../control-plane/', import.meta.url));

/** The program cannot be built here: the text says why and what to do. */
export class ControlPlaneUnbuildable extends Error {}

/** Kubernetes' packages in a first build; only for telling how far it is. */
const PACKAGES = 2850;

function kubernetesVersion(): string {
  const version = /^\tk8s\.io\/kubernetes (v\S+)$/m.exec(readFileSync(join(sources, 'go.mod'), 'utf8'))?.[1];
  if (version === undefined) throw new Error('go.mod of the control plane requires no k8s.io/kubernetes');
  return version;
}

/** The program says which Kubernetes it is only where the linker tells it. */
function buildFlags(): readonly string[] {
  const version = kubernetesVersion();
  const [major, minor] = version.slice(1).split('.');
  const variables = `k8s.io/component-base/version`;
  const linker = [
    '-s -w',
    `-X ${variables}.gitVersion=${version}`,
    `-X ${variables}.gitMajor=${major}`,
    `-X ${variables}.gitMinor=${minor}`,
  ];
  return ['-trimpath', '-ldflags', linker.join(' ')];
}

function programPath(): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'main.go']) hash.update(readFileSync(join(sources, file)));
  hash.update(buildFlags().join(' '));
  const key = `${kubernetesVersion()}-${hash.digest('hex').slice(0, 16)}`;
  return join(cacheFolder, 'control-plane', key, 'kube');
}

/** Why the program is neither built nor can be built here, or false. */
export function controlPlaneProgramMissing(): string | false {
  if (existsSync(programPath())) return false;
  if (findProgram('go') === undefined) return 'needs Go 1.26 or newer to build the control plane';
  // Asked inside the module: an older Go fetches the toolchain that go.mod wants, where it may.
  const { status, stderr } = attempt(['go', '-C', sources, 'version']);
  return status === 0
    ? false
    : `needs Go 1.26 or newer to build the control plane: ${stderr.trim().slice(-300)}`;
}

/** One builder at a time: a file with the builder's pid; left behind by a killed one, it is taken over. */
async function lock(path: string, progress: (text: string) => void): Promise<() => void> {
  for (let tries = 0; ; tries++) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path);
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    }
    const holder = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
    // An empty file is one that its maker has not yet written to.
    if (holder > 0 && processState(holder) === undefined) rmSync(path, { force: true });
    else {
      if (tries % 60 === 0) progress(`waiting for process ${holder}, which builds the control plane`);
      await sleep(1000);
    }
  }
}

async function build(target: string, progress: (text: string) => void): Promise<void> {
  progress(`building Kubernetes ${kubernetesVersion()} once, into ${target}; ten minutes on two idle cores`);
  const partial = `${target}.new`;
  const child = spawn('go', ['build', '-v', ...buildFlags(), '-o', partial, '.'], {
    cwd: sources,
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const last: string[] = [];
  let packages = 0;
  let told = performance.now();
  for await (const line of createInterface({ input: child.stderr })) {
    last.push(line);
    if (last.length > 20) last.shift();
    if (!line.startsWith('go: ')) packages += 1;
    if (performance.now() - told < 10_000) continue;
    told = performance.now();
    progress(packages === 0 ? line : `compiled ${packages} of about ${PACKAGES} packages`);
  }
  const status = await ended;
  if (status === 0) {
    renameSync(partial, target);
    return;
  }
  const found = last.join('\n');
  const hint = /dial tcp|no such host|proxyconnect|TLS handshake|404 Not Found|403 Forbidden/.test(found)
    ? '\nIts Go modules cannot be had; GOPROXY says from where they are asked for.'
    : '';
  throw new ControlPlaneUnbuildable(
    `go build of the control plane ended with status ${status}:\n${found}${hint}`,
  );
}

/**
 * The path of a program that holds etcd, the Kubernetes control plane, the kubelet and kubectl. Built from its Go modules
 * where the cache does not hold it yet: about 1,100 CPU seconds and 2.4 GB of memory, once.
 */
export async function controlPlaneProgram(progress: (text: string) => void): Promise<string> {
  const path = programPath();
  if (existsSync(path)) return path;
  const folder = join(path, '..');
  mkdirSync(folder, { recursive: true });
  const unlock = await lock(join(cached('control-plane'), 'lock'), progress);
  try {
    if (!existsSync(path)) await build(path, progress);
  } finally {
    unlock();
  }
  return path;
}
