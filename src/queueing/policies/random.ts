import { RandomStream } from '../../util/rng.ts';
import { type AdmissionPolicy, NONE } from '../policy.ts';

/** Any job that fits, all equally likely. */
export function randomAdmission(): AdmissionPolicy {
  let random = new RandomStream(0);
  return {
    name: 'random',
    reset: (seed) => {
      random = new RandomStream(seed).fork('random admission');
    },
    choose: ({ jobs, fitsNow }) => {
      let count = 0;
      for (let i = 0; i < jobs.length; i++) count += fitsNow[i]!;
      if (count === 0) return NONE;
      let left = random.integer(count);
      let at = 0;
      while (fitsNow[at] === 0 || left-- > 0) at++;
      return at;
    },
    explain: (state) => {
      let count = 0;
      for (let i = 0; i < state.jobs.length; i++) count += state.fitsNow[i]!;
      return [{ term: 'drawn among', amount: count, unit: 'count' }];
    },
  };
}
