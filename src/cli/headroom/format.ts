import type { Placements, RulePlacement } from '../../evaluation/headroom/best-placement.ts';
import type { HeadroomReport } from '../../evaluation/headroom/headroom.ts';
import type { Watts } from '../../util/units.ts';
import { printable } from '../energy-format.ts';

export interface HeadroomHead {
  readonly source: string;
  readonly useShare: number;
  readonly hours: number;
  readonly hosts: ReadonlyMap<string, string>;
  readonly sleepAsked: boolean;
}

/** A smaller share of all is nothing. */
const NOTHING = 5e-4;

export function headroomText(report: HeadroomReport, head: HeadroomHead): string {
  return `${[...headLines(report, head), '', ...table(report), '', ...conclusion(report, head)].join('\n')}\n`;
}

function headLines(report: HeadroomReport, { source, useShare }: HeadroomHead): readonly string[] {
  const { free, fixed, waiting, withoutRequest } = report.counts;
  const curves = [...report.curves].map(([provenance, count]) => `${count} ${provenance}`).join(', ');
  const machines =
    report.machines === report.nodes
      ? ''
      : ` on ${report.machines} ${report.machines === 1 ? 'machine' : 'machines'}`;
  return [
    `headroom  ${printable(source)}`,
    `nodes     ${report.nodes}${machines}; power curves: ${curves}`,
    `pods      ${free} that could run elsewhere, ${fixed} that stay (of DaemonSets, static, of the system), ${waiting} waiting and left out`,
    `use       ${percent(useShare)} of what pods ask for is taken as used; ${withoutRequest} ask for no CPU, and nothing is counted for them`,
  ];
}

