import { fileURLToPath } from 'node:url';
import { GuestPodsSink } from '../attribution/guest-pods-sink.ts';
import type { IntervalSink } from '../attribution/interval.ts';
import type { Config } from '../config/config.ts';
import { Exporter } from '../export/exporter.ts';
import { History } from '../history/history.ts';
import { loadAddon } from '../native/addon.ts';
import { AUTO } from '../policy/learned/automatic-policy.ts';
import { ModelStore } from '../policy/learned/model-store.ts';
import { type Clock, systemClock } from '../util/clock.ts';
import type { Logger } from '../util/log.ts';
import { createMetering } from './create-metering.ts';
import { daemonErrors } from './errors.ts';
import type { Metering } from './metering.ts';
import { ModelWatch } from './models/model-watch.ts';
import { PolicyReview } from './models/policy-review.ts';
import { quietProgram } from './models/quiet-process.ts';
import { Retraining } from './models/retraining.ts';
import { createPlacement, noSink } from './placement/create-placement.ts';
import { readHostIdentity } from './placement/host-identity.ts';
import { MeteredCounters } from './placement/metered-counters.ts';
import { placementView } from './placement/placement-view.ts';
import { followsModels, modelFolder } from './placement/policies.ts';
import { SystemdNotifier } from './sd-notify.ts';
import { type Service, Supervisor } from './supervisor.ts';

export interface DaemonDependencies {
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** Of this program. */
  readonly version: string;
}

/** The program itself, for what it does in processes of their own. */
const mainPath = fileURLToPath(new URL('../main.ts', import.meta.url));

/** The meter counts as dead after so many intervals without a tick, and not sooner than two seconds. */
const DEAD_AFTER_INTERVALS = 5;
const DEAD_AT_LEAST_NANOSECONDS = 2e9;

/** Puts the parts together, starts them in order, and stops them in reverse. Builds nothing before `start`. */
export class Daemon {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #version: string;
  readonly #env: DaemonDependencies['env'];
  readonly #notifier: SystemdNotifier;
  readonly #supervisor: Supervisor;

  constructor(config: Config, { log, env, version, clock = systemClock }: DaemonDependencies) {
    this.#config = config;
    this.#log = log;
    this.#clock = clock;
    this.#version = version;
    this.#env = env;
    this.#notifier = new SystemdNotifier((state) => loadAddon().notify(state), env, log);
    this.#supervisor = new Supervisor(log);
  }

  /** Resolves once the first scan is made and the port listens. Throws coded errors, with nothing left running. */
  async start(): Promise<void> {
    const config = this.#config;
    const log = this.#log;
    const clock = this.#clock;
    const history = config.history.enabled ? new History({ config: config.history, log, clock }) : undefined;
    let metering: Metering | undefined;
    const counters = new MeteredCounters({ host: readHostIdentity(config), clock, log });
    const sinks: IntervalSink[] = [];
    const guestPods = new GuestPodsSink({ next: sinks, nodeOf: (guest) => counters.nodeOf(guest), log });
    // Made before anything is started: an unknown policy is told at once.
    const models = new ModelWatch({
      store: new ModelStore(modelFolder(config.history)),
      log,
      keepsNotes: history !== undefined,
    });
    const placement = createPlacement(config, {
      modelChanges: models,
      sink: history ?? noSink,
      records: history,
      clock,
      log,
      env: this.#env,
      host: { counters, guestPods },
    });
    const exporter = config.export.enabled
      ? new Exporter({
          config,
          clock,
          log,
          version: this.#version,
          status: () => statusOf(metering, history),
          isAlive: (entity) => guestPods.isAlive(entity) ?? metering?.isAlive(entity) ?? true,
          ...(placement === undefined ? {} : { placement: () => placementView(placement) }),
        })
      : undefined;

    for (const sink of [history, exporter]) if (sink !== undefined) sinks.push(sink);
    const services: Service[] = [];
    if (history !== undefined) {
      services.push({
        name: 'history',
        start: () => history.open(),
        stop: () => {
          if (history.close()) return;
          const { lastError = 'no reason was told', backlogBatches, droppedSeconds } = history.status;
          throw daemonErrors.KISIM_E_DAEMON_HISTORY_LOST(
            `${backlogBatches + droppedSeconds} seconds are lost: ${lastError}`,
          );
        },
      });
    }
    if (exporter !== undefined) {
      services.push({
        name: 'export',
        start: async () => {
          const { address, port } = await exporter.start();
          log.info('listening', { address, port });
        },
        stop: () => exporter.stop(),
      });
    }
    services.push({
      name: 'metering',
      start: () => {
        metering = createMetering(config, {
          clock,
          log,
          ...(history === undefined ? {} : { state: history }),
        });
        metering.addSink(counters);
        metering.addSink(guestPods);
        metering.start();
      },
      stop: () => metering?.stop(),
    });
    if (placement !== undefined) {
      if (followsModels(config.placement.policy)) services.push(models);
      services.push(placement);
      if (history !== undefined && config.placement.policy === AUTO) {
        const { cluster } = placement.status;
        services.push(new PolicyReview({ config, cluster, log, start: quietProgram(mainPath) }));
      }
      if (history !== undefined && config.training.scheduleHours > 0)
        services.push(
          new Retraining({
            config,
            log,
            now: () => new Date(),
            startTraining: quietProgram(mainPath),
          }),
        );
    }

    await this.#supervisor.start(services);
    log.info('ready', { intervalMilliseconds: config.meter.intervalMilliseconds, node: config.node.name });
    this.#notifier.ready(`metering every ${config.meter.intervalMilliseconds} ms`, () =>
      this.#alive(metering),
    );
  }

  /** Resolves to false where a part could not be stopped cleanly. */
  async stop(): Promise<boolean> {
    this.#notifier.stopping();
    const failed = await this.#supervisor.stop();
    this.#log.info('stopped', { failed });
    return failed.length === 0;
  }

  #alive(metering: Metering | undefined): boolean {
    const last = metering?.status().lastTickMonotonicNanoseconds;
    if (last === undefined) return false;
    const allowed = Math.max(
      DEAD_AT_LEAST_NANOSECONDS,
      DEAD_AFTER_INTERVALS * this.#config.meter.intervalMilliseconds * 1e6,
    );
    return this.#clock.monotonicNanoseconds() - last < allowed;
  }
}

function statusOf(metering: Metering | undefined, history: History | undefined) {
  const status = metering?.status();
  return {
    ...(status === undefined ? {} : { lateTicks: status.lateTicks }),
    ...(status?.scanner === undefined ? {} : { scanner: status.scanner }),
    ...(history === undefined
      ? {}
      : {
          history: {
            backlogBatches: history.status.backlogBatches,
            droppedSeconds: history.status.droppedSeconds,
          },
        }),
  };
}
