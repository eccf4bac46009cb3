import type { NowSnapshot } from '../../export/now-snapshot.ts';
import type { PlacementView } from '../../export/placement-view.ts';
import { sourceText, tableHeader, tableRow } from './render.ts';
import { selectRows } from './rows.ts';
import { printable, wattsText } from './text.ts';
import type { ViewState } from './view-state.ts';

export interface PlainView extends Pick<ViewState, 'group' | 'sort' | 'filter'> {
  /** Greatest number of rows. */
  readonly limit: number;
}

/**
 * One interval as a table for a pipe or a file: no cursor movement, no colour. Ends with an empty line.
 *
 * @param below lines under the table
 */
export function plainTable(snapshot: NowSnapshot, view: PlainView, below: readonly string[] = []): string {
  const { node } = snapshot;
  const rows = selectRows(snapshot, view);
  const shown = rows.slice(0, view.limit);
  const time = new Date(snapshot.unixMilliseconds).toISOString();
  const provisional = node.idleState === 'provisional' ? ' (provisional)' : '';
  return [
    `${time}  ${printable(snapshot.nodeName)}  node ${wattsText(node.watts)} W  idle ${wattsText(node.idleWatts)} W${provisional}` +
      `  active ${wattsText(node.activeWatts)} W  unattributed ${wattsText(node.unattributedWatts)} W  ${sourceText(snapshot)}`,
    tableHeader(view).trimEnd(),
    ...shown.map((row) => tableRow(row, view)),
    ...(rows.length > shown.length ? [`${' '.repeat(10)} and ${rows.length - shown.length} more`] : []),
    ...below,
    '',
    '',
  ].join('\n');
}

/**
 * One interval as one line of JSON: the node, and the rows that were asked for.
 *
 * @param placement null: asked for, and there is none; left out: not asked for
 */
export function jsonLine(snapshot: NowSnapshot, view: PlainView, placement?: PlacementView | null): string {
  const { entities: _, ...rest } = snapshot;
  const rows = selectRows(snapshot, view).slice(0, view.limit);
  const entities = rows.map(({ entity, within }) => ({ ...entity, within }));
  const beside = placement === undefined ? {} : { placement };
  return `${JSON.stringify({ ...rest, by: view.group, entities, ...beside })}\n`;
}
