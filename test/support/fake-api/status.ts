/** An answer of the fake server that is no success, in the words of the real one. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    reason: string,
    message: string,
    details: unknown = undefined,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.body = statusBody(status, reason, message, details);
  }
}

export function statusBody(code: number, reason: string, message: string, details?: unknown): unknown {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  };
}

export const PATCH_REFUSED = 'the server rejected our request due to an error in our request';

export const refusals = {
  badRequest: (message: string) => new Refusal(400, 'BadRequest', message),
  unauthorized: () => new Refusal(401, 'Unauthorized', 'Unauthorized'),
  forbidden: (message: string) => new Refusal(403, 'Forbidden', message),
  notFound: (plural: string, name: string) =>
    new Refusal(404, 'NotFound', `${plural} "${name}" not found`, { name, kind: plural }),
  alreadyExists: (plural: string, name: string) =>
    new Refusal(409, 'AlreadyExists', `${plural} "${name}" already exists`, { name, kind: plural }),
  conflict: (plural: string, name: string, says: string) =>
    new Refusal(409, 'Conflict', `Operation cannot be fulfilled on ${plural} "${name}": ${says}`, {
      name,
      kind: plural,
    }),
  expired: (message: string) => new Refusal(410, 'Expired', message),
  invalid: (kind: string, name: string, says: string) =>
    new Refusal(422, 'Invalid', `${kind} "${name}" is invalid: ${says}`, { name, kind }),
  /** Of a JSON Patch that cannot be applied, whatever the cause. */
  patchRefused: () => new Refusal(422, 'Invalid', PATCH_REFUSED),
  /** By a disruption budget: no Retry-After is given. */
  disrupted: (message: string) =>
    new Refusal(429, 'TooManyRequests', message, {
      causes: [{ reason: 'DisruptionBudget', message: 'The disruption budget needs more healthy pods' }],
    }),
  tooMany: (seconds: number) =>
    new Refusal(
      429,
      'TooManyRequests',
      'too many requests, please try again later',
      { retryAfterSeconds: seconds },
      { 'retry-after': String(seconds) },
    ),
};

export const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';
