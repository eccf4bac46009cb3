import type { KisimError } from '../../util/errors.ts';
import { blockErrors } from './errors.ts';

/** A coded error on its way from a thread. */
export interface BlockFailure {
  readonly code: Exclude<keyof typeof blockErrors, 'templates'>;
  readonly found: string;
}

/** Thrown in threads, where it becomes a message. */
export class BlockError extends Error {
  readonly failure: BlockFailure;

  constructor(code: BlockFailure['code'], found: string, cause?: unknown) {
    super(`${code}: ${found}`, { cause });
    this.failure = { code, found };
  }
}

export function asKisimError({ code, found }: BlockFailure): KisimError {
  return blockErrors[code](found);
}
