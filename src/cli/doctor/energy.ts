import type { PowerSource, SourceName, Zone } from '../../meter/power-source.ts';
import { openSources, type SourceCandidate } from '../../meter/select.ts';
import { KisimError } from '../../util/errors.ts';
import type { Finding } from './finding.ts';

export interface EnergyReport {
  readonly findings: readonly Finding[];
  /** False where no source at all can meter. */
  readonly canMeter: boolean;
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

/**
 * Why a source did not open. A code that ends in `_ABSENT` means that the machine has no such thing, which is no
 * defect. The doctor goes on also where the error is none of ours, and tells it as it is.
 */
function refusal(error: unknown): Pick<Finding, 'mark' | 'says' | 'action' | 'code'> {
  if (error instanceof KisimError) {
    const mark = error.code.endsWith('_ABSENT') ? 'absent' : 'refused';
    return { mark, says: error.message, action: error.action, code: error.code };
  }
  return { mark: 'refused', says: `unexpected: ${error instanceof Error ? error.message : String(error)}` };
}

function notesOf(source: PowerSource): readonly string[] {
  return 'notes' in source && typeof source.notes === 'function' ? (source.notes() as readonly string[]) : [];
}

function openedFindings(name: SourceName, source: PowerSource): readonly Finding[] {
  const subject = { topic: 'energy', subject: name } as const;
  const zones = source.zones();
  const described = zones.map(({ description = '' }) => description).filter((text) => text !== '');
  const says = name === 'estimated' ? `possible: ${described.join(', ')}` : zonesText(zones);
  return [
    { ...subject, mark: 'ok', says },
    ...notesOf(source).map((note) => ({ ...subject, mark: 'warn', says: note }) as const),
  ];
}

/** Opens every source for a moment, also those that the daemon would not need to. */
function sourceFindings(candidates: readonly SourceCandidate[]): readonly Finding[] {
  let processorMetered = false;
  return candidates.flatMap(({ name, create }) => {
    try {
      const source = create(processorMetered ? 'processor-metered' : 'only-source');
      source.open();
      const findings = openedFindings(name, source);
      if (name !== 'estimated') {
        processorMetered ||= source.zones().some((zone) => zone.counted && zone.kind !== 'gpu');
      }
      source.close();
      return findings;
    } catch (error) {
      return [{ topic: 'energy', subject: name, ...refusal(error) }];
    }
  });
}

/** What the daemon would take, by the very choice that the daemon makes. */
function chosenFinding(candidates: readonly SourceCandidate[]): { finding: Finding; canMeter: boolean } {
  const subject = { topic: 'energy', subject: 'chosen' } as const;
  try {
    const { sources, outcomes, processorSource } = openSources(candidates);
    for (const source of sources) source.close();
    const taken = outcomes.filter((outcome) => outcome.taken).map(({ name, reason }) => `${name} ${reason}`);
    const says = taken.join('; ');
    if (processorSource === 'estimated') {
      return {
        finding: { ...subject, mark: 'warn', says: `${says}; every figure is marked so` },
        canMeter: true,
      };
    }
    return { finding: { ...subject, mark: 'ok', says }, canMeter: true };
  } catch (error) {
    return { finding: { ...subject, ...refusal(error) }, canMeter: false };
  }
}

/** What each source says when it is opened, and which of them the daemon would take. */
export function energyFindings(candidates: readonly SourceCandidate[]): EnergyReport {
  const { finding, canMeter } = chosenFinding(candidates);
  return { findings: [...sourceFindings(candidates), finding], canMeter };
}
