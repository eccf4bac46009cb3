import type { EnergyQuery, EnergyReport, EnergyRow } from '../../history/energy-report.ts';
import type { HistoryReader } from '../../history/reader.ts';
import { REPORT_KINDS, type ReportBy } from '../../history/report-kinds.ts';
import { KisimError } from '../../util/errors.ts';
import { cliErrors } from '../errors.ts';

/** Steps read at a time at least; a long dump stays small in memory. */
const STEPS_AT_A_TIME = 240;
const HOUR_MILLISECONDS = 3_600_000;

export interface EnergyRange {
  readonly since: number;
  readonly until: number;
  readonly everyMilliseconds: number;
  /** As given; undefined: every kind. */
  readonly by: unknown;
}

/** The energy of a range piece by piece. @param note told what had to be left out */
export function* energyPieces(
  reader: HistoryReader,
  { since, until, everyMilliseconds, by: given }: EnergyRange,
  note: (text: string) => void,
): Generator<readonly EnergyRow[]> {
  for (const window of windows(since, until, windowLength(everyMilliseconds))) {
    for (const by of kinds(given)) {
      const { rows, notes } = readWindow(reader, { by, ...window, everyMilliseconds }, given === undefined);
      for (const each of notes) note(each);
      yield rows;
    }
  }
}

/** Where every kind is wanted, one that the history cannot tell so finely is left out and said so. */
function readWindow(
  reader: HistoryReader,
  query: EnergyQuery,
  everyKind: boolean,
): Pick<EnergyReport, 'rows' | 'notes'> {
  try {
    return reader.energyReport(query);
  } catch (error) {
    if (!everyKind || !(error instanceof KisimError) || error.code !== 'KISIM_E_HISTORY_QUERY') throw error;
    return { rows: [], notes: [`left out: ${error.found}`] };
  }
}

function kinds(given: unknown): readonly ReportBy[] {
  if (given === undefined) return REPORT_KINDS;
  const wanted = new Set((Array.isArray(given) ? given : [given]).map(String));
  const known = REPORT_KINDS.filter((kind) => wanted.has(kind));
  if (known.length !== wanted.size) throw cliErrors.KISIM_E_USAGE(`--by ${[...wanted].join(' ')}`);
  return known;
}

/** Whole steps and whole hours: what is stored by the hour is then never read for two windows. */
function windowLength(every: number): number {
  let common = HOUR_MILLISECONDS;
  while (common % every !== 0) common += HOUR_MILLISECONDS;
  return common * Math.max(1, Math.ceil((STEPS_AT_A_TIME * every) / common));
}

interface Window {
  readonly sinceUnixMilliseconds: number;
  readonly untilUnixMilliseconds: number;
}

/** The range in pieces that begin at multiples of `length`, so that no step lies in two. */
export function* windows(since: number, until: number, length: number): Iterable<Window> {
  for (let from = since; from < until; ) {
    const to = Math.min(until, (Math.floor(from / length) + 1) * length);
    yield { sinceUnixMilliseconds: from, untilUnixMilliseconds: to };
    from = to;
  }
}
