import type { Watts } from '../util/units.ts';
import type { HwmonSensor } from './hwmon-tree.ts';
import type { Zone, ZoneKind } from './power-source.ts';

export interface PlacedSensor {
  readonly sensor: HwmonSensor;
  readonly zone: Zone;
}

/**
 * What hwmon may add to the node's sum. `processor-metered`: another source counts the processor's energy, so only
 * devices outside of it are added. `only-source`: nothing else does, so a sensor of the whole board is taken, or the
 * processor's own where there is none.
 */
export type HwmonRole = 'processor-metered' | 'only-source';

/** Chips of a whole board or its supply; their figure holds everything else. */
const BOARD_CHIPS = /^(power_meter|ibmpex|ibmaem|xgene_hwmon|acpi_power_meter|scmi_sensors)$/;
const BOARD_LABELS = /^(total|total power|system|board|pwr consumption|vdd_in|pom_5v_in|psys)\b/i;
const GRAPHICS_CHIPS = /^(amdgpu|i915|xe|nouveau|radeon)$/;
/** Drivers that show the processor's own counters or telemetry. */
const PROCESSOR_CHIPS = /^(amd_energy|zenpower|k10temp|fam15h_power|coretemp|intel_rapl.*)$/;
const PACKAGE_LABELS = /^(package|esocket|rapl_p_package|socket|cpu power|vdd_cpu)/i;
const CORE_LABELS = /^(core|ecore|rapl_p_core|svi2_p_)/i;

const FALLBACK_WATTS: Partial<Record<ZoneKind, Watts>> = { board: 10_000, package: 1000, gpu: 2000 };
/** Limits are held to over a while, not at each moment; see the same factor for RAPL. */
const LIMIT_FACTOR = 3;

/** Names the sensors and decides which are counted. No two counted ones can hold the same energy. */
export function placeSensors(
  sensors: readonly HwmonSensor[],
  role: HwmonRole,
  readable: (sensor: HwmonSensor) => boolean,
): readonly PlacedSensor[] {
  const used = new Set<string>();
  const candidates = sensors.map((sensor) => ({
    sensor,
    kind: kindOf(sensor),
    duplicate: duplicateOf(sensor, sensors, readable),
  }));
  const usable = candidates.filter(({ sensor, duplicate }) => duplicate === '' && readable(sensor));
  const board = role === 'only-source' ? usable.find(({ kind }) => kind === 'board') : undefined;
  const alone = role === 'only-source' && usable.length === 1;
  // Several drivers may show one processor (amd_energy, k10temp, zenpower): one of them is taken, for all sockets.
  const packages = usable.filter(({ kind }) => kind === 'package');
  const processorChip = (packages.find(({ sensor }) => sensor.quantity === 'energy') ?? packages[0])?.sensor
    .chip;
  return candidates.map((candidate) => {
    const exclusion = candidate.duplicate || overlap(candidate, { role, board, alone, processorChip });
    const { sensor, kind } = candidate;
    return {
      sensor,
      zone: {
        id: uniqueId(sensor, used),
        kind,
        socket: kind === 'package' || kind === 'core' ? socketOf(sensor) : undefined,
        counted: exclusion === '',
        exclusion,
        path: sensor.path,
        source: 'hwmon',
        provenance: sensor.quantity === 'energy' ? 'measured' : 'integrated',
        maxWatts:
          sensor.maxWatts === undefined ? (FALLBACK_WATTS[kind] ?? 2000) : LIMIT_FACTOR * sensor.maxWatts,
      },
    };
  });
}

interface Candidate {
  readonly sensor: HwmonSensor;
  readonly kind: ZoneKind;
}

function kindOf(sensor: HwmonSensor): ZoneKind {
  if (GRAPHICS_CHIPS.test(sensor.chip)) return 'gpu';
  if (BOARD_CHIPS.test(sensor.chip)) return sensor.label === '' || isBoard(sensor) ? 'board' : 'other';
  if (CORE_LABELS.test(sensor.label)) return 'core';
  if (PACKAGE_LABELS.test(sensor.label)) return 'package';
  if (PROCESSOR_CHIPS.test(sensor.chip)) return 'package';
  return isBoard(sensor) ? 'board' : 'other';
}

function isBoard(sensor: HwmonSensor): boolean {
  return BOARD_LABELS.test(sensor.label);
}

/** An energy counter is exact where power readings are not: of two for one thing it is the one that is counted. */
function duplicateOf(
  sensor: HwmonSensor,
  sensors: readonly HwmonSensor[],
  readable: (sensor: HwmonSensor) => boolean,
): string {
  if (sensor.quantity === 'energy') return '';
  const twin = sensors.find(
    (other) =>
      other.quantity === 'energy' &&
      other.chip === sensor.chip &&
      other.device === sensor.device &&
      readable(other) &&
      (sensor.label === ''
        ? other.channel.slice('energy'.length) === sensor.channel.slice('power'.length)
        : other.label === sensor.label),
  );
  return twin === undefined ? '' : `same as ${twin.chip} ${twin.channel}`;
}

interface Setting {
  readonly role: HwmonRole;
  readonly board: Candidate | undefined;
  /** There is one usable sensor and no other source: whatever it is, it is all there is. */
  readonly alone: boolean;
  readonly processorChip: string | undefined;
}

function overlap({ sensor, kind }: Candidate, { role, board, alone, processorChip }: Setting): string {
  if (board !== undefined) return board.sensor === sensor ? '' : `inside ${board.sensor.chip}`;
  if (kind === 'gpu') {
    if (sensor.integratedGraphics) return 'inside the processor package';
    // xe shows a card and the chip on it.
    return /^pkg$/i.test(sensor.label) ? 'inside the card' : '';
  }
  if (role === 'processor-metered') {
    return kind === 'board' ? 'covers the processor' : 'the processor is metered by another source';
  }
  if (alone) return '';
  if (kind === 'package') return sensor.chip === processorChip ? '' : `same as ${processorChip ?? 'another'}`;
  if (kind === 'board') return 'covered by another sensor of the board';
  return kind === 'core' ? 'inside package' : 'not known what it covers';
}

/** amd_energy numbers its sockets in the label (`Esocket1`). */
function socketOf(sensor: HwmonSensor): number | undefined {
  const match = /^(?:esocket|package[ -]?(?:id )?)(\d+)$/i.exec(sensor.label);
  return match === null ? undefined : Number(match[1]);
}

/** The number of a hwmon folder changes from boot to boot; chip, device and label do not. */
function uniqueId(sensor: HwmonSensor, used: Set<string>): string {
  const parts = [sensor.chip, sensor.device, sensor.label || sensor.channel].filter((part) => part !== '');
  const base = `hwmon-${parts
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9._:-]+/g, '-')}`;
  let id = used.has(base) ? `${base}-${sensor.channel}` : base;
  for (let copy = 2; used.has(id); copy += 1) id = `${base}-${sensor.channel}-${copy}`;
  used.add(id);
  return id;
}
