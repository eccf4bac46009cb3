import type { PowerSource, SourceName, Zone } from '../../meter/power-source.ts';
import { KisimError } from '../../util/errors.ts';
import type { Finding } from './finding.ts';

/** `measured` = an earlier source meters the processor already. Returns the source unopened. */
export type SourceMaker = (name: SourceName, measured: boolean) => PowerSource;

export interface EnergyReport {
  readonly findings: readonly Finding[];
  /** False where no source at all can meter. */
  readonly anyWorks: boolean;
}

function zonesText(zones: readonly Zone[]): string {
  const counted = zones.filter((zone) => zone.counted).map((zone) => zone.id);
  const shown = zones.filter((zone) => !zone.counted).map((zone) => `${zone.id} (${zone.exclusion})`);
  const provenances = [...new Set(zones.map((zone) => zone.provenance))].join(', ');
  const parts = [
    provenances,
    counted.length > 0 ? `counted: ${counted.join(', ')}` : 'nothing counted',
    shown.length > 0 ? `shown only: ${shown.join(', ')}` : '',
  ];
  return parts.filter((part) => part !== '').join('; ');
}

/** The table row that an estimate rests on stands in the path of its zone. */
function estimateText(zones: readonly Zone[]): string {
  return `${zones.map((zone) => zone.path).join(', ')}; every figure is marked as estimated`;
}

/** Why a source did not open. The doctor goes on also where the error is none of ours, and tells it as it is. */
function refusal(error: unknown): Pick<Finding, 'mark' | 'says' | 'action' | 'code'> {
  if (error instanceof KisimError) {
    const mark = error.code.endsWith('_ABSENT') ? 'absent' : 'refused';
    return { mark, says: error.message, action: error.action, code: error.code };
  }
  return { mark: 'refused', says: `unexpected: ${error instanceof Error ? error.message : String(error)}` };
}

/**
 * Opens each source for a moment. What it throws says best why it cannot be used and what to do. An error code that
 * ends in `_ABSENT` means that the machine has no such thing, which is no defect.
 */
export function energyFindings(names: readonly SourceName[], makeSource: SourceMaker): EnergyReport {
  const findings: Finding[] = [];
  let measured = false;
  let anyWorks = false;
  for (const name of names) {
    const subject = { topic: 'energy', subject: name } as const;
    let source: PowerSource;
    try {
      source = makeSource(name, measured);
      source.open();
    } catch (error) {
      findings.push({ ...subject, ...refusal(error) });
      continue;
    }
    const zones = source.zones();
    const notes = 'notes' in source && typeof source.notes === 'function' ? (source.notes() as string[]) : [];
    source.close();
    for (const note of notes) findings.push({ ...subject, mark: 'warn', says: note });
    anyWorks ||= zones.some((zone) => zone.counted);
    if (name === 'estimated') {
      findings.push(
        measured
          ? { ...subject, mark: 'ok', says: `not needed, as energy is measured; ${estimateText(zones)}` }
          : { ...subject, mark: 'warn', says: estimateText(zones) },
      );
    } else {
      measured ||= zones.some((zone) => zone.counted);
      findings.push({ ...subject, mark: 'ok', says: zonesText(zones) });
    }
  }
  return { findings, anyWorks };
}
