import type { IncomingMessage } from 'node:http';

/**
 * The body of a request, as text. Of one that is too large the rest is read and thrown away, so that the client, who reads
 * no answer before all is sent, gets one.
 *
 * @returns undefined where it is larger than `mostBytes`
 */
export function readBody(request: IncomingMessage, mostBytes: number): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  let chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= mostBytes) chunks.push(chunk);
    else {
      chunks = [];
      resolve(undefined);
    }
  });
  request.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  request.once('error', reject);
  request.once('close', () => reject(new Error('the request was cut')));
  return promise;
}
