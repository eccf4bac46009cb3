/** One energy counter of the kernel's perf `power` PMU on one CPU: 64 bits wide, never wraps in practice. */
export interface NativePerfEnergy {
  /** Joules since the counter was opened. Throws an Error with `code` when the read fails. */
  readJoules(): number;
  close(): void;
}
