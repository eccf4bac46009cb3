/** Weighted scores of one decision: of every plugin that scored, a row over the feasible nodes. */
export interface DecisionScores {
  readonly nodes: readonly string[];
  readonly plugins: Readonly<Record<string, readonly number[]>>;
}

/** One turn of the real scheduler at one pod. */
export interface Attempt {
  readonly pod: string;
  /** Undefined: none would do, or the binding had not yet been told when the scheduler was ended. */
  node: string | undefined;
  outcome: 'bound' | 'unschedulable' | 'error' | 'open';
  evaluated: number | undefined;
  feasible: number | undefined;
  /** Only where more than one node was feasible. */
  scores: DecisionScores | undefined;
  /** Why none would do, in the scheduler's words. */
  message: string | undefined;
}

interface GrowingScores {
  readonly nodes: string[];
  readonly plugins: Record<string, number[]>;
}

/**
 * Reads the log of a kube-scheduler that runs with `--vmodule=schedule_one=10`, in the order of its decisions. Binding
 * goes on beside the next decisions, so that the node of a pod is told later.
 */
export class SchedulerLog {
  readonly attempts: Attempt[] = [];
  /** Pods that were bound or found unschedulable at least once. */
  readonly settled = new Set<string>();
  /** Attempts whose outcome is not known yet. */
  open = 0;
  readonly #openByPod = new Map<string, Attempt>();
  #scoring: GrowingScores | undefined;
  #rest = '';

  feed(text: string): void {
    const all = this.#rest + text;
    let from = 0;
    for (let to = all.indexOf('\n'); to >= 0; to = all.indexOf('\n', from)) {
      this.#line(all.slice(from, to));
      from = to + 1;
    }
    this.#rest = all.slice(from);
  }

  #line(line: string): void {
    const begins = line.indexOf('] "');
    if (begins < 0 || !line.includes(' schedule_one.go:')) return;
    // `message" pod="namespace/name" plugin="..." node="..." score=98`
    const parts = line.slice(begins + 3).split('"');
    const [message = '', , pod = ''] = parts;
    if (message === 'Plugin scored node for pod') {
      const [, , , , plugin = '', , node = '', score = ''] = parts;
      this.#score(plugin, node, Number(score.slice(score.indexOf('=') + 1)));
    } else if (message === 'Attempting to schedule pod') this.#begin(pod);
    else if (message === 'Successfully bound pod to node') this.#bound(pod, parts);
    else if (message.startsWith('Unable to schedule pod')) {
      this.#settle(pod, 'unschedulable', parts.slice(4).join('"').replace(/"$/, ''));
    } else if (message.startsWith('Error ')) this.#settle(pod, 'error', line);
  }

  #begin(pod: string): void {
    const attempt: Attempt = {
      pod,
      node: undefined,
      outcome: 'open',
      evaluated: undefined,
      feasible: undefined,
      scores: undefined,
      message: undefined,
    };
    this.attempts.push(attempt);
    this.#openByPod.set(pod, attempt);
    this.open += 1;
    this.#scoring = undefined;
  }

  #score(plugin: string, node: string, score: number): void {
    const attempt = this.attempts.at(-1);
    if (attempt === undefined) throw new Error('the scheduler scored before its first attempt');
    if (this.#scoring === undefined) {
      this.#scoring = { nodes: [], plugins: {} };
      attempt.scores = this.#scoring;
    }
    const { nodes, plugins } = this.#scoring;
    if (nodes.at(-1) !== node) nodes.push(node);
    const row = plugins[plugin];
    if (row === undefined) plugins[plugin] = [score];
    else row.push(score);
  }

  #bound(pod: string, parts: readonly string[]): void {
    const [, , , , node = '', numbers = ''] = parts;
    const attempt = this.#settle(pod, 'bound', undefined);
    attempt.node = node;
    attempt.evaluated = Number(/evaluatedNodes=(\d+)/.exec(numbers)?.[1]);
    attempt.feasible = Number(/feasibleNodes=(\d+)/.exec(numbers)?.[1]);
  }

  #settle(pod: string, outcome: Attempt['outcome'], message: string | undefined): Attempt {
    const attempt = this.#openByPod.get(pod);
    if (attempt === undefined) throw new Error(`the scheduler told the outcome of ${pod} before it tried`);
    this.#openByPod.delete(pod);
    this.open -= 1;
    this.settled.add(pod);
    attempt.outcome = outcome;
    attempt.message = message;
    return attempt;
  }
}
