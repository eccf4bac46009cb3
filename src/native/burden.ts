/**
 * Memory held for its own sake. Address space for the capacity is reserved at once; pages are taken when they are touched.
 * The constructor throws an Error with `code` ENOMEM where the system does not overcommit so much.
 */
export interface NativeHeldMemory {
  /** Takes or gives back pages until so many bytes, at most the capacity, are held. Blocks while pages are touched. */
  resize(bytes: number): void;
  /** Writes to every held page of a part, so that it stays in RAM. */
  touch(offset: number, length: number): void;
  heldBytes(): number;
  close(): void;
}

export interface DirectFileOptions {
  /** Where the file is made. It has no name. */
  readonly folder: string;
  /** Its size, a multiple of 4096; the space is taken at once. */
  readonly bytes: number;
}

/** Most bytes of one transfer. */
export const DIRECT_TRANSFER_BYTES = 1024 * 1024;

/**
 * A file that is read and written past the page cache (O_DIRECT). Calls block until the disk is through. The constructor
 * and both calls throw an Error with `code`: ENOSPC, EINVAL (no direct transfers on this file system), EACCES, EIO...
 */
export interface NativeDirectFile {
  /** Both a multiple of 4096, `length` at most DIRECT_TRANSFER_BYTES. */
  write(offset: number, length: number): void;
  read(offset: number, length: number): void;
  close(): void;
}
