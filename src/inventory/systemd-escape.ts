const ESCAPE = /(?:\\x[0-9a-f]{2})+/gi;

/**
 * Undoes systemd's escaping of unit names (systemd.unit(5)): `\x2d` is a hyphen. Adjacent escapes are the bytes of
 * UTF-8 text.
 *
 * @example
 * unescapeUnitName('machine-qemu\\x2d1\\x2dweb.scope'); // 'machine-qemu-1-web.scope'
 */
export function unescapeUnitName(name: string): string {
  return name.replace(ESCAPE, (bytes) => Buffer.from(bytes.replaceAll('\\x', ''), 'hex').toString('utf8'));
}
