import type { Pod } from '../../cluster/pod.ts';
import type { Candidates, ExplainedTerm, Policy, PolicyContext, PolicyRun, TieRule } from '../policy.ts';
import { TieBreaker } from '../ties.ts';
import { outsideErrors } from './errors.ts';
import { HttpExchange } from './http-exchange.ts';
import { RequestEncoder } from './wire.ts';

/** Why the fallback decided. */
export const FALLBACK_CAUSES = [
  'timeout',
  'connection',
  'too-long',
  'status',
  'not-json',
  'wrong-length',
  'not-a-number',
] as const;
export type FallbackCause = (typeof FALLBACK_CAUSES)[number];

export interface HttpScorerOptions {
  /** `http://127.0.0.1:5000/score` */
  readonly url: string;
  readonly timeoutMilliseconds: number;
  /** Decides where the scorer does not. */
  readonly fallback: Policy;
  readonly ties: TieRule;
  /** Told of every decision that the fallback makes; never silent. */
  readonly onFallback: (cause: FallbackCause, reason: string) => void;
}

export interface HttpScorer extends Policy {
  /** Decisions of the scorer, and of the fallback by cause. */
  readonly counts: { readonly answered: number; readonly fallbacks: ReadonlyMap<FallbackCause, number> };
  close(): Promise<void>;
}

const MAX_TIMEOUT_MILLISECONDS = 60_000;

/**
 * A policy that asks another program: POST of the pod and its nodes (`ScoreRequest`), a score for each node back
 * (`ScoreAnswer`), the greatest wins. Where no usable answer comes in time, the fallback decides and the cause is counted.
 *
 * @throws KISIM_E_SCORER_URL, KISIM_E_SCORER_OPTIONS
 */
export function httpScorer(options: HttpScorerOptions): HttpScorer {
  const { timeoutMilliseconds, fallback, ties } = options;
  if (!(timeoutMilliseconds >= 1 && timeoutMilliseconds <= MAX_TIMEOUT_MILLISECONDS))
    throw outsideErrors.KISIM_E_SCORER_OPTIONS(`a time-out of ${timeoutMilliseconds} ms`);
  const exchange = new HttpExchange(options.url);
  const counts = { answered: 0, fallbacks: new Map<FallbackCause, number>() };
  const scorer: Scorer = {
    ask: (body) => exchange.post(body, timeoutMilliseconds),
    answered: () => {
      counts.answered++;
    },
    failed: (cause, reason) => {
      counts.fallbacks.set(cause, (counts.fallbacks.get(cause) ?? 0) + 1);
      options.onFallback(cause, reason);
    },
  };
  return {
    name: `http(${options.url})`,
    counts,
    close: () => exchange.close(),
    start: (context) => new HttpScorerRun(scorer, fallback.start(context), context, ties),
  };
}

interface Scorer {
  ask(body: string): ReturnType<HttpExchange['post']>;
  answered(): void;
  failed(cause: FallbackCause, reason: string): void;
}

/** The fallback's run, told of every change so that it can take over at any time, with the scorer in front. */
class HttpScorerRun implements PolicyRun {
  /** Present only where the fallback has it. */
  readonly chooseGpus?: NonNullable<PolicyRun['chooseGpus']>;
  readonly #fallback: PolicyRun;
  readonly #scorer: Scorer;
  readonly #encoder: RequestEncoder;
  readonly #context: PolicyContext;
  readonly #ties: TieBreaker;
  readonly #scores: Float64Array;

  constructor(scorer: Scorer, fallback: PolicyRun, context: PolicyContext, ties: TieRule) {
    this.#fallback = fallback;
    if (fallback.chooseGpus !== undefined)
      this.chooseGpus = (pod, node, out) => fallback.chooseGpus!(pod, node, out);
    this.#scorer = scorer;
    this.#context = context;
    this.#encoder = new RequestEncoder(context.cluster);
    this.#ties = new TieBreaker(ties, context);
    this.#scores = new Float64Array(context.cluster.size);
  }

  choose(pod: Pod, candidates: Candidates): number {
    const failure = this.#ask(pod, candidates, this.#scores);
    if (failure === undefined) {
      this.#scorer.answered();
      return this.#ties.greatest(this.#scores, candidates);
    }
    this.#scorer.failed(failure.cause, failure.reason);
    return this.#fallback.choose(pod, candidates);
  }

  explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    const one = { nodes: Int32Array.of(node), count: 1 };
    const out = new Float64Array(1);
    const failure = this.#ask(pod, one, out);
    if (failure === undefined) return [{ term: 'outside score', amount: out[0]!, unit: 'points' }];
    this.#scorer.failed(failure.cause, failure.reason);
    return this.#fallback.explain(pod, node);
  }

  placed(pod: Pod, node: number): void {
    this.#fallback.placed?.(pod, node);
  }

  removed(pod: Pod, node: number): void {
    this.#fallback.removed?.(pod, node);
  }

  save(): unknown {
    return this.#fallback.save?.() ?? null;
  }

  restore(saved: unknown): void {
    this.#fallback.restore?.(saved);
  }

  /** Writes the scores; undefined where all is well. */
  #ask(
    pod: Pod,
    candidates: Candidates,
    out: Float64Array,
  ): { cause: FallbackCause; reason: string } | undefined {
    const reply = this.#scorer.ask(JSON.stringify(this.#encoder.encode(pod, candidates)));
    if ('failure' in reply) return { cause: reply.failure, reason: reply.reason };
    if (reply.status !== 200)
      return { cause: 'status', reason: `status ${reply.status}: ${excerpt(reply.body)}` };
    let answer: unknown;
    try {
      answer = JSON.parse(reply.body);
    } catch {
      // Python's and Go's encoders write what JSON has not: a number that is none, and no mistake of form.
      const cause = /[:[,]\s*-?(?:NaN|Infinity)\b/.test(reply.body) ? 'not-a-number' : 'not-json';
      return { cause, reason: excerpt(reply.body) };
    }
    return this.#read(answer, candidates, out);
  }

  #read(
    answer: unknown,
    { nodes, count }: Candidates,
    out: Float64Array,
  ): { cause: FallbackCause; reason: string } | undefined {
    const scores = (answer as { scores?: unknown } | null)?.scores;
    if (typeof scores !== 'object' || scores === null)
      return { cause: 'wrong-length', reason: `no scores in ${excerpt(JSON.stringify(answer))}` };
    const listed = Array.isArray(scores);
    const length = listed ? scores.length : Object.keys(scores).length;
    if (length !== count) return { cause: 'wrong-length', reason: `${length} scores for ${count} nodes` };
    for (let i = 0; i < count; i++) {
      const { name } = this.#context.cluster.nodes[nodes[i]!]!;
      const byName = scores as Readonly<Record<string, unknown>>;
      if (!listed && !Object.hasOwn(byName, name))
        return { cause: 'wrong-length', reason: `no score for ${name}` };
      const score: unknown = listed ? scores[i] : byName[name];
      if (typeof score !== 'number' || !Number.isFinite(score))
        return { cause: 'not-a-number', reason: `${name}: ${excerpt(JSON.stringify(score) ?? 'nothing')}` };
      out[i] = score;
    }
    return undefined;
  }
}

function excerpt(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
