import { tryParseDuration } from '../../util/duration.ts';
import type { RandomStream } from '../../util/rng.ts';
import { httpLoadErrors } from './errors.ts';

/** How long a user waits before a request. */
export type ThinkTime =
  | { readonly kind: 'constant'; readonly seconds: number }
  | { readonly kind: 'uniform'; readonly fromSeconds: number; readonly toSeconds: number }
  | { readonly kind: 'exponential'; readonly meanSeconds: number };

/**
 * `500ms`, `1s-3s` or `exp:2s`.
 *
 * @throws KISIM_E_LOAD_THINK_TIME
 */
export function parseThinkTime(text: string): ThinkTime {
  const seconds = (part: string) => {
    const milliseconds = part.trim() === '0' ? 0 : tryParseDuration(part);
    if (milliseconds === undefined) throw httpLoadErrors.KISIM_E_LOAD_THINK_TIME(`'${text}'`);
    return milliseconds / 1000;
  };
  if (text.startsWith('exp:')) return { kind: 'exponential', meanSeconds: seconds(text.slice(4)) };
  const [from, to] = text.split('-');
  if (to === undefined) return { kind: 'constant', seconds: seconds(text) };
  const range = { kind: 'uniform', fromSeconds: seconds(from!), toSeconds: seconds(to) } as const;
  if (range.toSeconds < range.fromSeconds)
    throw httpLoadErrors.KISIM_E_LOAD_THINK_TIME(`'${text}' ends before it begins`);
  return range;
}

export function drawThinkTime(time: ThinkTime, random: RandomStream): number {
  switch (time.kind) {
    case 'constant':
      return time.seconds;
    case 'uniform':
      return random.uniform(time.fromSeconds, time.toSeconds);
    case 'exponential':
      return random.exponential(time.meanSeconds);
  }
}
