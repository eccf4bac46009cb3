import type { Clock } from '../util/clock.ts';
import { KisimError } from '../util/errors.ts';
import type { LogFields, Logger } from '../util/log.ts';
import type { TroublePlace } from './list-watch.ts';

/** The same trouble is told again after so long. */
const AGAIN_NANOSECONDS = 300e9;

/** Tells the troubles of a watch, each code once and again every five minutes: a watch never gives up, and tries every ten seconds. */
export function troubleLog(
  log: Logger,
  event: string,
  clock: Pick<Clock, 'monotonicNanoseconds'>,
  fields: LogFields = {},
): (place: TroublePlace, error: unknown, more?: LogFields) => void {
  const told = new Map<string, number>();
  return (place, error, more) => {
    const key = `${place} ${error instanceof KisimError ? error.code : String(error)}`;
    const now = clock.monotonicNanoseconds();
    const last = told.get(key);
    if (last !== undefined && now - last < AGAIN_NANOSECONDS) return;
    told.set(key, now);
    log.warn(event, { ...fields, ...more, place, error });
  };
}
