/** The greatest score of a plugin (framework.MaxNodeScore). */
export const MAX_NODE_SCORE = 100;

/** Scores of at least 0 on the scale 0 to 100 of their greatest, integer division; reversed: 100 for the least. */
export function defaultNormalise(out: Float64Array, count: number, reverse: boolean): void {
  let greatest = 0;
  for (let i = 0; i < count; i++) if (out[i]! > greatest) greatest = out[i]!;
  for (let i = 0; i < count; i++) {
    const share = out[i] === 0 ? 0 : Math.floor((MAX_NODE_SCORE * out[i]!) / greatest);
    out[i] = reverse ? MAX_NODE_SCORE - share : share;
  }
}
