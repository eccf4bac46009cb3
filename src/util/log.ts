import { pino } from 'pino';
import { KisimError } from './errors.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Values that belong to an event. An `error` field is written with its code, message and action. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * One event name (kebab-case, the same text every time), its values as fields.
 *
 * @example
 * log.warn('zone-vanished', { zone: 'package-1', error });
 */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Where log lines go, one JSON object and a newline a call. */
export interface LogDestination {
  write(line: string): void;
}

/** Says nothing. For tests and for commands whose output is data alone. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function errorFields(error: unknown): unknown {
  if (error instanceof KisimError) {
    const { code, message, expected, action, cause } = error;
    return { code, message, expected, action, ...(cause === undefined ? {} : { cause: errorFields(cause) }) };
  }
  if (error instanceof Error) {
    const code = 'code' in error ? error.code : undefined;
    return { message: error.message, code, stack: error.stack };
  }
  return error;
}

/**
 * A logger that writes JSON lines: `{"level":"info","time":"2026-01-31T12:00:00.000Z","event":"started",...}`.
 * Goes to stderr at once (stdout is for data), so that nothing is lost when the process dies.
 */
export function createLogger(level: LogLevel, destination?: LogDestination): Logger {
  const sink = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: errorFields, cause: errorFields },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
  return {
    debug: (event, fields) => sink.debug(fields ?? {}, event),
    info: (event, fields) => sink.info(fields ?? {}, event),
    warn: (event, fields) => sink.warn(fields ?? {}, event),
    error: (event, fields) => sink.error(fields ?? {}, event),
  };
}
