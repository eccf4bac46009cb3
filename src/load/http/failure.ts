import { systemErrorCode } from '../../util/errors.ts';

/**
 * Why a request has no answer. `refused`: nobody listens. `reset`: the connection was ended before the answer was
 * complete. `unreachable`: no route to the host. `name`: the host's name was not found. `connect-timeout`: no connection
 * in time. `timeout`: no complete answer in time. `tls`: no trusted connection. `protocol`: the answer is not HTTP.
 * `other`: anything else; the result of a run quotes the first.
 */
export const failureKinds = [
  'refused',
  'reset',
  'unreachable',
  'name',
  'connect-timeout',
  'timeout',
  'tls',
  'protocol',
  'other',
] as const;
export type FailureKind = (typeof failureKinds)[number];

const kindOfCode: Readonly<Record<string, FailureKind>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_INFO: 'reset',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ENOTFOUND: 'name',
  EAI_AGAIN: 'name',
  EAI_FAIL: 'name',
  ETIMEDOUT: 'connect-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect-timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'protocol',
  UND_ERR_HEADERS_OVERFLOW: 'protocol',
  EPROTO: 'tls',
  CERT_HAS_EXPIRED: 'tls',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls',
  UNABLE_TO_GET_ISSUER_CERT: 'tls',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls',
};

/** Kind of what the HTTP client threw. A host with several addresses fails with one error for all of them. */
export function failureKind(error: unknown): FailureKind {
  if (error instanceof AggregateError && error.errors.length > 0) return failureKind(error.errors[0]);
  const code = systemErrorCode(error) ?? '';
  const kind = kindOfCode[code];
  if (kind !== undefined) return kind;
  // undici's parser has not a code for every error.
  if (code.startsWith('HPE_') || (error instanceof Error && error.name === 'HTTPParserError'))
    return 'protocol';
  if (code.startsWith('ERR_TLS_') || code.startsWith('ERR_SSL_')) return 'tls';
  return 'other';
}

/** Failures of a server that is not there at all, as against one that is slow or broken. */
export function isAbsence(kind: FailureKind): boolean {
  return (
    kind === 'refused' ||
    kind === 'unreachable' ||
    kind === 'name' ||
    kind === 'connect-timeout' ||
    kind === 'tls'
  );
}
