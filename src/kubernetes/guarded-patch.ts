import { KisimError } from '../util/errors.ts';
import type { RandomSource } from '../util/rng.ts';
import type { Sleep } from '../util/sleep.ts';
import type { Milliseconds } from '../util/units.ts';
import { actionErrors } from './action-errors.ts';
import type { ObjectMeta } from './api-objects.ts';
import { errors } from './errors.ts';
import type { PatchOperation } from './json-patch.ts';
import type { KubeApi, KubeRequest, KubeResponse } from './kube-api.ts';
import { refusal } from './refusal.ts';

/** Times that a write is tried again after a conflict, a busy or a broken server. */
const MOST_RETRIES = 5;
/** Of the first wait after a conflict, and after an answer that did not come. */
const CONFLICT_MILLISECONDS = 10;
const TROUBLE_MILLISECONDS = 100;
/** Where a server says "later" without saying when. */
const BUSY_SECONDS = 1;
/**
 * A write that hangs ends before another leader can hold the lease: five seconds lie between the end of a leader's own term
 * and the end of its lease.
 */
const WRITE_MILLISECONDS: Milliseconds = 4_000;

export interface GuardedWrites {
  readonly api: KubeApi;
  readonly sleep: Sleep;
  readonly random: RandomSource;
  /** Asked before every write; none is sent after it has said no. */
  readonly stillLeader: () => boolean;
}

/** What has gone before, when a patch is made. */
export interface Round {
  /** How often the server has refused a patch (422). */
  readonly refusals: number;
}

export interface GuardedObject<T> {
  readonly path: string;
  /** As it was last read, complete. */
  readonly object: T;
  /** The patch for one version of the object; undefined where nothing is left to do. */
  readonly propose: (object: T, round: Round) => readonly PatchOperation[] | undefined;
  /** How many refused patches it may take until `propose` has no other. */
  readonly mostRefusals: number;
  readonly signal?: AbortSignal;
}

export type GuardedResult<T> =
  | { readonly outcome: 'written'; readonly object: T; readonly attempts: number }
  /** `propose` found nothing to do in this version. */
  | { readonly outcome: 'settled'; readonly object: T; readonly attempts: number }
  /** Deleted, or another object has the name. */
  | { readonly outcome: 'gone'; readonly attempts: number }
  | { readonly outcome: 'not-leader'; readonly attempts: number }
  | { readonly outcome: 'failed'; readonly error: KisimError; readonly attempts: number };

/**
 * Writes one object by a JSON Patch that holds for the version it was made from. After a conflict (409) the object is read
 * again and the patch made anew; a refusal (422) does the same and is counted, as the server does not tell its causes apart; a
 * busy server (429) is obeyed; an answer that was lost is looked for in the object, as the write may have been done.
 */
export async function guardedPatch<T extends { readonly metadata?: ObjectMeta }>(
  writes: GuardedWrites,
  { path, object, propose, mostRefusals, signal }: GuardedObject<T>,
): Promise<GuardedResult<T>> {
  const { api, sleep, random, stillLeader } = writes;
  const uid = object.metadata?.uid;
  let current = object;
  let refusals = 0;
  let attempts = 0;
  let stale = false;
  for (let retries = 0; ; ) {
    if (signal?.aborted === true) return { outcome: 'failed', error: calledOff(path), attempts };
    // Before a read too: who leads no more leaves the server to the new leader.
    if (!stillLeader()) return { outcome: 'not-leader', attempts };
    let request: KubeRequest = { method: 'GET', path };
    if (!stale) {
      const body = propose(current, { refusals });
      if (body === undefined) return { outcome: 'settled', object: current, attempts };
      request = { method: 'PATCH', path, patchType: 'json', body };
      attempts += 1;
    }
    const answer = await ask(api, { ...request, timeoutMilliseconds: WRITE_MILLISECONDS }, signal);
    if (answer instanceof KisimError || answer.status >= 500 || answer.status === 429) {
      const error = answer instanceof KisimError ? answer : refusal(request, answer);
      if (answer instanceof KisimError && !isPassing(answer)) return { outcome: 'failed', error, attempts };
      if (retries >= MOST_RETRIES) return { outcome: 'failed', error: exhausted(path, error), attempts };
      const seconds = answer instanceof KisimError ? undefined : answer.retryAfterSeconds;
      const refused = !(answer instanceof KisimError) && answer.status === 429;
      // A request that was turned away at the door has done nothing, so that nothing need be read again.
      stale ||= !refused;
      const wait = seconds ?? (refused ? BUSY_SECONDS : undefined);
      await sleep(
        wait === undefined
          ? backoff(TROUBLE_MILLISECONDS, retries, random)
          : wait * 1000 + backoff(TROUBLE_MILLISECONDS, 0, random),
        signal,
      );
      retries += 1;
      continue;
    }
    if (answer.status === 404) return { outcome: 'gone', attempts };
    if (stale && answer.status === 200) {
      current = answer.body as T;
      if (current.metadata?.uid !== uid) return { outcome: 'gone', attempts };
      stale = false;
      continue;
    }
    if (answer.status === 200) return { outcome: 'written', object: answer.body as T, attempts };
    const error = refusal(request, answer);
    if (answer.status === 409 && retries < MOST_RETRIES) {
      await sleep(backoff(CONFLICT_MILLISECONDS, retries, random), signal);
      retries += 1;
    } else if (answer.status === 422 && refusals < mostRefusals) refusals += 1;
    else {
      const tried = answer.status === 409 || answer.status === 422;
      return { outcome: 'failed', error: tried ? exhausted(path, error) : error, attempts };
    }
    stale = true;
  }
}

/** Rejections that are no coded error are faults of the program. */
async function ask(
  api: KubeApi,
  request: KubeRequest,
  signal: AbortSignal | undefined,
): Promise<KubeResponse | KisimError> {
  try {
    return await api.request(signal === undefined ? request : { ...request, signal });
  } catch (error) {
    if (error instanceof KisimError) return error;
    // Rejected with the signal's reason, whatever that is. The write may have been done.
    if (signal?.aborted === true) return calledOff(request.path);
    throw error;
  }
}

const passing: ReadonlySet<string> = new Set([
  errors.KISIM_E_KUBE_UNREACHABLE('').code,
  errors.KISIM_E_KUBE_TIMEOUT('').code,
]);

/** Whether the same request may well be answered a little later. */
function isPassing({ code }: KisimError): boolean {
  return passing.has(code);
}

/** Doubled each time, and anything from a half to three halves of that: those who collided do not meet again. */
function backoff(first: Milliseconds, retries: number, random: RandomSource): Milliseconds {
  return first * 2 ** retries * (0.5 + random.next());
}

function exhausted(path: string, cause: KisimError): KisimError {
  return actionErrors.KISIM_E_KUBE_WRITE(`${path}: ${cause.message}`, { cause });
}

function calledOff(path: string): KisimError {
  return actionErrors.KISIM_E_KUBE_WRITE(`${path}: called off`);
}
