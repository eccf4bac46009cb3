import type { FailedRule, ReplayedRule, ReplayReport } from '../../evaluation/replay/replay.ts';
import type { CurveProvenance } from '../../power-model/power-curve.ts';
import type { Joules } from '../../util/units.ts';
import { printable, utc } from '../energy-format.ts';

const JOULES_PER_KWH = 3.6e6;
/** Work that was not done is no saving; what is less than this is rounding. */
const WORK_TOLERANCE = 1e-3;
/** A smaller share is no difference at all. */
const NO_DIFFERENCE = 1e-6;

export interface ReplayHead {
  readonly cluster: string;
  readonly asked: number;
  /** Nodes by where their curves come from. */
  readonly curves: ReadonlyMap<CurveProvenance, number>;
  readonly assumedUse: number;
  readonly keepRunning: boolean;
}

export function replayText(report: ReplayReport, head: ReplayHead): string {
  const lines = [...headLines(report, head), '', ...table(report), '', ...verdicts(report)];
  return `${lines.join('\n')}\n`;
}

function kwh(joules: Joules): string {
  return `${(joules / JOULES_PER_KWH).toFixed(joules >= 360e6 ? 1 : 3)} kWh`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function headLines({ stretch, counts, calibration }: ReplayReport, head: ReplayHead): readonly string[] {
  const { from, to, nodes, pausedMilliseconds } = stretch;
  const paused =
    pausedMilliseconds === 0 ? '' : `, of which ${Math.round(pausedMilliseconds / 1000)} s nobody looked`;
  const stay = counts.pods - counts.placeable;
  const curves = [...head.curves].map(([provenance, count]) => `${count} ${provenance}`).join(', ');
  const leftOut = [
    counts.neverRan === 0 ? '' : `${counts.neverRan} that never had a node`,
    counts.elsewhere === 0 ? '' : `${counts.elsewhere} on nodes that came or went`,
  ].filter((text) => text !== '');
  return [
    `replay   ${utc(from)} to ${utc(to)}: ${lengthText(to - from)} of ${lengthText(head.asked)} asked for${paused}`,
    `cluster  ${head.cluster}, ${nodes.length} nodes; power curves: ${curves}`,
    `pods     ${counts.pods}: ${counts.placeable} placed anew, ${stay} stay where they ran (${counts.unknownConstraints} of them because what they ask of nodes is not known)`,
    `         ${counts.ranAtStart} ran at the beginning${head.keepRunning ? ' and are left there' : ''}; ${counts.guessedEnds} ended unseen${leftOut.length === 0 ? '' : `; left out: ${leftOut.join(', ')}`}`,
    `use      metered of ${counts.metered} pods; of the others ${percent(head.assumedUse)} of their request is assumed`,
    `model    ${calibrationText(calibration)}`,
  ];
}

function lengthText(milliseconds: number): string {
  const hours = milliseconds / 3_600_000;
  return hours < 48 ? `${Number(hours.toFixed(2))} hours` : `${Number((hours / 24).toFixed(2))} days`;
}

function calibrationText({
  nodes,
  of,
  modelledJoules,
  measuredJoules,
  coveredShare,
  sources,
  error,
}: ReplayReport['calibration']): string {
  if (measuredJoules === undefined)
    return 'unchecked: of no node is the energy known for nearly all of the time';
  const which = `${nodes} of ${of} nodes, ${percent(coveredShare)} of the time, ${sources.join(' and ')}`;
  const figures = `${kwh(modelledJoules)} where ${kwh(measuredJoules)} were counted (${which})`;
  if (error === undefined) return `unchecked: ${figures}, and that is modelled itself`;
  return `${figures}: ${error.share >= 0 ? '+' : ''}${percent(error.share)}`;
}

function table({ asItWas, rules }: ReplayReport): readonly string[] {
  const wait = (seconds: number | undefined) => (seconds === undefined ? '' : `${seconds.toFixed(1)} s`);
  const rows = [
    ['', 'energy', 'saved', '', 'mean wait', '95 % below', 'work'],
    [
      'as it was',
      kwh(asItWas.joules),
      '',
      '',
      wait(asItWas.meanWaitSeconds),
      wait(asItWas.p95WaitSeconds),
      '',
    ],
    ...rules.map((rule) => {
      const name = nameOf(rule);
      if ('why' in rule) return [name, 'could not place them all', '', '', '', '', ''];
      return [
        name,
        kwh(rule.joules),
        kwh(rule.savedJoules),
        percent(rule.savedShare),
        wait(rule.meanWaitSeconds),
        wait(rule.p95WaitSeconds),
        percent(rule.workShare),
      ];
    }),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

export function nameOf({ policy, sleeps }: ReplayedRule | FailedRule): string {
  return sleeps ? `${policy}, nodes sleep` : policy;
}

export function isComparable({ workShare }: ReplayedRule): boolean {
  return Math.abs(workShare - 1) <= WORK_TOLERANCE;
}

/** What the figures do not say, in words: a difference that is none, work that was not done. */
function verdicts({ rules, calibration }: ReplayReport): readonly string[] {
  const lines = [
    'Energies are modelled, that of "as it was" too; waits of the rules leave out the loop itself.',
  ];
  const done = rules.filter((rule): rule is ReplayedRule => 'joules' in rule);
  for (const rule of rules) {
    if ('why' in rule) lines.push(`${nameOf(rule)}: ${printable(rule.why)}`);
    else if (!isComparable(rule))
      lines.push(
        `${nameOf(rule)}: pods were given ${percent(rule.workShare)} of the CPU time that they really had: not comparable.`,
      );
  }
  const { error } = calibration;
  const untold = done
    .filter(
      (rule) => isComparable(rule) && rule.isTold === false && Math.abs(rule.savedShare) > NO_DIFFERENCE,
    )
    .map(nameOf);
  if (error === undefined)
    lines.push('How wrong the model is is not known: take no difference for one that a meter would find.');
  else if (untold.length > 0)
    lines.push(
      `The model is wrong by ${kwh(Math.abs(error.joules))}, which is more than the difference of ${untold.join(', ')}: that says nothing.`,
    );
  return lines;
}

export function replayJson(report: ReplayReport, head: ReplayHead): string {
  const { stretch, counts, calibration, asItWas, rules } = report;
  const { series: _, ...was } = asItWas;
  return `${JSON.stringify({
    cluster: head.cluster,
    from: new Date(stretch.from).toISOString(),
    to: new Date(stretch.to).toISOString(),
    askedSeconds: head.asked / 1000,
    pausedSeconds: stretch.pausedMilliseconds / 1000,
    nodes: stretch.nodes.map(({ node }) => node),
    curves: Object.fromEntries(head.curves),
    assumedUse: head.assumedUse,
    keepRunning: head.keepRunning,
    pods: counts,
    calibration: {
      ...calibration,
      measuredJoules: calibration.measuredJoules ?? null,
      error: calibration.error ?? null,
    },
    asItWas: {
      ...was,
      meanWaitSeconds: was.meanWaitSeconds ?? null,
      p95WaitSeconds: was.p95WaitSeconds ?? null,
    },
    rules: rules.map((rule) => {
      if ('why' in rule) return rule;
      const { series: __, isTold, ...figures } = rule;
      return { ...figures, isComparable: isComparable(rule), isTold: isTold ?? null };
    }),
  })}\n`;
}
