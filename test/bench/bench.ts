/** One figure of a benchmark, beside the control that was measured with it. */
export interface BenchFigure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: number;
  readonly direction: 'at-most' | 'at-least';
  /** Something measured in the same run on the same machine that the value can be held against. */
  readonly control: { readonly what: string; readonly value: number };
}

export interface BenchResult {
  /** The first one is the benchmark's headline; it holds only if all of them do. */
  readonly figures: readonly [BenchFigure, ...BenchFigure[]];
  readonly seeds: readonly number[];
  /** Whatever else was seen and helps to judge the figures. */
  readonly details: Readonly<Record<string, number | string | readonly number[]>>;
}

export interface BenchOptions {
  /** Smaller sizes, for the test of the harness itself; what was scaled is said in `details`. */
  readonly quick: boolean;
  readonly seed: number;
  /** Length of the long runs in minutes, where it is not to be the goal's; said in `details`. */
  readonly minutes: number | undefined;
  /** The share of the work that is this process's, where several fill one journal; the run without it then tells the figures. */
  readonly part: BenchPart | undefined;
  /** Tells a person how far it is; goes to stderr. */
  progress(text: string): void;
}

/** `1/2`: the first of two. */
export interface BenchPart {
  readonly number: number;
  readonly of: number;
}

/** Whether the job of this number is for this process to do. */
export function isMine(job: number, part: BenchPart | undefined): boolean {
  return part === undefined || job % part.of === part.number - 1;
}

/** A row of an issue's "Must reach" table. Exported by `test/bench/<name>.bench.ts`. */
export interface Bench {
  readonly name: string;
  readonly what: string;
  /** Why it cannot run here (no root, no cgroups), or undefined. */
  readonly skip?: () => string | undefined;
  /** Whether the run is long, kept in a journal, and may be shared out in parts. */
  readonly hasParts?: boolean;
  /** Undefined after a part. */
  run(options: BenchOptions): Promise<BenchResult | undefined>;
}

export function figureHolds(figure: BenchFigure): boolean {
  if (!Number.isFinite(figure.value)) return false;
  return figure.direction === 'at-most' ? figure.value <= figure.goal : figure.value >= figure.goal;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
