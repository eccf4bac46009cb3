import { errors } from '../../../../src/kubernetes/errors.ts';
import type {
  KubeApi,
  KubeRequest,
  KubeResponse,
  WatchAnswer,
  WatchEvent,
  WatchRequest,
} from '../../../../src/kubernetes/kube-api.ts';
import type { RandomStream } from '../../../../src/util/rng.ts';

/** Shares of the writes that meet each fault; the rest goes through. */
const WRITE_FAULTS: readonly (readonly [fault: Fault, share: number])[] = [
  ['409', 0.03],
  ['422', 0.02],
  ['429', 0.02],
  ['500', 0.03],
  ['lost-request', 0.01],
  ['lost-answer', 0.02],
];
const READ_FAULTS: readonly (readonly [fault: Fault, share: number])[] = [
  ['429', 0.02],
  ['500', 0.05],
  ['lost-request', 0.03],
];
/** Events of a watch after which it is cut, on average; every other time it is told that it is too old first. */
const EVENTS_A_WATCH = 400;

type Fault = '409' | '410' | '422' | '429' | '500' | 'lost-request' | 'lost-answer' | 'cut-watch';

const reasons = {
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
} as const;

function refusal(code: keyof typeof reasons): KubeResponse {
  const reason = reasons[code];
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: 'put in by the benchmark',
    reason,
    code,
  };
  return { status: code, body, ...(code === 429 ? { retryAfterSeconds: 1 } : {}) };
}

/** An API server that fails in all the ways that it can, drawn from a seed. Requests of no resource go through. */
export class FaultyApi implements KubeApi {
  readonly counts: Record<string, number> = {};
  readonly #api: KubeApi;
  readonly #random: RandomStream;

  constructor(api: KubeApi, random: RandomStream) {
    this.#api = api;
    this.#random = random;
  }

  get name(): string {
    return this.#api.name;
  }

  async request(request: KubeRequest): Promise<KubeResponse> {
    const fault = this.#draw(request);
    if (fault === undefined) return await this.#api.request(request);
    this.#count(fault);
    if (fault === 'lost-request')
      throw errors.KISIM_E_KUBE_UNREACHABLE('a request was lost by the benchmark');
    if (fault === 'lost-answer') {
      await this.#api.request(request);
      throw errors.KISIM_E_KUBE_UNREACHABLE('an answer was lost by the benchmark');
    }
    return refusal(Number(fault) as keyof typeof reasons);
  }

  async list(
    request: KubeRequest & { readonly method: 'GET' },
    item: (object: unknown) => void,
  ): Promise<KubeResponse> {
    const fault = this.#draw(request);
    if (fault === undefined) return await this.#api.list!(request, item);
    this.#count(fault);
    if (fault === 'lost-request') throw errors.KISIM_E_KUBE_UNREACHABLE('a list was lost by the benchmark');
    // The rest of a list that goes over pages may have expired meanwhile.
    const isRest = request.query?.['continue'] !== undefined;
    return refusal(isRest ? 410 : (Number(fault) as keyof typeof reasons));
  }

  async watch(request: WatchRequest): Promise<WatchAnswer> {
    const answer = await this.#api.watch(request);
    return answer.status === 200 ? { ...answer, events: this.#cut(answer.events) } : answer;
  }

  async *#cut(events: AsyncIterable<WatchEvent>): AsyncIterable<WatchEvent> {
    for await (const event of events) {
      yield event;
      if (this.#random.next() * EVENTS_A_WATCH >= 1) continue;
      if (this.#random.next() < 0.5) {
        this.#count('410');
        yield { type: 'ERROR', object: refusal(410).body };
        return;
      }
      this.#count('cut-watch');
      throw errors.KISIM_E_KUBE_UNREACHABLE('a watch was cut by the benchmark');
    }
  }

  #draw({ method, path }: KubeRequest): Fault | undefined {
    if (!path.includes('/v1/') || path.includes('authorization.k8s.io')) return undefined;
    let rest = this.#random.next();
    for (const [fault, share] of method === 'GET' ? READ_FAULTS : WRITE_FAULTS) {
      rest -= share;
      if (rest < 0) return fault;
    }
    return undefined;
  }

  #count(fault: Fault): void {
    this.counts[fault] = (this.counts[fault] ?? 0) + 1;
  }
}
