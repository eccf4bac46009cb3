/** Less than the kernel's own count of resident pages is off by. */
const TOLERANCE = 1 / 500;

/**
 * How many bytes to hold next, so that the process as a whole comes to have `asked` resident.
 *
 * @param held bytes that are held now, part of `resident`
 * @param step most bytes to take at once; giving back needs no steps
 */
export function nextHeldBytes(asked: number, held: number, resident: number, step: number): number {
  const missing = asked - resident;
  if (Math.abs(missing) <= asked * TOLERANCE) return held;
  return Math.max(0, held + Math.min(missing, step));
}
