import type { BlockReport } from '../../load/block/blocker.ts';
import type { Resource } from '../../load/block/burden.ts';
import type { Holding } from '../../load/block/tally.ts';
import { isHeld } from '../../load/block/tally.ts';
import { byteRateText, bytesText } from '../../util/byte-amounts.ts';

export function amountText(resource: Resource, amount: number): string {
  if (resource === 'cpu') return `${amount.toFixed(3)} cores`;
  return resource === 'memory' ? bytesText(amount) : byteRateText(amount);
}

function percentText(share: number | undefined): string {
  if (share === undefined) return '-';
  return `${share < 0 ? '' : '+'}${(share * 100).toFixed(2)} %`;
}

/** One line while it holds: what the last second held, and the mean so far. */
export function liveLine(holdings: readonly Holding[], leftMilliseconds: number): string {
  const parts = holdings.map(
    ({ resource, asked, lastWindow, deviation }) =>
      `${resource} ${lastWindow === undefined ? '-' : amountText(resource, lastWindow)} of ${amountText(resource, asked)} (${percentText(deviation)})`,
  );
  return `${parts.join('  ')}  ${Math.max(0, Math.round(leftMilliseconds / 1000))} s left`;
}

const ends: Readonly<Record<BlockReport['end'], string>> = {
  time: 'the time is over',
  asked: 'stopped',
  'parent-gone': 'whoever started it has gone',
  failed: 'something went wrong',
};

export function reportText({ end, seconds, holdings }: BlockReport): string {
  const rows = [
    ['', 'asked', 'held', 'deviation', 'seconds within 5 %'],
    ...holdings.map(({ resource, asked, held, deviation, windows, windowsWithin }) => [
      resource,
      amountText(resource, asked),
      held === undefined ? '-' : amountText(resource, held),
      percentText(deviation),
      windowsWithin === undefined ? '-' : `${Math.round(windowsWithin * windows)} of ${windows}`,
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
  return `${lines.join('\n')}\nlet go after ${seconds.toFixed(1)} s: ${ends[end]}\n`;
}

/** The last line of stdout with --json; also what a pod writes and the command that made it reads. */
export interface BlockTold {
  readonly end: BlockReport['end'];
  readonly seconds: number;
  readonly held: boolean;
  readonly holdings: readonly Holding[];
  readonly error: string | undefined;
}

export function toldOf({ end, seconds, holdings, failure }: BlockReport): BlockTold {
  return {
    end,
    seconds,
    held: failure === undefined && holdings.every(isHeld),
    holdings,
    error: failure?.code,
  };
}
