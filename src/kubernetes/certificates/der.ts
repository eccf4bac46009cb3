/**
 * Distinguished encoding rules (ITU-T X.690), as much as a certificate needs, and only writing: nothing that comes from
 * outside is ever read here.
 */
function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

/** Short form below 128, else the number of bytes and then they (X.690, 8.1.3). */
function length(bytes: number): Buffer {
  if (bytes < 128) return Buffer.from([bytes]);
  const digits: number[] = [];
  for (let left = bytes; left > 0; left = Math.floor(left / 256)) digits.unshift(left % 256);
  return Buffer.from([0x80 + digits.length, ...digits]);
}

export const derTrue: Buffer = element(0x01, Buffer.from([0xff]));

/** A number that is not negative, from its bytes, the most significant first. */
export function integer(bytes: Uint8Array): Buffer {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  const digits = bytes.subarray(from);
  // A leading bit that is set would mean a negative number.
  return digits[0]! >= 0x80 ? element(0x02, Buffer.from([0]), digits) : element(0x02, digits);
}

/** @param unused bits at the end that do not count */
export function bitString(bytes: Uint8Array, unused = 0): Buffer {
  return element(0x03, Buffer.from([unused]), bytes);
}

export function octetString(bytes: Uint8Array): Buffer {
  return element(0x04, bytes);
}

/** An object identifier in dots: `2.5.29.17`. Base 128, a leading bit on all digits but the last (X.690, 8.19). */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift(128 + (left % 128));
    return digits;
  });
  return element(0x06, Buffer.from(bytes));
}

export function utf8String(text: string): Buffer {
  return element(0x0c, Buffer.from(text));
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(0x30, ...parts);
}

export function set(...parts: readonly Uint8Array[]): Buffer {
  return element(0x31, ...parts);
}

/** A point in time, to the second: two digits of the year before 2050, four from then on (RFC 5280, 4.1.2.5). */
export function time(unixMilliseconds: number): Buffer {
  const digits = `${new Date(unixMilliseconds).toISOString().replaceAll(/[-:T]|\..*$/g, '')}Z`;
  return digits < '2050' ? element(0x17, Buffer.from(digits.slice(2))) : element(0x18, Buffer.from(digits));
}

/** A field in brackets with its own tag around it: `[3] EXPLICIT`. */
export function explicit(number: number, content: Uint8Array): Buffer {
  return element(0xa0 + number, content);
}

/** A field in brackets whose tag takes the place of its own: `[2] IMPLICIT IA5String`. */
export function implicit(number: number, content: Uint8Array): Buffer {
  return element(0x80 + number, content);
}
