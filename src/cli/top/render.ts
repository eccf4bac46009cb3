import type { NowSnapshot } from '../../export/now-snapshot.ts';
import { selectRows, type TopRow } from './rows.ts';
import { fit, joulesText, printable, sparkline, wattsText } from './text.ts';
import { groups, type SortKey, type ViewState } from './view-state.ts';

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

export interface TopScene {
  /** undefined while the first interval is awaited. */
  readonly snapshot: NowSnapshot | undefined;
  /** Node power of the last minute, oldest first. */
  readonly recentWatts: readonly (number | null)[];
  /** Where the figures come from: `daemon at 127.0.0.1:28282`, `own meter`. */
  readonly origin: string;
  /** The last thing worth telling (a lost connection); '' for none. */
  readonly notice: string;
  /** What the placement loop does: lines between the table and the foot. */
  readonly placement?: readonly string[];
}

type Style = 'bold' | 'dim' | 'warning' | 'inverse';
const codes: Readonly<Record<Style, string>> = { bold: '1', dim: '2', warning: '1;33', inverse: '7' };

/** Lines above and below the rows of the table. */
const HEADER_ROWS = 5;
const FOOTER_ROWS = 1;

/** Rows that the table keeps, however much there is to be told of placement. */
const LEAST_TABLE_ROWS = 3;

/**
 * How many rows of the table fit.
 *
 * @param below lines that stand under the table
 */
export function pageRows({ rows }: ScreenSize, below = 0): number {
  const free = rows - HEADER_ROWS - FOOTER_ROWS;
  return Math.max(1, free - shownBelow(free, below));
}

function shownBelow(free: number, below: number): number {
  return Math.max(0, Math.min(below, free - LEAST_TABLE_ROWS));
}

/**
 * The whole screen as lines, each at most `columns` wide, exactly `rows` of them. Pure: the same scene, view and size
 * give the same lines.
 */
export function renderScreen(scene: TopScene, view: ViewState, size: ScreenSize, colour: boolean): string[] {
  const paint = (style: Style, text: string) => (colour ? `\x1b[${codes[style]}m${text}\x1b[0m` : text);
  const footer = footerLine(scene, view, size.columns, paint);
  const body = view.help
    ? [...helpLines, ...zoneLines(scene.snapshot)].map((line) => fit(line, size.columns))
    : sceneLines(scene, view, size, paint);
  const lines = body.slice(0, Math.max(0, size.rows - 1));
  while (lines.length < size.rows - 1) lines.push('');
  return [...lines, footer].slice(0, size.rows);
}

type Paint = (style: Style, text: string) => string;

function sceneLines(scene: TopScene, view: ViewState, size: ScreenSize, paint: Paint): string[] {
  const { snapshot } = scene;
  if (snapshot === undefined) {
    return [
      paint('bold', fit('kisimd top', size.columns)),
      '',
      fit('waiting for the first interval', size.columns),
    ];
  }
  const rows = selectRows(snapshot, view);
  const placement = scene.placement ?? [];
  const page = pageRows(size, placement.length);
  const below = placement.slice(0, shownBelow(size.rows - HEADER_ROWS - FOOTER_ROWS, placement.length));
  const first = Math.min(view.scroll, Math.max(0, rows.length - page));
  const shown = rows.slice(first, first + page).map((row) => fit(tableRow(row, view), size.columns));
  const space = below.length === 0 ? [] : Array.from({ length: page - shown.length }, () => '');
  const title = `kisimd top   ${printable(snapshot.nodeName)}   ${clockText(snapshot)}   ${scene.origin}`;
  return [
    paint('bold', fit(title, size.columns)),
    ...nodeLines(scene, snapshot, size.columns, paint),
    paint('dim', fit(rangeText(view, rows.length, first, page), size.columns)),
    paint('inverse', fit(tableHeader(view), size.columns)),
    ...shown,
    ...space,
    ...below.map((line, i) => {
      const text = fit(line, size.columns);
      return i === 0 ? paint(line.includes('SIMULATED') ? 'warning' : 'bold', text) : text;
    }),
  ];
}

function nodeLines(scene: TopScene, snapshot: NowSnapshot, columns: number, paint: Paint): string[] {
  const { node } = snapshot;
  const source = sourceText(snapshot);
  const head = `node ${wattsText(node.watts)} W   ${source}   `;
  const room = Math.max(0, columns - head.length);
  const line = fit(head + sparkline(scene.recentWatts.slice(-Math.min(60, room))), columns);
  const marked = node.provenance === 'measured' ? line : line.replace(source, paint('warning', source));
  const provisional = node.idleState === 'provisional' ? ' (provisional)' : '';
  const cpu = node.cpus === null ? '?' : (node.cpus * 100).toFixed(0);
  const parts = fit(
    `idle ${wattsText(node.idleWatts)} W${provisional}   active ${wattsText(node.activeWatts)} W   ` +
      `unattributed ${wattsText(node.unattributedWatts)} W   CPU ${cpu} % of ${node.cpuCount}00 %   ` +
      `${node.processCount} processes`,
    columns,
  );
  return [marked, provisional === '' ? parts : parts.replace(provisional, paint('warning', provisional))];
}

