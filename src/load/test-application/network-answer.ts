import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Milliseconds } from '../../util/units.ts';

/** Random, so that nothing between here and the client makes it smaller. */
const block = randomBytes(64 * 1024);

/**
 * Answers with so many bytes, as fast as the client takes them. Resolves once the last ones are with the kernel; a client
 * that takes nothing for so long is cut off.
 *
 * @throws what a client causes that goes before the end
 */
export async function sendBytes(
  response: ServerResponse,
  bytes: number,
  stalledMilliseconds: Milliseconds,
): Promise<void> {
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': bytes,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.setTimeout(stalledMilliseconds, () => response.destroy());
  await pipeline(Readable.from(blocks(bytes)), response);
  response.setTimeout(0);
}

function* blocks(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= block.length) {
    yield left < block.length ? block.subarray(0, left) : block;
  }
}
