/** Said by whoever wants to send; the peer says it back. Nobody else does, so nobody else is flooded. */
export const HELLO = 'kisimd-block-1\n';

/** Confirmations are sums since the hello, each of 8 bytes, big-endian. */
export const CONFIRMATION_BYTES = 8;
/** Sent once so much has come, and after a pause. */
export const CONFIRM_EVERY_BYTES = 256 * 1024;
export const CONFIRM_EVERY_MILLISECONDS = 20;

export function confirmationOf(bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(CONFIRMATION_BYTES);
  buffer.writeBigUInt64BE(BigInt(bytes));
  return buffer;
}

/** Takes the stream of confirmations apart, wherever the network has cut it. */
export class ConfirmationReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The last sum that has come whole, if any has. */
  push(chunk: Buffer): number | undefined {
    const all = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const whole = all.length - (all.length % CONFIRMATION_BYTES);
    this.#rest = all.subarray(whole);
    return whole === 0 ? undefined : Number(all.readBigUInt64BE(whole - CONFIRMATION_BYTES));
  }
}
