import type { Logger } from '../util/log.ts';
import { daemonErrors } from './errors.ts';

/** A part of the daemon with a life of its own. */
export interface Service {
  readonly name: string;
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
}

/**
 * Starts services in order; when one fails, those already started are stopped in reverse order and its error is
 * thrown. `stop` stops all of them in reverse order, each whatever the others do; a `stop` during the start waits
 * for the service that is just starting, stops it too, and lets no further one start.
 *
 * @example
 * const supervisor = new Supervisor(log);
 * await supervisor.start([history, metering]);
 * const failed = await supervisor.stop();
 */
export class Supervisor {
  readonly #log: Logger;
  readonly #started: Service[] = [];
  #starting: Promise<void> | undefined;
  #stopWanted = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @throws what a service throws; KISIM_E_DAEMON_STOPPED where `stop` came in between */
  async start(services: readonly Service[]): Promise<void> {
    this.#stopWanted = false;
    this.#starting = this.#startAll(services);
    try {
      await this.#starting;
    } catch (error) {
      await this.#stopAll();
      throw error;
    } finally {
      this.#starting = undefined;
    }
  }

  /** Resolves to the names of the services that could not be stopped cleanly. */
  async stop(): Promise<string[]> {
    this.#stopWanted = true;
    // Its error belongs to whoever called `start`.
    await this.#starting?.catch(() => undefined);
    return this.#stopAll();
  }

  async #startAll(services: readonly Service[]): Promise<void> {
    for (const service of services) {
      if (this.#stopWanted) throw daemonErrors.KISIM_E_DAEMON_STOPPED(`before ${service.name} was started`);
      await service.start();
      this.#started.push(service);
      this.#log.debug('service-started', { service: service.name });
    }
    if (this.#stopWanted) throw daemonErrors.KISIM_E_DAEMON_STOPPED('before the start was complete');
  }

  async #stopAll(): Promise<string[]> {
    const failed: string[] = [];
    for (let service = this.#started.pop(); service !== undefined; service = this.#started.pop()) {
      try {
        await service.stop();
      } catch (error) {
        failed.push(service.name);
        this.#log.error('service-stop-failed', { service: service.name, error });
      }
    }
    return failed;
  }
}
