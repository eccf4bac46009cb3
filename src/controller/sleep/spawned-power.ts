import { type ChildProcess, spawn } from 'node:child_process';
import type { KisimError } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { Milliseconds } from '../../util/units.ts';
import { sleepErrors } from './errors.ts';
import { type NodeCommand, nodeCommand } from './node-command.ts';
import type { NodePower, PowerResult } from './ports.ts';

/** After it was asked to end, so long until it is made to. */
const KILL_MILLISECONDS: Milliseconds = 5_000;
const LAST_WORDS_MILLISECONDS: Milliseconds = 200;
/** Of what a command writes, the end is told where it fails. */
const SAID_CHARACTERS = 500;

export interface SpawnedPowerOptions {
  /** Left out where no node is put to sleep any more. */
  readonly sleepCommand: string | undefined;
  readonly wakeCommand: string;
  /** Of one command. */
  readonly limitMilliseconds: Milliseconds;
  readonly log: Logger;
  readonly killMilliseconds?: Milliseconds;
}

/** Switches nodes by the operator's programs: one process for each, without a shell, in a group of its own that ends with it. */
export class SpawnedPower implements NodePower {
  readonly #options: SpawnedPowerOptions;
  readonly #sleep: NodeCommand | undefined;
  readonly #wake: NodeCommand;

  /** @throws KISIM_E_SLEEP_COMMAND */
  constructor(options: SpawnedPowerOptions) {
    this.#options = options;
    const { sleepCommand } = options;
    this.#sleep = sleepCommand === undefined ? undefined : nodeCommand(sleepCommand);
    this.#wake = nodeCommand(options.wakeCommand);
  }

  async sleep(node: string, signal: AbortSignal): Promise<PowerResult> {
    if (this.#sleep === undefined)
      return { ok: false, error: sleepErrors.KISIM_E_SLEEP_COMMAND('no sleep-command'), isHalfDone: false };
    return this.#run(this.#sleep(node), signal, sleepErrors.KISIM_E_SLEEP_FAILED);
  }

  wake(node: string, signal: AbortSignal): Promise<PowerResult> {
    return this.#run(this.#wake(node), signal, sleepErrors.KISIM_E_SLEEP_WAKE);
  }

  async #run(
    argv: ReturnType<NodeCommand>,
    signal: AbortSignal,
    failed: (found: string, options?: { cause?: unknown }) => KisimError,
  ): Promise<PowerResult> {
    const { limitMilliseconds, log } = this.#options;
    const words = argv.join(' ');
    log.info('node-command', { command: words });
    const { promise, resolve } = Promise.withResolvers<PowerResult>();
    const refuse = (why: string, cause?: unknown) => {
      const error = failed(`${words}: ${why}`, cause === undefined ? {} : { cause });
      resolve({ ok: false, error, isHalfDone: ended !== undefined });
    };
    let ended: 'called off' | 'too slow' | undefined;
    if (signal.aborted) {
      refuse('called off');
      return promise;
    }
    const [program, ...args] = argv;
    const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        said = (said + text).slice(-SAID_CHARACTERS);
      });
    }
    const end = (why: 'called off' | 'too slow') => {
      ended ??= why;
      signalGroup(child, 'SIGTERM');
      killTimer ??= setTimeout(
        () => signalGroup(child, 'SIGKILL'),
        this.#options.killMilliseconds ?? KILL_MILLISECONDS,
      );
    };
    let killTimer: NodeJS.Timeout | undefined;
    let lastWords: NodeJS.Timeout | undefined;
    const limit = setTimeout(() => end('too slow'), limitMilliseconds);
    const calledOff = () => end('called off');
    signal.addEventListener('abort', calledOff, { once: true });
    child.on('error', (error) => refuse(error.message, error));
    child.on('exit', (status, by) => {
      // What it has left behind goes with it, where it was ended.
      if (ended !== undefined) signalGroup(child, 'SIGKILL');
      // Its last words may still be on their way; a program that it has left behind may hold the pipes open for ever.
      const over = () => told(status, by);
      child.on('close', over);
      lastWords = setTimeout(over, LAST_WORDS_MILLISECONDS);
    });
    const told = (status: number | null, by: NodeJS.Signals | null) => {
      const words = said.trim() === '' ? '' : `: ${said.trim()}`;
      if (ended === 'too slow') refuse(`not done after ${limitMilliseconds / 1000} s${words}`);
      else if (ended === 'called off') refuse('called off');
      else if (status === 0) resolve({ ok: true });
      else refuse(`${status === null ? `ended by ${by}` : `status ${status}`}${words}`);
    };
    try {
      return await promise;
    } finally {
      clearTimeout(limit);
      clearTimeout(killTimer);
      clearTimeout(lastWords);
      signal.removeEventListener('abort', calledOff);
      child.stdout.destroy();
      child.stderr.destroy();
    }
  }
}

/** The program and all that it has started. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // It has ended in between.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
