import type { Milliseconds } from '../../util/units.ts';
import { httpLoadErrors } from './errors.ts';

/** One request that is sent again and again. */
export interface LoadTarget {
  /** Told in results: `GET http://host/path`, unless it is given a name. */
  readonly name: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path with query. */
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Share of all requests, in proportion to those of the others. */
  readonly weight: number;
  /** A new connection for every request. */
  readonly closesConnection: boolean;
  /** Its own, instead of that of the run. */
  readonly timeoutMilliseconds: Milliseconds | undefined;
}

export interface TargetParts {
  readonly url: string;
  readonly name?: string | undefined;
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  readonly weight?: number | undefined;
  readonly closesConnection?: boolean | undefined;
  readonly timeoutMilliseconds?: Milliseconds | undefined;
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Set by the connection itself, from URL and body. */
const ownHeaders = ['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade', 'expect'];

/**
 * @throws KISIM_E_LOAD_TARGET
 * @example
 * makeTarget({ url: 'http://127.0.0.1:8080/cpu?ms=5' }).path; // '/cpu?ms=5'
 */
export function makeTarget({
  url,
  name,
  method = 'GET',
  headers = {},
  body,
  weight = 1,
  closesConnection = false,
  timeoutMilliseconds,
}: TargetParts): LoadTarget {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol))
    throw httpLoadErrors.KISIM_E_LOAD_TARGET(`'${url}' is no http or https URL`);
  if (parsed.username !== '' || parsed.password !== '')
    throw httpLoadErrors.KISIM_E_LOAD_TARGET(`${parsed.origin}: user and password in the URL`, {
      action: 'give them as a header: authorization',
    });
  if (!token.test(method) || method === 'CONNECT')
    throw httpLoadErrors.KISIM_E_LOAD_TARGET(`${url}: method '${method}'`);
  if (!(weight > 0 && Number.isFinite(weight)))
    throw httpLoadErrors.KISIM_E_LOAD_TARGET(`${url}: weight ${weight}`);
  if (timeoutMilliseconds !== undefined && !(timeoutMilliseconds > 0))
    throw httpLoadErrors.KISIM_E_LOAD_TARGET(`${url}: time-out ${timeoutMilliseconds} ms`);
  for (const [header, value] of Object.entries(headers)) {
    if (!token.test(header) || ownHeaders.includes(header.toLowerCase()))
      throw httpLoadErrors.KISIM_E_LOAD_TARGET(`${url}: header '${header}' cannot be set`);
    if (!isHeaderValue(value))
      throw httpLoadErrors.KISIM_E_LOAD_TARGET(
        `${url}: the value of header ${header} has characters that no header may have`,
      );
  }
  const upper = method.toUpperCase();
  return {
    name: name ?? `${upper} ${parsed.origin}${parsed.pathname}${parsed.search}`,
    origin: parsed.origin,
    path: `${parsed.pathname}${parsed.search}`,
    method: upper,
    headers,
    body,
    weight,
    closesConnection,
    timeoutMilliseconds,
  };
}

/** `name: value`. @throws KISIM_E_LOAD_TARGET */
export function parseHeader(text: string): readonly [name: string, value: string] {
  const at = text.indexOf(':');
  if (at < 1) throw httpLoadErrors.KISIM_E_LOAD_TARGET(`header '${text}' has no name`);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

/** Visible Latin characters, blanks and tabs (RFC 9110, section 5.5). */
function isHeaderValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 32 && code !== 9) || code === 127 || code > 255) return false;
  }
  return true;
}
