import type { Clock } from '../util/clock.ts';
import { KisimError } from '../util/errors.ts';
import type { Logger } from '../util/log.ts';
import type { RandomSource } from '../util/rng.ts';
import type { Sleep } from '../util/sleep.ts';
import type { ApiObject } from './api-objects.ts';
import { Backoff } from './backoff.ts';
import { type CorrelatedEvent, EventCorrelator, type Happening, remember } from './event-correlator.ts';
import type { KubeApi, KubeRequest, KubeResponse } from './kube-api.ts';
import { COMPONENT } from './names.ts';
import { refusal } from './refusal.ts';
import { TokenBucket } from './token-bucket.ts';

/** Of all events together: telling must not cost the API server more than doing. */
const BURST = 250;
const PER_SECOND = 25;
/** Of waiting events; with more the API server is away, and what is old is of no use. */
const MOST_WAITING = 1000;
const MOST_TRIES = 4;
const MESSAGE_CHARACTERS = 1000;

export interface EventRecorderOptions {
  readonly api: KubeApi;
  /** Of this process: which of several daemons says it. */
  readonly identity: string;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly random: RandomSource;
  readonly log: Logger;
}

interface Written {
  readonly namespace: string;
  readonly name: string;
  readonly count: number;
}

/** Writes core/v1 Events in the background. They are for people: what cannot be written is counted and let go. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #correlator = new EventCorrelator();
  readonly #bucket: TokenBucket;
  readonly #written = new Map<string, Written>();
  readonly #waiting: CorrelatedEvent[] = [];
  #draining: Promise<void> | undefined;
  #dropped = 0;
  #numbered = 0;
  #lastProblem: string | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(BURST, PER_SECOND, options.clock.monotonicNanoseconds());
  }

  /** Events that were not written: too many, or no server. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Returns at once and never throws. */
  record(happening: Happening): void {
    const now = this.#options.clock.monotonicNanoseconds();
    const event = this.#correlator.correlate(happening, now);
    if (event === undefined || this.#waiting.length >= MOST_WAITING || !this.#bucket.take(now)) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(event);
    this.#draining ??= this.#drain();
  }

  /** Until all that waits is written or let go. */
  async flushed(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  async #drain(): Promise<void> {
    // Not in the turn of the caller, who has pods to place.
    await Promise.resolve();
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift())
      await this.#write(event);
    this.#draining = undefined;
  }

  async #write(event: CorrelatedEvent): Promise<void> {
    const { sleep, random } = this.#options;
    const backoff = new Backoff({ firstMilliseconds: 200, mostMilliseconds: 10_000 }, random);
    for (let tries = 1; ; tries++) {
      const before = this.#written.get(event.key);
      const request = before === undefined ? this.#creation(event) : this.#repetition(event, before);
      const answer = await this.#ask(request);
      if (answer instanceof KisimError || answer.status === 429 || answer.status >= 500) {
        const error = answer instanceof KisimError ? answer : refusal(request, answer);
        if (tries >= MOST_TRIES) return this.#letGo(error);
        const seconds = answer instanceof KisimError ? undefined : answer.retryAfterSeconds;
        await sleep(Math.max(backoff.failed(), (seconds ?? 0) * 1000));
      } else if (answer.status === 404 && before !== undefined && tries < MOST_TRIES) {
        // Events are kept for an hour, and somebody may have removed it: begun anew.
        this.#written.delete(event.key);
      } else if (answer.status === 200 || answer.status === 201) {
        const { name, namespace } = (request.body as ApiObject).metadata;
        const written =
          before === undefined
            ? { namespace: namespace!, name, count: 1 }
            : { ...before, count: before.count + 1 };
        remember(this.#written, event.key, written);
        this.#lastProblem = undefined;
        return;
      } else return this.#letGo(refusal(request, answer));
    }
  }

  async #ask(request: KubeRequest): Promise<KubeResponse | KisimError> {
    try {
      return await this.#options.api.request({ ...request, timeoutMilliseconds: 5_000 });
    } catch (error) {
      if (error instanceof KisimError) return error;
      // A fault of the program, which must not end the daemon for the sake of an event; it is told with its stack.
      this.#options.log.error('event-failed', { error });
      return { status: 400, body: 'a fault of the program' };
    }
  }

  /** Told once for each kind of trouble. */
  #letGo(error: KisimError): void {
    this.#dropped += 1;
    if (error.code !== this.#lastProblem) this.#options.log.warn('event-not-written', { error });
    this.#lastProblem = error.code;
  }

  #creation({ subject, type, reason, message }: CorrelatedEvent): KubeRequest {
    const { clock, identity } = this.#options;
    const now = this.#timestamp();
    // Events of objects without a namespace are in `default`, as client-go puts them.
    const namespace = subject.namespace ?? 'default';
    this.#numbered += 1;
    const unique = `${clock.unixMilliseconds().toString(16)}${this.#numbered.toString(16).padStart(5, '0')}`;
    const body: ApiObject = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${subject.name.slice(0, 200)}.${unique}`, namespace },
      involvedObject: subject,
      type,
      reason,
      message: shortened(message),
      source: { component: COMPONENT },
      reportingComponent: COMPONENT,
      reportingInstance: identity.slice(0, 128),
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
    return { method: 'POST', path: `/api/v1/namespaces/${namespace}/events`, body };
  }

  #repetition({ message }: CorrelatedEvent, { namespace, name, count }: Written): KubeRequest {
    return {
      method: 'PATCH',
      path: `/api/v1/namespaces/${namespace}/events/${name}`,
      patchType: 'merge',
      body: {
        metadata: { name, namespace },
        count: count + 1,
        lastTimestamp: this.#timestamp(),
        message: shortened(message),
      },
    };
  }

  /** RFC 3339 in whole seconds, as metav1.Time has it. */
  #timestamp(): string {
    return new Date(this.#options.clock.unixMilliseconds()).toISOString().replace(/\.\d+Z$/, 'Z');
  }
}

function shortened(message: string): string {
  return message.length <= MESSAGE_CHARACTERS ? message : `${message.slice(0, MESSAGE_CHARACTERS - 3)}...`;
}
