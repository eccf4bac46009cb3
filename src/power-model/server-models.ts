import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { powerModelErrors } from './errors.ts';
import { shapedCurve } from './median-shape.ts';
import type { ServerModel } from './server-model.ts';

/**
 * Typical machines: processors, cores and threads that each microarchitecture's servers mostly had, and a round amount
 * of memory. Their watts are the medians per thread of models/cpu-watts.json (source and licence on its card).
 */
const MACHINES: readonly (readonly [
  name: string,
  microarchitecture: string,
  year: number,
  chips: number,
  cores: number,
  threads: number,
  memoryGibibytes: number,
])[] = [
  ['westmere-24t', 'intel-westmere', 2010, 2, 12, 24, 48],
  ['sandybridge-32t', 'intel-sandybridge', 2012, 2, 16, 32, 128],
  ['haswell-72t', 'intel-haswell', 2015, 2, 36, 72, 256],
  ['broadwell-88t', 'intel-broadwell', 2016, 2, 44, 88, 256],
  ['skylake-112t', 'intel-skylake', 2018, 2, 56, 112, 384],
  ['epyc1-128t', 'amd-epyc-gen1', 2018, 2, 64, 128, 512],
  ['cascadelake-112t', 'intel-cascadelake', 2019, 2, 56, 112, 384],
  ['epyc2-256t', 'amd-epyc-gen2', 2020, 2, 128, 256, 512],
  ['epyc2-128t', 'amd-epyc-gen2', 2020, 1, 64, 128, 256],
  ['epyc3-256t', 'amd-epyc-gen3', 2021, 2, 128, 256, 512],
  ['epyc3-128t', 'amd-epyc-gen3', 2021, 1, 64, 128, 256],
  ['rocketlake-16t', 'intel-rocketlake', 2022, 1, 8, 16, 64],
  ['icelake-160t', 'intel-icelake', 2022, 2, 80, 160, 512],
  ['sapphirerapids-224t', 'intel-sapphirerapids', 2023, 2, 112, 224, 512],
  ['epyc4-192t', 'amd-epyc-gen4', 2023, 1, 96, 192, 384],
  ['altra-128t', 'ampere-altra', 2023, 1, 128, 128, 256],
  ['emeraldrapids-256t', 'intel-emeraldrapids', 2024, 2, 128, 256, 512],
  ['raptorlake-16t', 'intel-raptorlake', 2024, 1, 8, 16, 64],
  ['sierraforest-144t', 'intel-sierraforest', 2024, 1, 144, 144, 256],
  ['epyc5-320t', 'amd-epyc-gen5', 2024, 1, 160, 320, 512],
  ['graniterapids-344t', 'intel-graniterapids', 2025, 2, 172, 344, 768],
];

const GIBIBYTE = 2 ** 30;

interface ThreadWatts {
  readonly name: string;
  readonly idleWattsPerThread: number;
  readonly maxWattsPerThread: number;
}

/**
 * The project's own library: one or two typical machines a microarchitecture from 2010 on, median watts, median shape.
 * Estimates of a class, not measurements of a product.
 *
 * @param path of a table in the form of models/cpu-watts.json
 * @throws KISIM_E_CURVE_TABLE where it lacks a microarchitecture
 */
export function readServerModels(
  path = fileURLToPath(new URL('../../models/cpu-watts.json', import.meta.url)),
): readonly ServerModel[] {
  const watts = readWatts(path);
  return MACHINES.map(([name, microarchitecture, year, chips, cores, threads, memoryGibibytes]) => {
    const row = watts.find((each) => each.name === microarchitecture);
    if (row === undefined) throw powerModelErrors.KISIM_E_CURVE_TABLE(`${path}: no ${microarchitecture}`);
    const { idleWattsPerThread, maxWattsPerThread } = row;
    return {
      name,
      cpuKey: microarchitecture,
      year,
      chips,
      cores,
      threads,
      memoryBytes: memoryGibibytes * GIBIBYTE,
      curve: shapedCurve(year, threads * idleWattsPerThread, threads * maxWattsPerThread, 'estimated', name),
      points: 'ends',
    };
  });
}

function readWatts(path: string): readonly ThreadWatts[] {
  let table: { readonly microarchitectures?: readonly ThreadWatts[] };
  try {
    table = JSON.parse(readFileSync(path, 'utf8')) as typeof table;
  } catch (cause) {
    throw powerModelErrors.KISIM_E_CURVE_TABLE(`${path}: ${(cause as Error).message}`, { cause });
  }
  if (!Array.isArray(table.microarchitectures))
    throw powerModelErrors.KISIM_E_CURVE_TABLE(`${path}: no list of microarchitectures`);
  return table.microarchitectures as readonly ThreadWatts[];
}
