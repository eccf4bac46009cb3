import type { RandomStream } from '../../../src/util/rng.ts';

/** Labels of nodes that affinities ask for. */
export const nodeLabels = {
  tier: ['gold', 'silver', 'bronze'],
  disk: ['ssd', 'hdd'],
  arch: ['amd64', 'arm64'],
  generation: ['1', '2', '3', '5', '8', '13'],
  rack: ['r1', 'r2', 'r3', 'r4', 'r5'],
} as const;

export type NodeLabel = keyof typeof nodeLabels;
export const nodeLabelKeys = Object.keys(nodeLabels) as NodeLabel[];

export const taintKeys = ['dedicated', 'maintenance', 'pool'] as const;
export const taintValues = ['', 'a', 'b'] as const;
export const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

export const topologyKeys = [
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'rack',
  'topology.kubernetes.io/region',
] as const;

/** Names as nodes report them (with tag, some with a digest too) and sizes in MB, around the limits of the score. */
export const images = [
  { name: 'registry.example/base:1', megabytes: 5 },
  { name: 'registry.example/web:1.2', megabytes: 60 },
  { name: 'registry.example/web:1.3', megabytes: 140 },
  { name: 'registry.example:5000/team/api:2026', megabytes: 310 },
  { name: 'docker.io/library/database:latest', megabytes: 700 },
  { name: 'registry.example/model:v9', megabytes: 1900 },
  { name: 'registry.example/trainer:v2', megabytes: 4200 },
] as const;

/** As pods name them: the first one is known to no node. */
export const podImages = [
  'registry.example/unknown:1',
  'docker.io/library/database',
  ...images.map(({ name }) => name),
] as const;

export function some<T>(random: RandomStream, from: readonly T[], share: number): T[] {
  return from.filter(() => random.next() < share);
}

export function chance(random: RandomStream, share: number): boolean {
  return random.next() < share;
}
