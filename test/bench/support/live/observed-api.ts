import type { ApiPod } from '../../../../src/kubernetes/api-objects.ts';
import { isGated } from '../../../../src/kubernetes/gated-pod-patch.ts';
import type {
  KubeApi,
  KubeRequest,
  KubeResponse,
  WatchAnswer,
  WatchEvent,
  WatchRequest,
} from '../../../../src/kubernetes/kube-api.ts';
import { apiVerb, verbText } from './api-verbs.ts';

const POD_PATH = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)$/;

/** Hands everything on, and notes what was asked and how long pods took from the watch to their first patch. */
export class ObservedApi implements KubeApi {
  readonly #api: KubeApi;
  /** Times that each verb was asked. */
  readonly verbs = new Map<string, number>();
  /** Milliseconds from the event with the gated pod, parsed, to the patch that is sent. */
  readonly decisions: number[] = [];
  /** Answers of 403. */
  refused = 0;
  readonly #seenAt = new Map<string, number>();
  readonly #patched = new Set<string>();

  constructor(api: KubeApi) {
    this.#api = api;
  }

  get name(): string {
    return this.#api.name;
  }

  async request(request: KubeRequest): Promise<KubeResponse> {
    this.#asked(request.method, request.path, false);
    return this.#answered(await this.#api.request(request));
  }

  async list(
    request: KubeRequest & { readonly method: 'GET' },
    item: (object: unknown) => void,
  ): Promise<KubeResponse> {
    this.#asked('GET', request.path, false);
    return this.#answered(await this.#api.list!(request, item));
  }

  async watch(request: WatchRequest): Promise<WatchAnswer> {
    this.#asked('GET', request.path, true);
    const answer = this.#answered(await this.#api.watch(request));
    return request.path === '/api/v1/pods' ? { ...answer, events: this.#noted(answer.events) } : answer;
  }

  async *#noted(events: AsyncIterable<WatchEvent>): AsyncIterable<WatchEvent> {
    for await (const event of events) {
      if (event.type === 'ADDED' && isGated(event.object as ApiPod)) {
        const { namespace, name } = (event.object as ApiPod).metadata!;
        this.#seenAt.set(`${namespace}/${name}`, performance.now());
      }
      yield event;
    }
  }

  #answered<T extends { readonly status: number }>(answer: T): T {
    if (answer.status === 403) this.refused++;
    return answer;
  }

  #asked(method: KubeRequest['method'], path: string, isWatch: boolean): void {
    const verb = apiVerb(method, path, isWatch);
    if (verb === undefined) return;
    const text = verbText(verb);
    this.verbs.set(text, (this.verbs.get(text) ?? 0) + 1);
    if (method !== 'PATCH') return;
    const [, namespace, name] = POD_PATH.exec(path) ?? [];
    const key = `${namespace}/${name}`;
    const seen = this.#seenAt.get(key);
    if (seen === undefined || this.#patched.has(key)) return;
    this.#patched.add(key);
    this.decisions.push(performance.now() - seen);
  }
}
