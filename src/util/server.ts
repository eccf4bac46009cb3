import type { ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { systemErrorCode } from './errors.ts';

/**
 * Resolves with the address once the server listens, on a port that no other process shares.
 *
 * @param port 0: any free one
 * @param failed the error of what keeps it from listening, of `host:port: EADDRINUSE` and the cause
 */
export async function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  failed: (where: string, cause: Error) => Error,
): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (cause: Error) =>
    reject(failed(`${host}:${port}: ${systemErrorCode(cause) ?? cause.message}`, cause));
  server.once('error', fail);
  server.listen({ host, port, exclusive: true }, resolve);
  await promise;
  server.off('error', fail);
  return server.address() as AddressInfo;
}

/** Takes no more connections and ends those that there are, at once. */
export async function closeNow(server: Server & { closeAllConnections(): void }): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': bytes.length });
  response.end(bytes);
}
