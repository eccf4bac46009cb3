import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from './loopback.ts';

/**
 * Whether a request is meant for a server that listens on this host. A page of the web may let its own name point to
 * 127.0.0.1 and then read from here as if it were of one origin (DNS rebinding); a server beyond loopback is anybody's.
 *
 * @param ownNames what the machine may be called by, beside `listening`, `localhost` and addresses
 */
export function isMeantForHere(
  request: Pick<IncomingMessage, 'headers'>,
  listening: string,
  ownNames: readonly string[] = [],
): boolean {
  return !isLoopback(listening) || isOwnName(request.headers.host, [listening, ...ownNames]);
}

/**
 * Whether a Host header names this machine: the name of a page that is not from here is in it; an address, `localhost` and
 * the names of this machine are not its to give.
 *
 * A request without the header (HTTP/1.0) is let through: browsers send it always.
 *
 * @example
 * isOwnName('localhost:28282', []); // true
 * isOwnName('node-1', ['node-1.example.org']); // true
 * isOwnName('rebind.example.com:28282', ['node-1']); // false
 */
export function isOwnName(header: string | undefined, ownNames: readonly string[]): boolean {
  if (header === undefined) return true;
  const host = bareHost(header);
  if (isLoopback(host) || host.endsWith('.localhost') || isIP(host) !== 0) return true;
  return ownNames.some((name) => {
    const own = name.toLowerCase().replace(/\.$/, '');
    return host !== '' && (host === own || host === own.split('.', 1)[0]);
  });
}

/** `Example.org.:80` as `example.org`, `[::1]:80` as `::1`. */
function bareHost(header: string): string {
  const [, bracketed, plain = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header.trim()) ?? [];
  return (bracketed ?? plain).toLowerCase().replace(/\.$/, '');
}
