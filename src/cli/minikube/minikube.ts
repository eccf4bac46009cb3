import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { systemErrorCode } from '../../util/errors.ts';
import type { CommandContext } from '../command.ts';
import { minikubeErrors } from './errors.ts';

/** Starts Kubernetes 1.30 by default, the oldest that placement works with. */
const OLDEST = [1, 33] as const;
/** Exit status of commands for a profile that is not there (ExGuestNotFound in pkg/minikube/reason/exitcodes.go). */
export const PROFILE_NOT_FOUND = 85;

/** What an exit status is about, by its tens (pkg/minikube/reason/exitcodes.go). */
const subjects: Readonly<Record<number, string>> = {
  1: 'the command line',
  2: 'too little memory, CPU or disk on this machine',
  3: 'this machine',
  4: 'the internet',
  5: 'the driver',
  6: "the driver's provider (Docker, libvirt, VirtualBox)",
  7: 'the local network',
  8: 'the node',
  9: 'the container runtime',
  10: 'the control plane',
  11: 'a service of the cluster',
};

interface Ended {
  readonly status: number;
  readonly stdout: string;
}

/** The `minikube` command, as it is installed. Never through a shell. */
export class Minikube {
  readonly #context: Pick<CommandContext, 'env' | 'stdin' | 'stderr' | 'signal'>;

  constructor(context: Pick<CommandContext, 'env' | 'stdin' | 'stderr' | 'signal'>) {
    this.#context = context;
  }

  /**
   * Looks whether it is there and new enough.
   *
   * @returns its version: `v1.36.0`
   * @throws KISIM_E_MINIKUBE_MISSING, KISIM_E_MINIKUBE_TOO_OLD, KISIM_E_MINIKUBE_ANSWER
   */
  async version(): Promise<string> {
    const told = await this.json<{ readonly minikubeVersion?: unknown }>(['version', '-o', 'json']);
    const { minikubeVersion: version } = told;
    const parts = typeof version === 'string' ? /^v(\d+)\.(\d+)\./.exec(version) : null;
    if (parts === null)
      throw minikubeErrors.KISIM_E_MINIKUBE_ANSWER(`minikube version: ${JSON.stringify(told)}`);
    const [major, minor] = [Number(parts[1]), Number(parts[2])];
    if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
      throw minikubeErrors.KISIM_E_MINIKUBE_TOO_OLD(`${version}`);
    return version as string;
  }

  /**
   * Runs it to its end; what it says goes to our error output as it comes.
   *
   * @throws KISIM_E_MINIKUBE_FAILED with its exit status, KISIM_E_MINIKUBE_MISSING
   */
  async run(args: readonly string[]): Promise<void> {
    const { status } = await this.#spawned(args, this.#context.stderr);
    if (status === 0) return;
    throw minikubeErrors.KISIM_E_MINIKUBE_FAILED(`minikube ${args.join(' ')}: ${meaning(status)}`);
  }

  /**
   * Its answer in JSON, whatever its exit status, which tells of the cluster and not of the command.
   *
   * @throws KISIM_E_MINIKUBE_ANSWER, KISIM_E_MINIKUBE_MISSING
   */
  async json<T>(args: readonly string[]): Promise<T> {
    const { status, stdout } = await this.#spawned(args);
    const answer = parsed(stdout);
    if (answer !== undefined) return answer as T;
    const says = stdout.trim().split('\n').at(-1) ?? '';
    throw minikubeErrors.KISIM_E_MINIKUBE_ANSWER(
      `minikube ${args.join(' ')}: ${meaning(status)}${says === '' ? '' : `, ${says}`}`,
    );
  }

  /** As `json`, but undefined where there is no such profile. */
  async jsonOfProfile<T>(args: readonly string[]): Promise<T | undefined> {
    const { status, stdout } = await this.#spawned(args);
    if (status === PROFILE_NOT_FOUND) return undefined;
    const answer = parsed(stdout);
    if (answer === undefined)
      throw minikubeErrors.KISIM_E_MINIKUBE_ANSWER(`minikube ${args.join(' ')}: ${meaning(status)}`);
    return answer as T;
  }

  /** @param told gets standard output too, as it comes; left out: it is kept for the answer */
  async #spawned(args: readonly string[], told?: Writable): Promise<Ended> {
    const { env, stdin, stderr, signal } = this.#context;
    // Drivers that need root ask for a password.
    const input = 'fd' in stdin && stdin.fd === 0 ? 'inherit' : 'ignore';
    const child = spawn('minikube', args, { env: { ...env }, stdio: [input, 'pipe', 'pipe'] });
    const failed = once(child, 'error').then(([error]: unknown[]) => error);
    const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    // Whoever waits for one of the two does not wait for the other.
    failed.catch(() => undefined);
    ended.catch(() => undefined);
    const stop = (): void => void child.kill('SIGINT');
    signal.addEventListener('abort', stop, { once: true });
    const kept: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => {
      if (told === undefined) kept.push(part);
      else told.write(part);
    });
    child.stderr.on('data', (part: Buffer) => stderr.write(part));
    try {
      const error = await Promise.race([failed, ended.then(() => undefined)]);
      if (error !== undefined) throw unstartable(error);
      const [status] = await ended;
      // Ended by a signal: as a shell tells it.
      return { status: status ?? 128, stdout: Buffer.concat(kept).toString() };
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}

function unstartable(error: unknown): Error {
  const code = systemErrorCode(error);
  if (code === 'ENOENT')
    return minikubeErrors.KISIM_E_MINIKUBE_MISSING('no minikube on the PATH', { cause: error });
  return minikubeErrors.KISIM_E_MINIKUBE_MISSING(`minikube cannot be started: ${code ?? String(error)}`, {
    cause: error,
  });
}

function parsed(text: string): unknown {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** `exit status 29 (too little memory, CPU or disk on this machine)`. */
function meaning(status: number): string {
  const subject = status < 10 || status >= 120 ? undefined : subjects[Math.floor(status / 10)];
  return `exit status ${status}${subject === undefined ? '' : ` (${subject})`}`;
}
