import { KisimError } from '../../util/errors.ts';
import type { RunProgress } from '../run-training.ts';

/** How far a worker is: a line of its output, JSON behind a mark. */
export interface WorkerProgress {
  readonly step: number;
  readonly steps: number;
  readonly unit: string;
  readonly secondsLeft: number;
  readonly seconds: number;
  readonly decisionsPerSecond: number;
  /** Of the price against the rule's, and the upper end of its interval, of the best validation so far. */
  readonly change: number;
  readonly upper: number;
}

/** What a worker tells at its end, beside its output: where the result can be told from another, or why there is none. */
export type WorkerEnd =
  | { readonly kind: 'result'; readonly sha256: string }
  | { readonly kind: 'error'; readonly error: WorkerError }
  /** It was asked to stop: another one begins anew. */
  | { readonly kind: 'stopped' };

export interface WorkerError {
  readonly code: string | undefined;
  readonly message: string;
  readonly action: string | undefined;
  /** Trying again ends in the same error. */
  readonly isFinal: boolean;
}

const MARK = 'kisimd-progress ';
/** What Kubernetes keeps of a termination message. */
const MOST_BYTES = 4096;
const MESSAGE_CHARACTERS = 700;

/** Errors of the machine, which another one may not have. */
const passing: ReadonlySet<string> = new Set(['KISIM_E_LEARNING_OUTPUT']);

export function progressLine(progress: RunProgress): string {
  const { step, steps, unit, secondsLeft, seconds, decisionsPerSecond, best } = progress;
  const note: WorkerProgress = {
    step,
    steps,
    unit,
    secondsLeft: Number(secondsLeft.toFixed(1)),
    seconds: Number(seconds.toFixed(1)),
    decisionsPerSecond: Math.round(decisionsPerSecond),
    change: best.change,
    upper: best.upper,
  };
  return `${MARK}${JSON.stringify(note)}\n`;
}

/** The last note of progress in some output; undefined: none. */
export function lastProgress(text: string): WorkerProgress | undefined {
  const line = text.split('\n').findLast((each) => each.startsWith(MARK) && each.endsWith('}'));
  return line === undefined ? undefined : (JSON.parse(line.slice(MARK.length)) as WorkerProgress);
}

export function workerError(error: unknown): WorkerError {
  const isCoded = error instanceof KisimError;
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: isCoded ? error.code : undefined,
    message: message.slice(0, MESSAGE_CHARACTERS),
    action: isCoded ? error.action.slice(0, MESSAGE_CHARACTERS) : undefined,
    isFinal: isCoded && !passing.has(error.code),
  };
}

/** As a termination message: at most 4096 bytes. */
export function encodeEnd(end: WorkerEnd): string {
  const text = JSON.stringify(end);
  if (Buffer.byteLength(text) <= MOST_BYTES || end.kind !== 'error') return text;
  const short = (said: string | undefined) => said?.slice(0, MESSAGE_CHARACTERS / 4);
  const { error } = end;
  return JSON.stringify({
    ...end,
    error: { ...error, message: short(error.message), action: short(error.action) },
  });
}

/** Undefined for a message that no worker wrote: what a runtime says of a killed container, or the end of its output. */
export function decodeEnd(message: string | undefined): WorkerEnd | undefined {
  if (message === undefined || !message.startsWith('{')) return undefined;
  try {
    const end = JSON.parse(message) as WorkerEnd;
    return end.kind === 'result' || end.kind === 'error' || end.kind === 'stopped' ? end : undefined;
  } catch (error) {
    // A line of output that begins like JSON.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
