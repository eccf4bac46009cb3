import { TokenBucket } from './token-bucket.ts';

/** What an Event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Left out: an object without a namespace. */
  readonly namespace?: string;
  readonly uid?: string;
}

export interface Happening {
  readonly subject: EventSubject;
  readonly type: 'Normal' | 'Warning';
  /** One word, CamelCase: `Placed`. */
  readonly reason: string;
  /** For people, at most 1,024 bytes in the API. */
  readonly message: string;
}

/** An event to be written, and which earlier one it repeats. */
export interface CorrelatedEvent extends Happening {
  /** Equal for events that are one event with a count. */
  readonly key: string;
}

/** As client-go's EventCorrelator has them by default (tools/record/events_cache.go). */
const SUBJECT_BURST = 25;
const SUBJECT_PER_SECOND = 1 / 300;
const MOST_SIMILAR = 10;
const SIMILAR_NANOSECONDS = 600e9;
const MOST_REMEMBERED = 4096;

/**
 * Decides what is written of what happens: a subject that makes too many events is silenced, and more than ten that differ in
 * their message alone within ten minutes become one, which is counted.
 */
export class EventCorrelator {
  readonly #subjects = new Map<string, TokenBucket>();
  readonly #similar = new Map<string, { messages: Set<string>; lastNanoseconds: number }>();

  /** @returns undefined where it is not written */
  correlate(happening: Happening, nowNanoseconds: number): CorrelatedEvent | undefined {
    const { subject, type, reason, message } = happening;
    const about = [subject.kind, subject.namespace ?? '', subject.name, subject.uid ?? ''].join('/');
    let bucket = this.#subjects.get(about);
    if (bucket === undefined) bucket = new TokenBucket(SUBJECT_BURST, SUBJECT_PER_SECOND, nowNanoseconds);
    remember(this.#subjects, about, bucket);
    if (!bucket.take(nowNanoseconds)) return undefined;
    const group = [about, type, reason].join('/');
    const found = this.#similar.get(group);
    const similar =
      found !== undefined && nowNanoseconds - found.lastNanoseconds <= SIMILAR_NANOSECONDS
        ? found
        : { messages: new Set<string>(), lastNanoseconds: nowNanoseconds };
    similar.lastNanoseconds = nowNanoseconds;
    similar.messages.add(message);
    remember(this.#similar, group, similar);
    if (similar.messages.size <= MOST_SIMILAR) return { ...happening, key: `${group}/${message}` };
    // Enough is known of them; the set must not grow with every further one.
    similar.messages.delete(message);
    similar.messages.add('');
    return { ...happening, key: group, message: `(combined from similar events): ${message}` };
  }
}

/** The oldest gives way. */
export function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MOST_REMEMBERED) map.delete(map.keys().next().value!);
}
