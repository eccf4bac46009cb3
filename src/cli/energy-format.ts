import type { EnergyReport, EnergyRow } from '../history/energy-report.ts';
import type { ReportBy } from '../history/report-kinds.ts';

/** ISO 8601 in UTC, to the second. */
export function utc(unixMilliseconds: number): string {
  return `${new Date(unixMilliseconds).toISOString().slice(0, 19)}Z`;
}

/** Names come from whoever runs a process; control characters in them must not reach a terminal. */
export function printable(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD');
}

interface Column {
  readonly title: string;
  readonly right: boolean;
  readonly text: (row: EnergyRow) => string;
}

function tableColumns(by: ReportBy): readonly Column[] {
  const left = (title: string, text: Column['text']): Column => ({ title, right: false, text });
  const right = (title: string, text: Column['text']): Column => ({ title, right: true, text });
  const pid = (row: EnergyRow) =>
    row.entity.count > 1
      ? `(${row.entity.count})`
      : row.entity.pid === 0
        ? 'exited'
        : String(row.entity.pid ?? '');
  return [
    left('TIME (UTC)', (row) => utc(row.startUnixMilliseconds).slice(0, 19).replace('T', ' ')),
    ...(by === 'pod' || by === 'container'
      ? [left('NAMESPACE', (row) => printable(row.entity.namespace))]
      : []),
    left(by.toUpperCase(), (row) => printable(row.entity.name)),
    ...(by === 'process' ? [right('PID', pid)] : []),
    right('JOULES', (row) => row.joules.toFixed(3)),
    right('WH', (row) => row.wattHours.toFixed(4)),
    right('WATTS', (row) => row.meanWatts?.toFixed(3) ?? '-'),
    right('MAX W', (row) => row.maxWatts?.toFixed(2) ?? '-'),
    right('CPU S', (row) => row.cpuSeconds?.toFixed(2) ?? '-'),
    right(
      'METERED',
      (row) => `${(row.coverage * 100).toFixed(row.coverage > 0.999 && row.coverage < 1 ? 1 : 0)}%`,
    ),
    left('SOURCE', (row) => row.source),
  ];
}

/** An aligned table, newest rows last; what was left out is said below it. */
export function energyTable(report: EnergyReport, by: ReportBy): string {
  const columns = tableColumns(by);
  const cells = report.rows.map((row) => columns.map((column) => column.text(row)));
  const widths = columns.map((column, i) =>
    cells.reduce((widest, line) => Math.max(widest, line[i]!.length), column.title.length),
  );
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => (columns[i]!.right ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  const lines = [line(columns.map((column) => column.title)), ...cells.map(line)];
  return `${[...lines, ...remarks(report)].join('\n')}\n`;
}

/** Sentences below a table or plot. */
export function remarks(report: EnergyReport): string[] {
  const range = `${utc(report.fromUnixMilliseconds)} to ${utc(report.untilUnixMilliseconds)}`;
  const lines = report.notes.map((note) => `note: ${note}`);
  if (report.rows.length === 0) lines.push(`no energy is recorded from ${range}`);
  if (report.omitted.entities > 0) {
    lines.push(
      `${report.omitted.entities} more with ${report.omitted.joules.toFixed(3)} J in all are left out (--top)`,
    );
  }
  if (report.rows.some((row) => row.estimated)) {
    lines.push('estimated: computed from CPU time and a power curve, not from a sensor');
  }
  return lines;
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const csvHeader =
  'start,end,kind,namespace,name,uid,pid,entities,joules,watt_hours,mean_watts,max_watts,cpu_seconds,coverage,source';

/** CSV after RFC 4180 with a header; a missing value is an empty field. */
export function energyCsv(report: EnergyReport): string {
  const lines = report.rows.map((row) =>
    [
      utc(row.startUnixMilliseconds),
      utc(row.endUnixMilliseconds),
      row.entity.kind,
      printable(row.entity.namespace),
      printable(row.entity.name),
      row.entity.uid,
      row.entity.pid ?? '',
      row.entity.count,
      row.joules,
      row.wattHours,
      row.meanWatts ?? '',
      row.maxWatts ?? '',
      row.cpuSeconds ?? '',
      row.coverage,
      row.source,
    ]
      .map((field) => csvField(String(field)))
      .join(','),
  );
  return `${[csvHeader, ...lines].join('\r\n')}\r\n`;
}

/** One JSON object; a missing value is null. */
export function energyJson(report: EnergyReport, by: ReportBy): string {
  const rows = report.rows.map((row) => ({
    start: utc(row.startUnixMilliseconds),
    end: utc(row.endUnixMilliseconds),
    kind: row.entity.kind,
    namespace: row.entity.namespace,
    name: row.entity.name,
    uid: row.entity.uid,
    pid: row.entity.pid ?? null,
    entities: row.entity.count,
    joules: row.joules,
    wattHours: row.wattHours,
    meanWatts: row.meanWatts ?? null,
    maxWatts: row.maxWatts ?? null,
    cpuSeconds: row.cpuSeconds ?? null,
    coverage: row.coverage,
    source: row.source,
    estimated: row.estimated,
  }));
  const { fromUnixMilliseconds, untilUnixMilliseconds, everyMilliseconds, omitted, notes } = report;
  return `${JSON.stringify({
    by,
    from: utc(fromUnixMilliseconds),
    until: utc(untilUnixMilliseconds),
    everySeconds: everyMilliseconds === undefined ? null : everyMilliseconds / 1000,
    rows,
    omitted,
    notes,
  })}\n`;
}
