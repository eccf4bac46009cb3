import { X509Certificate } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { systemErrorCode } from '../../util/errors.ts';
import type { Milliseconds } from '../../util/units.ts';
import { describeCause } from '../describe-cause.ts';
import { hostOf, type KeyPair, makeAuthority, makeServerCertificate } from './certificate.ts';
import { certificateErrors } from './errors.ts';

const DAY: Milliseconds = 86_400_000;
/** The authority is in the webhook's configuration in the cluster, so that a new one takes a new `kisimd setup`. */
const AUTHORITY_DAYS = 3650;
const AUTHORITY_RENEWED_DAYS = 365;
/** The daemon renews the server's certificate by itself, long before its end. */
const SERVER_DAYS = 90;
const SERVER_RENEWED_DAYS = 30;
/** Clocks of two machines differ a little. */
const BACKDATED: Milliseconds = 3_600_000;

const AUTHORITY_FILE = 'authority.pem';
const SERVER_FILE = 'server.pem';

/** Where the certificates are kept: as configured, else beside the history, in a folder that is the daemon's own. */
export function webhookFolder({ kubernetes, history }: Pick<Config, 'kubernetes' | 'history'>): string {
  return kubernetes.webhookFolder ?? join(dirname(history.path), 'webhook');
}

export interface FolderState {
  /** For the configuration in the cluster: the certificate of the authority alone, PEM. */
  readonly authority: string;
  readonly server: KeyPair;
  readonly host: string;
  readonly serverExpires: Milliseconds;
  readonly authorityExpires: Milliseconds;
}

/**
 * Certificates of the webhook that gates pods, in a folder that only their owner may enter. Certificate and key of each are
 * in one file, put in place by rename, so that no reader ever has one without the other.
 */
export class CertificateFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * What is there; undefined where nothing is.
   *
   * @throws KISIM_E_WEBHOOK_CERTIFICATES for what cannot be read or is no certificate of this program
   */
  read(): FolderState | undefined {
    const authority = this.#pair(AUTHORITY_FILE);
    const server = this.#pair(SERVER_FILE);
    if (authority === undefined || server === undefined) return undefined;
    const [signer, certificate] = [this.#parsed(authority), this.#parsed(server)];
    const host = hostOf(certificate);
    if (host === undefined || !certificate.checkIssued(signer) || !certificate.verify(signer.publicKey))
      throw certificateErrors.KISIM_E_WEBHOOK_CERTIFICATES(
        `${join(this.path, SERVER_FILE)}: not signed by the authority beside it`,
      );
    return {
      authority: authority.certificate,
      server,
      host,
      serverExpires: Date.parse(certificate.validTo),
      authorityExpires: Date.parse(signer.validTo),
    };
  }

  /**
   * What is there, made or made anew where it is missing, damaged, for another host or about to end.
   *
   * @param host by which the API server reaches the webhook
   * @returns also whether the authority is a new one, which the cluster must be told of
   * @throws KISIM_E_WEBHOOK_CERTIFICATES where the folder cannot be written
   */
  prepare(host: string, now: Milliseconds): FolderState & { readonly isNewAuthority: boolean } {
    const found = this.#readable();
    const keep = found !== undefined && found.authorityExpires - now > AUTHORITY_RENEWED_DAYS * DAY;
    if (keep && sameHost(found.host, host) && !isDue(found, now)) return { ...found, isNewAuthority: false };
    this.#make();
    const kept = keep ? this.#pair(AUTHORITY_FILE) : undefined;
    const authority = kept ?? this.#newAuthority(now);
    this.#write(SERVER_FILE, newServer(authority, host, now));
    return { ...this.read()!, isNewAuthority: kept === undefined };
  }

  /**
   * Renews the server's certificate in its last month, under the authority that the cluster knows. To be called now and then.
   *
   * @returns whether it did
   * @throws KISIM_E_WEBHOOK_CERTIFICATES
   */
  renew(now: Milliseconds): boolean {
    const found = this.read();
    if (found === undefined || !isDue(found, now)) return false;
    this.#write(SERVER_FILE, newServer(this.#pair(AUTHORITY_FILE)!, found.host, now));
    return true;
  }

  #newAuthority(now: Milliseconds): KeyPair {
    const validity = { from: now - BACKDATED, until: now + AUTHORITY_DAYS * DAY };
    // A name of its own: two authorities of one name could be taken for each other.
    const authority = makeAuthority(`kisimd webhook ${new Date(now).toISOString()}`, validity);
    this.#write(AUTHORITY_FILE, authority);
    return authority;
  }

  /** As `read`; what is damaged counts as nothing, as it is about to be made anew. */
  #readable(): FolderState | undefined {
    try {
      return this.read();
    } catch (error) {
      if (systemErrorCode(error) === NOT_USABLE) return undefined;
      throw error;
    }
  }

  #pair(file: string): KeyPair | undefined {
    const path = join(this.path, file);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      if (systemErrorCode(cause) === 'ENOENT') return undefined;
      throw unusable(path, cause);
    }
    const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/.exec(text)?.[0];
    const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n/.exec(text)?.[0];
    if (certificate === undefined || key === undefined)
      throw certificateErrors.KISIM_E_WEBHOOK_CERTIFICATES(`${path}: not a certificate with its key`);
    return { certificate, key };
  }

  #parsed({ certificate }: KeyPair): X509Certificate {
    try {
      return new X509Certificate(certificate);
    } catch (cause) {
      throw unusable(this.path, cause);
    }
  }

  #make(): void {
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
      chmodSync(this.path, 0o700);
      givenToOwnerOf(dirname(this.path), this.path);
    } catch (cause) {
      throw unusable(this.path, cause);
    }
  }

  #write(file: string, { certificate, key }: KeyPair): void {
    const path = join(this.path, file);
    try {
      writePrivately(path, certificate + key);
    } catch (cause) {
      throw unusable(path, cause);
    }
  }
}

/** A file that only its owner may read, whole or not at all. Root makes it for the owner of the folder: a service's own user. */
export function writePrivately(path: string, text: string): void {
  const fresh = `${path}.kisimd-new`;
  writeFileSync(fresh, text, { mode: 0o600 });
  // The mode above holds for a new file only.
  chmodSync(fresh, 0o600);
  givenToOwnerOf(dirname(path), fresh);
  renameSync(fresh, path);
}

function givenToOwnerOf(folder: string, path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(folder);
  chownSync(path, uid, gid);
}

const NOT_USABLE = certificateErrors.KISIM_E_WEBHOOK_CERTIFICATES('').code;

function unusable(path: string, cause: unknown): Error {
  return certificateErrors.KISIM_E_WEBHOOK_CERTIFICATES(`${path}: ${describeCause(cause)}`, { cause });
}

function newServer(authority: KeyPair, host: string, now: Milliseconds): KeyPair {
  return makeServerCertificate(authority, host, { from: now - BACKDATED, until: now + SERVER_DAYS * DAY });
}

function isDue({ serverExpires }: FolderState, now: Milliseconds): boolean {
  return serverExpires - now < SERVER_RENEWED_DAYS * DAY;
}

/** Addresses have several forms. */
function sameHost(a: string, b: string): boolean {
  if (isIP(a) !== 6 || isIP(b) !== 6) return a === b;
  return new URL(`http://[${a}]`).hostname === new URL(`http://[${b}]`).hostname;
}
