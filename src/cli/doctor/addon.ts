import { KisimError } from '../../util/errors.ts';
import type { Finding } from './finding.ts';

/** Whether the native addon loads; nothing is metered without it. */
export function addonFinding(load: () => unknown): Finding {
  const subject = { topic: 'host', subject: 'addon' } as const;
  try {
    load();
    return { ...subject, mark: 'ok', says: 'the native addon is built and loads' };
  } catch (error) {
    if (!(error instanceof KisimError)) throw error;
    return { ...subject, mark: 'refused', says: error.message, action: error.action, code: error.code };
  }
}
