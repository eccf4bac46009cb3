import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import type { Milliseconds } from '../../util/units.ts';
import {
  bitString,
  derTrue,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

/** A certificate with its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Validity {
  readonly from: Milliseconds;
  readonly until: Milliseconds;
}

const id = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
};

/** RFC 5280, 4.2.1.3: bits count from the most significant one, and zeros at the end are left out. */
const signsCertificatesAndLists = bitString(Buffer.from([0b0000_0110]), 1);
const signsData = bitString(Buffer.from([0b1000_0000]), 7);

/**
 * A new authority that signs certificates of servers and no further authorities (RFC 5280; ECDSA on P-256 with SHA-256, which
 * every TLS library takes).
 */
export function makeAuthority(name: string, validity: Validity): KeyPair {
  const { publicKey, privateKey } = newKeys();
  const pathLengthZero = integer(Buffer.from([0]));
  return made(privateKey, {
    issuer: name,
    subject: name,
    validity,
    publicKey,
    issuerKey: privateKey,
    extensions: [
      extension(id.basicConstraints, sequence(derTrue, pathLengthZero), 'critical'),
      extension(id.keyUsage, signsCertificatesAndLists, 'critical'),
      extension(id.subjectKeyIdentifier, octetString(keyIdentifier(publicKey))),
    ],
  });
}

/**
 * A certificate of a TLS server, with a key of its own, signed by an authority that `makeAuthority` made.
 *
 * @param host the name or address by which clients reach it
 */
export function makeServerCertificate(authority: KeyPair, host: string, validity: Validity): KeyPair {
  const { publicKey, privateKey } = newKeys();
  const issuerKey = createPrivateKey(authority.key);
  const issuer = commonNameOf(new X509Certificate(authority.certificate));
  return made(privateKey, {
    issuer,
    // Clients look at the alternative names alone; a common name has room for 64 characters only.
    subject: host.length <= 64 ? host : 'server',
    validity,
    publicKey,
    issuerKey,
    extensions: [
      extension(id.basicConstraints, sequence(), 'critical'),
      extension(id.keyUsage, signsData, 'critical'),
      extension(id.extendedKeyUsage, sequence(objectIdentifier(id.serverAuthentication))),
      extension(id.subjectAlternativeName, sequence(alternativeName(host))),
      extension(id.subjectKeyIdentifier, octetString(keyIdentifier(publicKey))),
      extension(
        id.authorityKeyIdentifier,
        sequence(implicit(0, keyIdentifier(createPublicKey(authority.certificate)))),
      ),
    ],
  });
}

/** Of a certificate that `makeServerCertificate` made: the host that it is for. */
export function hostOf(certificate: X509Certificate): string | undefined {
  return /^(?:DNS|IP Address):(.+)$/.exec(certificate.subjectAltName ?? '')?.[1];
}

function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

interface Contents {
  readonly issuer: string;
  readonly subject: string;
  readonly validity: Validity;
  readonly publicKey: KeyObject;
  readonly issuerKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

/** RFC 5280, 4.1. */
function made(
  privateKey: KeyObject,
  { issuer, subject, validity, publicKey, issuerKey, extensions }: Contents,
): KeyPair {
  const algorithm = sequence(objectIdentifier(id.ecdsaWithSha256));
  const version3 = explicit(0, integer(Buffer.from([2])));
  const toBeSigned = sequence(
    version3,
    serialNumber(),
    algorithm,
    nameOf(issuer),
    sequence(time(validity.from), time(validity.until)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  const signature = sign('sha256', toBeSigned, issuerKey);
  return {
    certificate: pem('CERTIFICATE', sequence(toBeSigned, algorithm, bitString(signature))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** At most 20 bytes and not zero (RFC 5280, 4.1.2.2). */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = 0x40 | (bytes[0]! & 0x3f);
  return integer(bytes);
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier(id.commonName), utf8String(commonName))));
}

function commonNameOf({ subject }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? '';
}

function extension(identifier: string, content: Buffer, critical?: 'critical'): Buffer {
  return sequence(
    objectIdentifier(identifier),
    ...(critical === undefined ? [] : [derTrue]),
    octetString(content),
  );
}

/** dNSName [2], iPAddress [7] (RFC 5280, 4.2.1.6). */
function alternativeName(host: string): Buffer {
  return isIP(host) === 0 ? implicit(2, Buffer.from(host, 'latin1')) : implicit(7, addressBytes(host));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  // The URL parser writes every form of an IPv6 address in one way, the last 32 bits as two groups too.
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = plain.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return Buffer.from(
    [...before, ...zeros, ...after].flatMap((group) => {
      const number = Number.parseInt(group, 16);
      return [number >> 8, number & 0xff];
    }),
  );
}

/** RFC 5280, 4.2.1.2, method 1: of the bits of the key, which in P-256 are the last 65 bytes of its encoding. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const encoded = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha1').update(encoded.subarray(-65)).digest();
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
