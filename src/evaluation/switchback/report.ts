import { signed } from '../tables.ts';
import type { SideSummary, SwitchbackResult, WaitSummary } from './analysis.ts';
import type { PercentEstimate } from './difference.ts';
import { workOf } from './period.ts';
import { POWER } from './power.ts';

const workWords = {
  used: 'CPU seconds that pods used',
  requested: 'seconds that pods ran, times the CPU they asked for (what they used is not known)',
} as const;

/** What an experiment found, for people. */
export function experimentReport(result: SwitchbackResult): string {
  const sections = [
    verdictLines(result),
    sideTable(result),
    beside(result),
    periodTable(result),
    ...(result.dropped.length === 0 ? [] : [dropped(result)]),
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** In one line: `learned uses 4.2 % less energy per unit of work than default (95 % interval 2.1 to 6.3 % less)`. */
export function verdictText(result: SwitchbackResult): string {
  const { verdict, plan, difference, findablePercent, pairs } = result;
  const names = sideNames(result);
  if (verdict.kind === 'refused')
    return `no verdict: ${verdict.refusals.map((each) => each.message).join('; ')}`;
  if (verdict.kind === 'none')
    return (
      `no difference found between ${names.a} and ${names.b} in ${pairs} pairs of periods: ` +
      `${intervalText(difference)}; a difference of ${one(findablePercent)} % would have been found with a chance of ${100 * POWER} %`
    );
  const { less } = verdict;
  const [low, high] = [difference.interval!.low, difference.interval!.high];
  // In percent of the other side, either way round.
  const ends = less === 'a' ? [-high, -low] : [savingOfB(low), savingOfB(high)];
  const saving = less === 'a' ? -difference.percent : savingOfB(difference.percent);
  const other = less === 'a' ? names.b : names.a;
  return (
    `${less === 'a' ? names.a : names.b} uses ${one(saving)} % less energy per unit of work than ${other} ` +
    `(95 % interval ${one(ends[0])} to ${one(ends[1])} % less; ${plan.pairs === pairs ? pairs : `${pairs} of ${plan.pairs}`} pairs)`
  );
}

/** A uses so many percent more than B: by how many percent B uses less than A. */
function savingOfB(percent: number): number {
  return 100 * (1 - 1 / (1 + percent / 100));
}

function verdictLines(result: SwitchbackResult): string[] {
  const { verdict, plan, workKind, difference, pairs } = result;
  const { periodSeconds, washOutSeconds } = plan;
  const lines =
    verdict.kind === 'refused'
      ? [
          'NO VERDICT',
          ...verdict.refusals.flatMap(({ code, message, expected, action }) => [
            `  ${code}: ${message}`,
            `    expected: ${expected}`,
            `    to do:    ${action}`,
          ]),
        ]
      : [verdictText(result)];
  const sources = [...new Set(result.periods.flatMap((period) => period.sources))].sort();
  return [
    ...lines,
    '',
    `${pairs} pairs of periods of ${periodSeconds} s, of which the first ${washOutSeconds} s do not count; seed ${plan.seed}`,
    `work: ${workWords[workKind]}`,
    `energy: ${sources.length === 0 ? 'none' : sources.join(', ')}`,
    ...(pairs < 2
      ? []
      : [
          `a against b: ${percentText(difference)}; p ${pText(difference.p)} (paired t), ${pText(difference.randomisationP)} (orders drawn otherwise)`,
        ]),
    ...(result.atEqualWork === undefined ? [] : [`at equal work: ${percentText(result.atEqualWork)}`]),
  ];
}

function sideTable(result: SwitchbackResult): string[] {
  const head = [
    '',
    'policy',
    'periods',
    'kJ',
    'W',
    'CPU s',
    'J per CPU s (95 %)',
    'to node: mean, p95 s',
    'to start: mean, p95 s',
    'pods',
    'done',
    'failed',
    'evicted',
    'restarts',
  ];
  const rows = result.sides.map((side) => [
    side.side,
    side.policy,
    String(side.periods),
    (side.joules / 1000).toFixed(1),
    one(side.meanWatts),
    side.work.toFixed(0),
    perWork(side),
    waitText(side.bound),
    waitText(side.started),
    String(side.pods.created),
    String(side.pods.completed),
    String(side.pods.failed),
    String(side.pods.evicted),
    String(side.pods.restarts),
  ]);
  return table([head, ...rows]);
}

function perWork({ periods, joulesPerWork, joulesPerWorkInterval: interval }: SideSummary): string {
  if (periods === 0) return '-';
  const range = interval === undefined ? '' : ` (${four(interval.low)} to ${four(interval.high)})`;
  return `${four(joulesPerWork)}${range}`;
}

/** What may be wrong with the comparison. */
function beside({ checks, waits }: SwitchbackResult): string[] {
  if (checks === undefined) return ['nothing to check'];
  const { carryOver, growth, order, drift, work } = checks;
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  const seconds = (of: typeof waits.bound, what: string) =>
    of?.interval === undefined
      ? []
      : [
          `a's pods waited ${signed(of.mean, 2)} s longer ${what} (95 % interval ${signed(of.interval.low, 2)} to ${signed(of.interval.high, 2)} s)`,
        ];
  return [
    ...seconds(waits.bound, 'for a node'),
    ...seconds(waits.started, 'from there to the start'),
    `work: a against b ${percentText(work)}`,
    `carry-over: ${share(carryOver.other)} of the work by pods that the other policy placed, ${share(carryOver.before)} by pods from before, ${share(carryOver.untouched)} by pods in no opted-in namespace`,
    ...(growth === undefined
      ? []
      : [
          `within periods: ${signed(growth.firstHalfPercent)} % in the first half, ${signed(growth.secondHalfPercent)} % in the second (p ${pText(growth.p)})${
            (growth.p ?? 1) < 0.05 ? ': the difference still grows or shrinks, take a longer wash-out' : ''
          }`,
        ]),
    ...(order === undefined
      ? []
      : [`second periods of pairs against first ones: ${signed(order.percent)} % (p ${pText(order.p)})`]),
    ...(drift === undefined
      ? []
      : [`drift: ${signed(drift.percentPerHour, 2)} % an hour (p ${pText(drift.p)})`]),
  ];
}

function periodTable({ periods, workKind }: SwitchbackResult): string[] {
  const rows = [...periods]
    .sort((a, b) => a.index - b.index)
    .map(({ index, side, policy, fromUnixMilliseconds, whole, decisions }) => {
      const work = workOf(whole, workKind);
      const { joules } = whole;
      return [
        String(index + 1),
        side,
        policy,
        new Date(fromUnixMilliseconds).toISOString().slice(0, 19).replace('T', ' '),
        joules === undefined ? 'unknown' : (joules / 1000).toFixed(2),
        work === undefined ? 'unknown' : work.total.toFixed(1),
        joules === undefined || work === undefined || work.total === 0 ? '-' : four(joules / work.total),
        work === undefined || work.total === 0 ? '-' : (100 * (work.other / work.total)).toFixed(0),
        `${decisions.own}/${decisions.own + decisions.fellBack + decisions.freed}`,
      ];
    });
  const head = [
    'period',
    '',
    'policy',
    'counted from (UTC)',
    'kJ',
    'CPU s',
    'J per CPU s',
    '% by other',
    'decided',
  ];
  return table([head, ...rows]);
}

function dropped({ dropped: pairs }: SwitchbackResult): string[] {
  return ['Pairs that are not counted:', ...pairs.map(({ pair, says }) => `  ${pair + 1}: ${says}`)];
}

/** Names of the sides; both of one policy are told apart. */
function sideNames({ plan }: SwitchbackResult): { readonly a: string; readonly b: string } {
  if (plan.a !== plan.b) return { a: plan.a, b: plan.b };
  return { a: `${plan.a} (a)`, b: `${plan.b} (b)` };
}

function percentText(estimate: PercentEstimate): string {
  const range = estimate.interval === undefined ? '' : ` (${intervalText(estimate)})`;
  return `${signed(estimate.percent, 2)} %${range}`;
}

function intervalText({ interval }: PercentEstimate): string {
  if (interval === undefined) return 'no interval';
  return `95 % interval ${signed(interval.low, 2)} to ${signed(interval.high, 2)} %`;
}

function waitText({ meanSeconds, p95Seconds }: WaitSummary): string {
  return meanSeconds === undefined ? '-' : `${meanSeconds.toFixed(2)}, ${p95Seconds!.toFixed(2)}`;
}

function pText(p: number | undefined): string {
  if (p === undefined) return '-';
  return p < 0.001 ? 'below 0.001' : p.toFixed(3);
}

function one(value: number | undefined): string {
  return value === undefined ? '?' : value.toFixed(1);
}

function four(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Columns as wide as their widest cell; those of figures to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const columns = rows[0]!.map((_, at) => rows.map((row) => row[at]!));
  const widths = columns.map((cells) => Math.max(...cells.map((cell) => cell.length)));
  const toTheLeft = columns.map((cells) => !cells.slice(1).every((cell) => /^[-\d]/.test(cell)));
  return rows.map((row) =>
    row
      .map((cell, at) => (toTheLeft[at] ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join('  ')
      .trimEnd(),
  );
}
