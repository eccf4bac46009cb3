import { KisimError } from '../util/errors.ts';
import { errors } from './errors.ts';
import type { KubeApi, KubeRequest } from './kube-api.ts';
import type { KubeObject } from './kube-object.ts';
import { isObject, type ObjectList, readList } from './object-list.ts';
import { refusal } from './refusal.ts';

/** The server's words are that the version is not to be had (any more): all has to be listed again. */
export class VersionLost extends Error {}

/** The rest of a list that was asked for in pages is not to be had any more. */
export class PagesExpired extends VersionLost {}

/** A refusal with the time that the server wants to be left alone. */
export class Refused extends Error {
  readonly retryAfterSeconds: number;
  /** Whether the same may be asked for again. */
  readonly passing: boolean;

  constructor(cause: Error, status: number, retryAfterSeconds: number | undefined) {
    super(cause.message, { cause });
    this.retryAfterSeconds = retryAfterSeconds ?? 0;
    this.passing = status === 429 || status >= 500;
  }
}

export interface ListPagesOptions {
  readonly api: KubeApi;
  readonly path: string;
  readonly labelSelector: string | undefined;
  readonly fieldSelector: string | undefined;
  /** Objects of one page; left out: all in one. */
  readonly pageSize?: number;
  readonly signal: AbortSignal;
  take(object: KubeObject): void;
  /** After every answer. */
  heard(): void;
  /** A page failed and may be had yet: resolves when it is time to ask again. */
  again(error: unknown): Promise<void>;
}

const TIMEOUT_MILLISECONDS = 60_000;
/** There was no answer, or not all of it. */
const PASSING_CODES: readonly string[] = ['KISIM_E_KUBE_UNREACHABLE', 'KISIM_E_KUBE_TIMEOUT'];
/** A list is not begun anew for one page that fails: in much trouble the list of a large cluster would never end. */
const TRIES_OF_A_PAGE = 5;

/**
 * Lists a collection page by page, and asks again for a page that failed in passing. What was taken before an error may be
 * taken again by the next call.
 *
 * @returns the version of the whole
 * @throws VersionLost, Refused, KISIM_E_KUBE_UNREACHABLE, KISIM_E_KUBE_TIMEOUT, KISIM_E_KUBE_ANSWER
 */
export async function listPages(options: ListPagesOptions): Promise<string> {
  let from: string | undefined;
  for (;;) {
    // The first one is the caller's to ask for again.
    const page = await pageFrom(options, from, from === undefined ? 1 : TRIES_OF_A_PAGE);
    if (page.continueFrom === undefined) return page.resourceVersion;
    from = page.continueFrom;
  }
}

async function pageFrom(
  options: ListPagesOptions,
  from: string | undefined,
  tries: number,
): Promise<ObjectList> {
  for (let left = tries - 1; ; left--) {
    try {
      return await ask(options, from);
    } catch (error) {
      if (left <= 0 || !isPassing(error) || options.signal.aborted) throw error;
      await options.again(error);
    }
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof Refused) return error.passing;
  return error instanceof KisimError && PASSING_CODES.includes(error.code);
}

async function ask(options: ListPagesOptions, from: string | undefined): Promise<ObjectList> {
  const { api, path, labelSelector, fieldSelector, pageSize, signal } = options;
  const request: KubeRequest & { readonly method: 'GET' } = {
    method: 'GET',
    path,
    query: { limit: pageSize, continue: from, labelSelector, fieldSelector },
    timeoutMilliseconds: TIMEOUT_MILLISECONDS,
    signal,
  };
  const take = (object: unknown): void => {
    if (!isObject(object)) throw errors.KISIM_E_KUBE_ANSWER(`list ${path}: an item without an identity`);
    options.take(object);
  };
  const response = await (api.list === undefined ? api.request(request) : api.list(request, take));
  options.heard();
  if (response.status !== 200) {
    const cause = refusal(request, response);
    if (response.status !== 410) throw new Refused(cause, response.status, response.retryAfterSeconds);
    throw new (from === undefined ? VersionLost : PagesExpired)(cause.message, { cause });
  }
  const page = readList(path, response.body);
  for (const object of page.items) take(object);
  return page;
}
