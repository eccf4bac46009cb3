import type { RandomStream } from '../../../src/util/rng.ts';
import type { Style } from './style.ts';
import { chance } from './vocabulary.ts';

type Resources = { requests?: Record<string, string>; limits?: Record<string, string> };

function randomCpu(random: RandomStream): string {
  return random.pick(['0', '1m', '50m', '100m', '250m', '0.5', '1', '1500m', '2', '0.1', '1e-1', '333333u']);
}

function randomMemory(random: RandomStream): string {
  return random.pick([
    '0',
    '1',
    '64Mi',
    '128Mi',
    '200Mi',
    '500M',
    '1Gi',
    '1.5Gi',
    '2e9',
    '3G',
    '123456789',
    '0.5Gi',
  ]);
}

/** Of one container: often incomplete, which is when defaults count. */
export function randomResources(random: RandomStream, style: Style): Resources {
  const requests: Record<string, string> = {};
  const limits: Record<string, string> = {};
  // A limit that is smaller than what is requested would not be accepted: one or the other.
  const into = (): Record<string, string> => (chance(random, 0.2) ? limits : requests);
  if (chance(random, 0.8)) into()['cpu'] = randomCpu(random);
  if (chance(random, 0.7)) into()['memory'] = randomMemory(random);
  if (chance(random, style.resources * 0.4))
    into()['ephemeral-storage'] = random.pick(['1Gi', '100M', '20Gi']);
  // These cannot be overcommitted: a limit says both.
  if (chance(random, style.resources * 0.1)) limits['example.com/gpu'] = String(1 + random.integer(2));
  if (chance(random, style.resources * 0.05)) limits['example.com/fpga'] = '1';
  if (chance(random, style.resources * 0.1) && 'cpu' in requests)
    limits['hugepages-2Mi'] = `${2 * (1 + random.integer(50))}Mi`;
  return {
    ...(Object.keys(requests).length > 0 ? { requests } : {}),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
  };
}

/**
 * Resources of the pod as a whole; what it asks for must be at least what its containers do, which at most six of them
 * can reach.
 */
export function randomPodResources(random: RandomStream, style: Style): Resources | undefined {
  if (!chance(random, style.resources * 0.12)) return undefined;
  const amounts: Record<string, string> = {};
  if (chance(random, 0.8)) amounts['cpu'] = `${12 + random.integer(3)}`;
  if (chance(random, 0.6)) amounts['memory'] = `${18 + random.integer(10)}G`;
  if (Object.keys(amounts).length === 0) return undefined;
  return chance(random, 0.3) ? { limits: amounts } : { requests: amounts };
}
