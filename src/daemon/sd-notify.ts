import type { Logger } from '../util/log.ts';
import type { Milliseconds } from '../util/units.ts';

/** Tells the service manager how the daemon does (sd_notify(3)). Does nothing where none listens. */
export class SystemdNotifier {
  readonly #send: (state: string) => boolean;
  readonly #log: Logger;
  readonly #watchdogEvery: Milliseconds | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param send the addon's `notify`
   * @param env WATCHDOG_USEC and WATCHDOG_PID as systemd sets them
   */
  constructor(
    send: (state: string) => boolean,
    env: Readonly<Record<string, string | undefined>>,
    log: Logger,
  ) {
    this.#send = send;
    this.#log = log;
    this.#watchdogEvery = watchdogPeriod(env);
  }

  /**
   * Ready; from here on the watchdog is fed at half its time, but only while `alive` says so: a meter that no
   * longer ticks is to be restarted, even if its event loop still turns.
   */
  ready(status: string, alive: () => boolean): void {
    this.#tell(`READY=1\nSTATUS=${status}`);
    if (this.#watchdogEvery === undefined) return;
    this.#timer = setInterval(() => {
      if (alive()) this.#tell('WATCHDOG=1');
      else this.#log.error('watchdog-not-fed', { because: 'no interval was measured in time' });
    }, this.#watchdogEvery / 2);
    this.#timer.unref();
  }

  status(text: string): void {
    this.#tell(`STATUS=${text}`);
  }

  stopping(): void {
    clearInterval(this.#timer);
    this.#tell('STOPPING=1');
  }

  #tell(state: string): void {
    try {
      this.#send(state);
    } catch (error) {
      this.#log.warn('notify-failed', { state, error });
    }
  }
}

function watchdogPeriod(env: Readonly<Record<string, string | undefined>>): Milliseconds | undefined {
  const microseconds = Number(env['WATCHDOG_USEC'] ?? Number.NaN);
  const forThisProcess = env['WATCHDOG_PID'] === undefined || Number(env['WATCHDOG_PID']) === process.pid;
  return Number.isFinite(microseconds) && microseconds > 0 && forThisProcess
    ? microseconds / 1000
    : undefined;
}
