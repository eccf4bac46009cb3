/** What an error of the program always tells: a code, what was expected, what was found, what to do. */
export interface ErrorTemplate {
  readonly summary: string;
  readonly expected: string;
  readonly action: string;
}

export class KisimError extends Error {
  readonly code: string;
  readonly expected: string;
  readonly found: string;
  readonly action: string;

  constructor(code: string, template: ErrorTemplate, found: string, options?: ErrorDetails) {
    super(
      `${template.summary}: ${found}`,
      options?.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'KisimError';
    this.code = code;
    this.expected = options?.expected ?? template.expected;
    this.found = found;
    this.action = options?.action ?? template.action;
  }
}

export interface ErrorDetails {
  readonly cause?: unknown;
  /** Replaces the template's expectation where it is known more exactly. */
  readonly expected?: string;
  /** Replaces the template's action where the exact command is known. */
  readonly action?: string;
}

export type ErrorCode = `KISIM_E_${string}`;
export type ErrorFactory = (found: string, options?: ErrorDetails) => KisimError;

/**
 * Declares the coded errors of one room, in its `errors.ts`. The error page of the manual is generated
 * from these declarations.
 *
 * @example
 * const errors = defineErrors({
 *   KISIM_E_TEA_COLD: { summary: 'tea is cold', expected: 'tea above 60 C', action: 'boil water' },
 * });
 * errors.KISIM_E_TEA_COLD('21 C').code; // 'KISIM_E_TEA_COLD'
 */
export function defineErrors<T extends Record<ErrorCode, ErrorTemplate>>(
  templates: T,
): { readonly [K in keyof T]: ErrorFactory } & { readonly templates: T } {
  const factories: Record<string, unknown> = { templates };
  for (const [code, template] of Object.entries(templates)) {
    factories[code] = (found: string, options?: ErrorDetails) =>
      new KisimError(code, template, found, options);
  }
  return factories as { readonly [K in keyof T]: ErrorFactory } & { readonly templates: T };
}

/** The text a person gets to see: summary, expected, found, what to do; one fact a line. */
export function describeError(error: unknown): string {
  if (error instanceof KisimError) {
    return `${error.code}: ${error.message}\n  expected: ${error.expected}\n  to do:    ${error.action}`;
  }
  if (error instanceof Error) return error.stack ?? error.message;
  return String(error);
}

/** The system error code ('ENOENT', 'EACCES', ...) of a failed call, if it has one. */
export function systemErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
