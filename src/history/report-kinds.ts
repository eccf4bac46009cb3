/** `node` is the node's total with idle and unattributed beside it; `zone` each counter by itself. */
export const REPORT_KINDS = ['vm', 'pod', 'container', 'unit', 'process', 'node', 'zone'] as const;
export type ReportBy = (typeof REPORT_KINDS)[number];

/** SQL list of the stored kinds that a report shows. */
export function kindsOf(by: ReportBy): string {
  return by === 'node' ? "'node', 'idle', 'unattributed'" : `'${by}'`;
}