/** `measured by rapl-powercap`, or `ESTIMATED by ...` in capitals, so that it is seen without colour too. */
export function sourceText({ node }: NowSnapshot): string {
  if (node.provenance === null) return 'NO SOURCE OF ENERGY';
  const word = node.provenance === 'measured' ? 'measured' : node.provenance.toUpperCase();
  const sources = node.sources.join(', ');
  return node.sources.length === 1 && sources === node.provenance ? word : `${word} by ${sources}`;
}

function clockText({ unixMilliseconds, intervalMilliseconds }: NowSnapshot): string {
  const time = new Date(unixMilliseconds).toISOString().slice(11, 19);
  return `${time} UTC   interval ${(intervalMilliseconds / 1000).toFixed(intervalMilliseconds < 1000 ? 2 : 1)} s`;
}

function rangeText(view: ViewState, count: number, first: number, page: number): string {
  const names = groups.map((group, i) =>
    group === view.group ? `[${i + 1} ${group}]` : `${i + 1} ${group}`,
  );
  const filter = view.filter === '' ? '' : `   filter: ${printable(view.filter)}`;
  const range = count > page ? `   ${first + 1}-${Math.min(count, first + page)} of ${count}` : `   ${count}`;
  return names.join('  ') + range + filter;
}

const sortedColumn: Readonly<Record<SortKey, string>> = {
  watts: 'WATTS',
  joules: 'JOULES',
  cpu: 'CPU%',
  name: 'NAME',
};

const NAME_COLUMNS = 24;
const WITHIN_COLUMNS = 36;

/** The head of the table; the column it is sorted by is marked. */
export function tableHeader({ group, sort }: Pick<ViewState, 'group' | 'sort'>): string {
  const column = (name: string, width: number, align: 'left' | 'right' = 'right') =>
    fit(sortedColumn[sort] === name ? `${name}▼` : name, width, align);
  const pid = group === 'process' ? ` ${column('PID', 8)}` : '';
  const last =
    group === 'process' ? `${fit('WITHIN', WITHIN_COLUMNS)} EXECUTABLE` : group === 'unit' ? '' : 'DETAILS';
  return `${column('WATTS', 10)} ${column('CPU%', 8)} ${column('JOULES', 10)}${pid}  ${column('NAME', NAME_COLUMNS, 'left')} ${last}`;
}

/** One line of the table; a power that was not measured has the mark `~`. */
export function tableRow({ entity, within }: TopRow, { group }: Pick<ViewState, 'group'>): string {
  const mark = entity.provenance === null || entity.provenance === 'measured' ? '' : '~';
  const pid = group === 'process' ? ` ${fit(entity.pid === 0 ? '-' : String(entity.pid), 8, 'right')}` : '';
  const watts = entity.watts === null ? '?' : mark + wattsText(entity.watts);
  const details =
    group === 'process'
      ? [fit(printable(within === '' ? '-' : within), WITHIN_COLUMNS), printable(entity.exe)].join(' ')
      : [entity.kind === 'pod' ? entity.namespace : entity.runtime, within]
          .filter((part) => part !== '')
          .map(printable)
          .join('  ');
  return (
    `${fit(watts, 10, 'right')} ${fit((entity.cpus * 100).toFixed(1), 8, 'right')} ` +
    `${fit(mark + joulesText(entity.joules), 10, 'right')}${pid}  ${fit(printable(entity.name), NAME_COLUMNS)} ` +
    details
  ).trimEnd();
}

function footerLine(scene: TopScene, view: ViewState, columns: number, paint: Paint): string {
  if (view.typing !== undefined) return fit(`filter: ${printable(view.typing)}▏`, columns);
  const notice = scene.notice === '' ? '' : `   ${printable(scene.notice)}`;
  const paused = view.paused ? 'PAUSED   ' : '';
  const keys = 'w j c n sort   g 1-5 group   / filter   p pause   h help   q quit';
  return paint(scene.notice === '' ? 'dim' : 'warning', fit(paused + keys + notice, columns));
}

/** Where the energy comes from, for the help: what a zone's path alone does not tell stands behind it. */
function zoneLines(snapshot: NowSnapshot | undefined): string[] {
  const lines = (snapshot?.zones ?? []).map(({ id, path, description }) => {
    const text = description === '' ? path : `${path}: ${description}`;
    return `  ${printable(id)}   ${printable(text)}`;
  });
  return lines.length === 0 ? [] : ['', 'energy is read from', ...lines];
}

const helpLines: readonly string[] = [
  'kisimd top: who burns the energy of this machine',
  '',
  '  w j c n     sort by watts, joules since start, CPU, name',
  '  g, 1-5      group by VM, pod, container, systemd unit, process',
  '  /           filter by name, namespace, executable, pid; Enter takes it, Esc leaves it',
  '  Esc         clear the filter',
  '  arrows, PgUp, PgDn, Home, End   scroll',
  '  p           pause and go on',
  '  h           close this help',
  '  q           quit',
  '',
  '  WATTS is the mean power of the last interval, without the idle power of the machine.',
  '  ~ and ESTIMATED: no sensor could be read; a power curve and CPU time stand in for it.',
  '  ? unknown: the counter could not be read in this interval.',
  '  provisional: the idle power is a first guess until the load has varied enough.',
  '  unattributed: energy above idle that belongs to no process.',
];