function table({ now, awake, asleep, best, bound }: HeadroomReport): readonly string[] {
  const rows: string[][] = [['', 'power', 'saved', '', 'without room']];
  const add = (name: string, watts: Watts, unplaced = 0) =>
    rows.push([
      name,
      wattText(watts),
      wattText(now.watts - watts),
      percent(now.watts === 0 ? 0 : (now.watts - watts) / now.watts),
      unplaced === 0 ? '' : `${unplaced} pods`,
    ]);
  rows.push([now.isPlaced ? 'as it is' : 'placed by the default scheduler', wattText(now.watts), '', '', '']);
  const addRules = ({ rules }: Placements, more: string) => {
    for (const { policy, watts, unplaced } of rules) add(`${policy}${more}`, watts, unplaced);
  };
  addRules(awake, '');
  if (asleep !== undefined) addRules(asleep, ', nodes sleep');
  add(`best found (${best.by}${best.sleeps ? ', nodes sleep' : ''})`, best.watts);
  if (typeof bound === 'number') add('lower bound', bound);
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

function conclusion(report: HeadroomReport, head: HeadroomHead): readonly string[] {
  const { now, best, bound, reasons, savedShare, awake, asleep } = report;
  const saved = now.watts - best.watts;
  const lines: string[] = [];
  if (saved <= NOTHING * now.watts) lines.push(...nothingToSave(report, head));
  else {
    lines.push(
      `Up to ${wattText(saved)} (${percent(saved / now.watts)}) could be saved: ${((saved * head.hours) / 1000).toFixed(3)} kWh in ${head.hours} hours.`,
      `Of that ${wattText(reasons.heterogeneity)} because nodes differ, ${wattText(reasons.consolidation)} because curves bend (pods together or apart), ${wattText(reasons.sleep)} because nodes sleep.`,
      `Curves may be wrong: with 95 % it is ${percent(savedShare.low)} to ${percent(savedShare.high)}, if pods use what is assumed.`,
    );
    if (savedShare.low <= NOTHING)
      lines.push('That includes nothing: measure the nodes, or give their power, before you trust it.');
  }
  // Whatever the curves: nothing more is to be said.
  if (report.machines === 1) return lines;
  if (typeof bound !== 'number') lines.push(`No lower bound: ${printable(bound)}.`);
  const noSearch = awake.noSearch ?? asleep?.noSearch;
  if (noSearch !== undefined)
    lines.push(`Only rules were tried, a better placement may exist: ${printable(noSearch)}.`);
  if ([...report.curves.keys()].every((provenance) => provenance === 'estimated'))
    lines.push(
      'All curves are estimates by the number of CPUs, so that nodes of one kind count as equal: give their power with --node-table.',
    );
  if (head.sleepAsked && report.sleepers === 0)
    lines.push(
      'No node may sleep: --node-table does not say what a node takes asleep, or they share machines, or hold pods of the system.',
    );
  else if (!head.sleepAsked && report.sleepers > 0)
    lines.push(
      `${report.sleepers} ${report.sleepers === 1 ? 'node' : 'nodes'} could sleep: --sleep says what that would add.`,
    );
  return lines;
}

function nothingToSave(
  { machines, bound, now, sleepers, asleep, best, awake }: HeadroomReport,
  { hosts }: HeadroomHead,
): readonly string[] {
  const lines = ['Nothing can be saved by placement here.'];
  if (machines === 1) {
    const [host] = hosts.values();
    lines.push(
      `All nodes share one machine${host === undefined ? '' : ` (${printable(host)})`}: its power follows from the CPU time that all pods use together, wherever they`,
      'run, so that a watt saved on one node is spent on another, and a node that is stopped does not switch the machine off.',
    );
    return lines;
  }
  if (typeof bound === 'number' && now.watts - bound <= 10 * NOTHING * now.watts)
    lines.push(
      'No placement of these pods takes less: the next core costs the same on every node that has room for it.',
    );
  else if (best.by === 'as it is' && awake.rules.some(({ unplaced }: RulePlacement) => unplaced === 0))
    lines.push('No better placement was found than the present one.');
  if (asleep === undefined && sleepers === 0)
    lines.push(
      'Nodes that sleep when they are empty would save their idle power: --node-table and --sleep tell.',
    );
  return lines;
}

function wattText(watts: Watts): string {
  const near = Math.abs(watts) < 5e-7 ? 0 : watts;
  return `${near.toFixed(Math.abs(near) >= 1000 ? 0 : 1)} W`;
}

function percent(share: number): string {
  const near = Math.abs(share) < 5e-7 ? 0 : share;
  return `${(100 * near).toFixed(1)} %`;
}

export function headroomJson(report: HeadroomReport, head: HeadroomHead): string {
  const { now, best, curves, awake, asleep, bound, counts, reasons, savedShare } = report;
  const rulesOf = ({ rules, noSearch, best: found }: Placements) => ({
    rules: rules.map(({ policy, watts, unplaced }) => ({
      policy,
      watts,
      savedWatts: now.watts - watts,
      unplaced,
    })),
    best: found === undefined ? null : { by: found.by, watts: found.watts },
    noSearch: noSearch ?? null,
  });
  const savedWatts = now.watts - best.watts;
  return `${JSON.stringify({
    source: head.source,
    nodes: report.nodes,
    machines: report.machines,
    sharedHosts: Object.fromEntries(head.hosts),
    curves: Object.fromEntries(curves),
    useShare: head.useShare,
    pods: counts,
    now,
    awake: rulesOf(awake),
    asleep: asleep === undefined ? null : rulesOf(asleep),
    sleepers: report.sleepers,
    lowerBoundWatts: typeof bound === 'number' ? bound : null,
    noBound: typeof bound === 'number' ? null : bound,
    best: {
      by: best.by,
      sleeps: best.sleeps,
      watts: best.watts,
      savedWatts,
      savedShare: now.watts === 0 ? 0 : savedWatts / now.watts,
    },
    savedKwh: (savedWatts * head.hours) / 1000,
    hours: head.hours,
    reasons,
    savedShare95: savedShare,
  })}\n`;
}
