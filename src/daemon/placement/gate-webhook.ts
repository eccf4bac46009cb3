import type { LoopTime } from '../../controller/ports.ts';
import { CertificateFolder, webhookFolder } from '../../kubernetes/certificates/certificate-folder.ts';
import { GateWebhookServer } from '../../kubernetes/gate-webhook-server.ts';
import { WEBHOOK_PATH } from '../../kubernetes/names.ts';
import type { Logger } from '../../util/log.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { Service } from '../supervisor.ts';
import type { Extra } from './live-parts.ts';

/** How often the folder is looked at: a set-up that comes after the daemon is noticed, and so is another certificate. */
const LOOK_MILLISECONDS: Milliseconds = 60_000;

export interface GateWebhookOptions {
  /** Of the certificates, as `kisimd setup` leaves it. */
  readonly folder: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Whether pods are held now: not where nobody here would free them. */
  readonly gating: () => boolean;
  readonly time: LoopTime;
  readonly log: Logger;
}

/**
 * Serves the webhook that gates pods while there are certificates for it, renews the server's certificate in its last month and
 * takes up one that `kisimd setup` has made anew. What is wrong is told and looked at again: without it pods are made as ever.
 */
export class GateWebhook implements Service {
  readonly name = 'gate-webhook';
  readonly #options: GateWebhookOptions;
  readonly #folder: CertificateFolder;
  #server: GateWebhookServer | undefined;
  #port: number | undefined;
  /** The certificate that is served. */
  #serves: string | undefined;
  #cancelLook: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: GateWebhookOptions) {
    this.#options = options;
    this.#folder = new CertificateFolder(options.folder);
  }

  /** Where it listens; undefined while it does not. */
  get port(): number | undefined {
    return this.#port;
  }

  async start(): Promise<void> {
    this.#looking = this.#look();
    await this.#looking;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelLook?.();
    await this.#looking;
    await this.#server?.stop();
    this.#server = undefined;
    this.#port = undefined;
  }

  async #look(): Promise<void> {
    const { time, log } = this.#options;
    try {
      await this.#update();
    } catch (error) {
      log.error('webhook-not-served', { error });
    }
    if (this.#isStopped) return;
    this.#cancelLook = time.after(LOOK_MILLISECONDS, () => {
      this.#looking = this.#look();
    });
  }

  async #update(): Promise<void> {
    const { host, port, gating, time, log } = this.#options;
    const now = time.unixMilliseconds();
    if (this.#folder.renew(now)) log.info('webhook-certificate-renewed', { folder: this.#folder.path });
    const found = this.#folder.read();
    if (found === undefined || found.server.certificate === this.#serves) return;
    const { certificate, key } = found.server;
    if (this.#server !== undefined) this.#server.renew({ certificate, key });
    else {
      const server = new GateWebhookServer({ host, port, path: WEBHOOK_PATH, certificate, key, gating, log });
      const address = await server.start();
      this.#server = server;
      this.#port = address.port;
      log.info('webhook-listens', { host, port: address.port, name: found.host });
    }
    this.#serves = certificate;
  }
}

/** Beside the placement loop, where the leader alone frees pods, and none where placement is stopped. */
export const gateWebhook: Extra = ({ config, leadership, paused, time, log }) =>
  new GateWebhook({
    folder: webhookFolder(config),
    host: config.kubernetes.webhookHost,
    port: config.kubernetes.webhookPort,
    gating: () => leadership.isLeader && paused.reason === undefined,
    time,
    log,
  });
