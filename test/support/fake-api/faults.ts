/** What may be done to a request instead of answering it. */
export type Fault =
  /** An answer, as if the server had given it. */
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** The connection is cut before an answer. */
  | 'cut'
  /** The request is carried out and the connection cut instead of an answer. */
  | 'cut-after'
  /** Nothing is ever answered. */
  | 'hang';

export interface FaultRule {
  readonly method?: string;
  readonly path?: RegExp;
  /** Only watches, or only what is none. */
  readonly watch?: boolean;
  /** How often it strikes; once where left out. */
  readonly times?: number;
  readonly fault: Fault;
}

/** Faults to come, each for the next requests that it fits. */
export class Faults {
  readonly #rules: { rule: FaultRule; left: number }[] = [];

  add(rule: FaultRule): void {
    this.#rules.push({ rule, left: rule.times ?? 1 });
  }

  clear(): void {
    this.#rules.length = 0;
  }

  take(method: string, path: string, isWatch: boolean): Fault | undefined {
    const found = this.#rules.find(
      ({ rule, left }) =>
        left > 0 &&
        (rule.method ?? method) === method &&
        (rule.watch ?? isWatch) === isWatch &&
        (rule.path?.test(path) ?? true),
    );
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.rule.fault;
  }
}
