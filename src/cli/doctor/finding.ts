/**
 * ok: works. warn: works, with something to know. refused: it is there, and this user may not have it, or it is
 * broken. absent: this machine has none, nothing to do.
 */
export type Mark = 'ok' | 'warn' | 'refused' | 'absent';

export const topics = [
  'host',
  'configuration',
  'energy',
  'processes',
  'containers',
  'history',
  'daemon',
] as const;
export type Topic = (typeof topics)[number];

/** One thing that the doctor looked at. */
export interface Finding {
  readonly topic: Topic;
  readonly subject: string;
  readonly mark: Mark;
  readonly says: string;
  /** What to do about it, with the exact command; undefined where there is nothing to do. */
  readonly action?: string;
  /** Code of the error behind it. */
  readonly code?: string;
}
