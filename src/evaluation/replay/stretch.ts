import type { ClusterHistory, StoredNode } from '../../history/cluster-reader.ts';
import type { Milliseconds } from '../../util/units.ts';
import { replayErrors } from './errors.ts';

/** A stretch of history in which the cluster was watched and had the same nodes. */
export interface Stretch {
  readonly from: Milliseconds;
  readonly to: Milliseconds;
  /** As each was for most of the time, by name. */
  readonly nodes: readonly StoredNode[];
  /** Short pauses of the watch that were passed over. */
  readonly pausedMilliseconds: Milliseconds;
}

interface Span {
  readonly from: Milliseconds;
  readonly to: Milliseconds;
}

/** A daemon that is started again is away for less; nodes are told every minute. */
const MINUTE: Milliseconds = 60_000;
const SHORT_PAUSE: Milliseconds = 120_000;

/** The longest stretch in a period; undefined where there is none at all. */
export function longestStretch(
  history: Pick<ClusterHistory, 'nodes' | 'watched'>,
  period: Span,
): Stretch | undefined {
  const presence = presenceOf(history.nodes);
  let best: Stretch | undefined;
  for (const span of joined(history.watched)) {
    const watched = { from: Math.max(span.from, period.from), to: Math.min(span.to, period.to) };
    if (watched.to <= watched.from) continue;
    for (const cut of partsOf(watched, presence)) {
      const part = wholeMinutes(cut);
      if (part.to - part.from <= (best === undefined ? 0 : best.to - best.from)) continue;
      const nodes = nodesOf(part, history.nodes, presence);
      if (nodes.length > 0) best = { ...part, nodes, pausedMilliseconds: pausedIn(part, history.watched) };
    }
  }
  return best;
}

/** A stretch that is shorter says too little of a day's ups and downs; so does less than half of what was asked for. */
const LEAST_STRETCH: Milliseconds = 600_000;
const LEAST_SHARE = 0.5;

/**
 * The longest stretch, where it is long enough to stand for the period.
 *
 * @throws KISIM_E_REPLAY_NOTHING, KISIM_E_REPLAY_SHORT with the stretch that there is
 */
export function usableStretch(history: ClusterHistory, period: Span): Stretch {
  const asked = period.to - period.from;
  if (history.pods.length === 0)
    throw replayErrors.KISIM_E_REPLAY_NOTHING(`no pods from ${spanText(period)}`);
  const stretch = longestStretch(history, period);
  if (stretch === undefined) throw replayErrors.KISIM_E_REPLAY_NOTHING(`no nodes from ${spanText(period)}`);
  const length = stretch.to - stretch.from;
  if (length >= LEAST_STRETCH && length >= LEAST_SHARE * asked) return stretch;
  const found = `${hours(length)} of ${hours(asked)}, from ${spanText(stretch)}`;
  if (length < LEAST_STRETCH)
    throw replayErrors.KISIM_E_REPLAY_SHORT(found, {
      action: 'let `kisimd run` watch the cluster for longer, without a break',
    });
  const days = Math.floor((length / DAY) * 1000) / 1000;
  const until = new Date(stretch.to).toISOString().slice(0, 19);
  throw replayErrors.KISIM_E_REPLAY_SHORT(found, {
    action: `ask for that stretch: --days ${days} --until ${until}`,
  });
}

const DAY: Milliseconds = 86_400_000;

function hours(milliseconds: Milliseconds): string {
  return `${Number((milliseconds / 3_600_000).toFixed(2))} h`;
}

function spanText({ from, to }: Span): string {
  return [from, to].map((at) => new Date(at).toISOString()).join(' to ');
}

/** Spans in order, over pauses that are short. */
function joined(spans: readonly Span[]): readonly Span[] {
  const all: Span[] = [];
  for (const { from, to } of spans) {
    const last = all.at(-1);
    if (last !== undefined && from - last.to <= SHORT_PAUSE)
      all[all.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else all.push({ from, to });
  }
  return all;
}

/** When each node was there, by name. */
function presenceOf(rows: readonly StoredNode[]): ReadonlyMap<string, readonly Span[]> {
  const byName = new Map<string, Span[]>();
  for (const { node, firstUnixMilliseconds: from, lastUnixMilliseconds: to } of rows) {
    const spans = byName.get(node) ?? [];
    spans.push({ from, to });
    byName.set(node, spans);
  }
  return new Map([...byName].map(([name, spans]) => [name, joined(spans)]));
}

/** Energy is kept by the minute. */
function wholeMinutes({ from, to }: Span): Span {
  return { from: Math.ceil(from / MINUTE) * MINUTE, to: Math.floor(to / MINUTE) * MINUTE };
}

/** A watched span, cut where a node came or went. */
function partsOf(watched: Span, presence: ReadonlyMap<string, readonly Span[]>): readonly Span[] {
  const cuts = new Set<Milliseconds>();
  for (const spans of presence.values()) {
    for (const { from, to } of spans) {
      for (const at of [from, to])
        if (at > watched.from + SHORT_PAUSE && at < watched.to - SHORT_PAUSE) cuts.add(at);
    }
  }
  const times = [watched.from, ...[...cuts].sort((a, b) => a - b), watched.to];
  return times.slice(1).map((to, i) => ({ from: times[i]!, to }));
}

function nodesOf(
  part: Span,
  rows: readonly StoredNode[],
  presence: ReadonlyMap<string, readonly Span[]>,
): readonly StoredNode[] {
  const isThere = (name: string) =>
    presence
      .get(name)!
      .some(({ from, to }) => from <= part.from + SHORT_PAUSE && to >= part.to - SHORT_PAUSE);
  const longest = new Map<string, { readonly row: StoredNode; readonly overlap: number }>();
  for (const row of rows) {
    if (!isThere(row.node)) continue;
    const overlap =
      Math.min(part.to, row.lastUnixMilliseconds) - Math.max(part.from, row.firstUnixMilliseconds);
    const known = longest.get(row.node);
    if (known === undefined || overlap > known.overlap) longest.set(row.node, { row, overlap });
  }
  return [...longest.values()].map(({ row }) => row);
}

function pausedIn(part: Span, watched: readonly Span[]): Milliseconds {
  const covered = watched.reduce(
    (sum, { from, to }) => sum + Math.max(0, Math.min(to, part.to) - Math.max(from, part.from)),
    0,
  );
  return Math.max(0, part.to - part.from - covered);
}
