/**
 * Share of paired differences below 0, those of exactly 0 counted half: how likely the policy uses less than its
 * baseline on a cluster drawn like these.
 */
export function probabilityOfImprovement(differences: ArrayLike<number>): number {
  let better = 0;
  for (let i = 0; i < differences.length; i++)
    better += differences[i]! < 0 ? 1 : differences[i] === 0 ? 0.5 : 0;
  return better / differences.length;
}
