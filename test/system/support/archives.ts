/** A file, folder (no contents) or symbolic link of an archive; paths are relative. */
export interface ArchiveEntry {
  readonly path: string;
  readonly contents?: Buffer;
  readonly linkTo?: string;
  readonly mode?: number;
}

function kindOf(entry: ArchiveEntry): 'folder' | 'link' | 'file' {
  if (entry.linkTo !== undefined) return 'link';
  return entry.contents === undefined ? 'folder' : 'file';
}

const modeOf = (entry: ArchiveEntry): number => entry.mode ?? (kindOf(entry) === 'file' ? 0o644 : 0o755);

const padding = (length: number, block: number): Buffer => Buffer.alloc((block - (length % block)) % block);

/** POSIX ustar archive, everything owned by root and dated 1970, so that equal contents give equal bytes. */
export function tar(entries: readonly ArchiveEntry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const contents = entry.contents ?? Buffer.alloc(0);
    const header = Buffer.alloc(512);
    const octal = (value: number, offset: number, width: number) =>
      header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset, 'latin1');
    if (Buffer.byteLength(entry.path) > 100) throw new Error(`path too long for ustar: ${entry.path}`);
    header.write(entry.path, 0);
    octal(modeOf(entry), 100, 8);
    octal(0, 108, 8);
    octal(0, 116, 8);
    octal(contents.length, 124, 12);
    octal(0, 136, 12);
    header.write('        ', 148, 'latin1');
    header.write({ file: '0', link: '2', folder: '5' }[kindOf(entry)], 156, 'latin1');
    header.write(entry.linkTo ?? '', 157);
    header.write('ustar\x0000', 257, 'latin1');
    // The sum is taken with its own field as blanks.
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      148,
      7,
    );
    return [header, contents, padding(contents.length, 512)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** Archive in the form `newc`, which the kernel unpacks as initramfs (Documentation/driver-api/early-userspace). */
export function cpio(entries: readonly ArchiveEntry[]): Buffer {
  const typeBits = { file: 0o100000, link: 0o120000, folder: 0o040000 } as const;
  const record = (inode: number, path: string, mode: number, data: Buffer): Buffer => {
    const name = Buffer.from(`${path}\0`);
    const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
    const head = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
    const start = Buffer.concat([Buffer.from(head, 'latin1'), name]);
    return Buffer.concat([start, padding(start.length, 4), data, padding(data.length, 4)]);
  };
  const parts = entries.map((entry, index) =>
    record(
      index + 1,
      entry.path,
      typeBits[kindOf(entry)] | modeOf(entry),
      entry.linkTo === undefined ? (entry.contents ?? Buffer.alloc(0)) : Buffer.from(entry.linkTo),
    ),
  );
  return Buffer.concat([...parts, record(0, 'TRAILER!!!', 0, Buffer.alloc(0))]);
}
