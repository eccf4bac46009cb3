import type { Logger } from '../util/log.ts';

/** A part of the daemon with a life of its own. */
export interface Service {
  readonly name: string;
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
}

/**
 * Starts services in order; when one fails, those already started are stopped in reverse order and its error is
 * thrown. `stop` stops all of them in reverse order, each whatever the others do.
 */
export class Supervisor {
  readonly #log: Logger;
  readonly #started: Service[] = [];

  constructor(log: Logger) {
    this.#log = log;
  }

  async start(services: readonly Service[]): Promise<void> {
    for (const service of services) {
      try {
        await service.start();
      } catch (error) {
        await this.stop();
        throw error;
      }
      this.#started.push(service);
      this.#log.debug('service-started', { service: service.name });
    }
  }

  /** Resolves to the names of the services that could not be stopped cleanly. */
  async stop(): Promise<string[]> {
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
