import type { Config } from '../../config/config.ts';
import { durationIn } from '../../config/duration-setting.ts';
import { loadConfig } from '../../config/load.ts';
import type { StateStore } from '../../daemon/metering.ts';
import { Ledger } from '../../export/ledger.ts';
import type { NowSnapshot } from '../../export/now-snapshot.ts';
import type { EntityKind } from '../../inventory/entity.ts';
import { systemClock } from '../../util/clock.ts';
import { KisimError } from '../../util/errors.ts';
import { createLogger, type LogFields, type Logger } from '../../util/log.ts';
import type { CommandContext } from '../command.ts';
import { DaemonClient } from '../daemon-client.ts';
import { cliErrors } from '../errors.ts';
import { runLiveTop } from '../top/live.ts';
import {
  DaemonPlacement,
  onlyRemark,
  type PlacementSource,
  SimulatedSource,
  sourceLines,
} from '../top/placement-source.ts';
import { jsonLine, type PlainView, plainTable } from '../top/plain.ts';
import { DaemonSource, MeterSource, type SnapshotSource } from '../top/snapshot-source.ts';
import { initialView, type SortKey } from '../top/view-state.ts';
import { version } from '../version.ts';

/** `kisimd top`. Resolves to the exit status. */
export async function runTop(context: CommandContext): Promise<number> {
  const { options, stdout, stdin, env, signal } = context;
  const interval = options['interval'];
  const set = Array.isArray(options['set']) ? options['set'].map(String) : [];
  const shortcut = interval === undefined ? [] : [`meter.interval-milliseconds=${String(interval)}`];
  const { config } = loadConfig({ env, flags: { ...options, set: [...shortcut, ...set] } });
  const json = options['json'] === true;
  const live =
    stdout.isTTY === true &&
    stdin.isTTY === true &&
    !json &&
    options['plain'] !== true &&
    env['TERM'] !== 'dumb';
  const view: PlainView = {
    group: options['by'] as EntityKind,
    sort: options['sort'] as SortKey,
    filter: typeof options['filter'] === 'string' ? options['filter'] : '',
    limit: positiveInteger(options['limit'], '--limit') ?? Number.MAX_SAFE_INTEGER,
  };
  const count = positiveInteger(options['count'], '--count');
  // Lines on stderr would run through the picture: there the last event is shown in its foot.
  const events = new LastEvent();
  const log = live ? events : createLogger(options['logLevel'] === undefined ? 'error' : config.log.level);
  const every = everyMilliseconds(interval);
  const source = await chooseSource(config, log, options['ownMeter'] === true, every);
  const placement =
    options['placement'] === true
      ? await choosePlacement(config, log, source instanceof DaemonSource, every, env)
      : undefined;
  await placement?.start();
  try {
    if (live) {
      const colour = env['NO_COLOR'] === undefined || env['NO_COLOR'] === '';
      await runLiveTop(context, source, {
        view: { ...initialView, ...view },
        colour,
        count,
        notice: () => events.text,
        ...(placement === undefined ? {} : { placement: () => sourceLines(placement) }),
      });
    } else {
      const print = (snapshot: NowSnapshot) => {
        // Asked for and not there is null.
        const beside = placement === undefined ? undefined : (placement.view ?? null);
        stdout.write(
          json ? jsonLine(snapshot, view, beside) : plainTable(snapshot, view, sourceLines(placement)),
        );
      };
      await runPlainTop(source, print, {
        count,
        signal,
        onTrouble: (trouble) => log.error('top', { trouble }),
      });
    }
  } finally {
    await placement?.stop();
  }
  return 0;
}

/** Hands on each snapshot until the count or the signal. */
export async function runPlainTop(
  source: SnapshotSource,
  print: (snapshot: NowSnapshot) => void,
  options: {
    readonly count: number | undefined;
    readonly signal: AbortSignal;
    readonly onTrouble: (notice: string) => void;
  },
): Promise<void> {
  const { count, signal, onTrouble } = options;
  if (signal.aborted) return;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  signal.addEventListener('abort', finish);
  let printed = 0;
  const onSnapshot = (snapshot: NowSnapshot) => {
    if (printed === count || signal.aborted) return;
    print(snapshot);
    if (++printed === count) finish();
  };
  try {
    await source.start(onSnapshot, onTrouble);
    await finished;
  } finally {
    signal.removeEventListener('abort', finish);
    await source.stop();
  }
}

const DEFAULT_EVERY_MILLISECONDS = 1000;

function everyMilliseconds(interval: unknown): number {
  if (interval === undefined) return DEFAULT_EVERY_MILLISECONDS;
  return durationIn('milliseconds', String(interval)) ?? Number(interval);
}

async function chooseSource(
  config: Config,
  log: Logger,
  ownMeter: boolean,
  everyMilliseconds: number,
): Promise<SnapshotSource> {
  const client = new DaemonClient(config.export);
  if (!ownMeter && config.export.enabled) {
    try {
      await client.now();
      return new DaemonSource(client, everyMilliseconds);
    } catch (error) {
      if (!(error instanceof KisimError)) throw error;
      // Something else listens there (Kepler has the same port by default): worth telling, no reason to stop.
      if (error.code !== 'KISIM_E_CLI_NO_DAEMON') log.warn('daemon-not-usable', { error });
    }
  }
  const { createMetering } = await import('../../daemon/create-metering.ts');
  const { isEntityAlive } = await import('../../export/exporter.ts');
  const ledger = new Ledger({
    zeroEnergyProcesses: true,
    isAlive: (entity) => isEntityAlive(config.roots.proc, entity),
  });
  const identity = { nodeName: config.node.name, version: version() };
  const state = await learnedState(config, log);
  return new MeterSource(createMetering(config, { clock: systemClock, log, state }), identity, ledger);
}

/** The daemon's loop; without a daemon one on the simulated cluster. A real cluster is the daemon's alone to place in. */
async function choosePlacement(
  config: Config,
  log: Logger,
  hasDaemon: boolean,
  everyMilliseconds: number,
  env: CommandContext['env'],
): Promise<PlacementSource> {
  if (hasDaemon) return new DaemonPlacement(new DaemonClient(config.export), everyMilliseconds);
  const { createPlacement, noSink } = await import('../../daemon/placement/create-placement.ts');
  const { placementView } = await import('../../daemon/placement/placement-view.ts');
  const { SimulatedPlacement } = await import('../../daemon/placement/simulated-placement.ts');
  const placement = createPlacement(config, { sink: noSink, clock: systemClock, log, env });
  if (placement === undefined) return onlyRemark('is off (placement.cluster)');
  if (!(placement instanceof SimulatedPlacement))
    return onlyRemark('a cluster is configured: `kisimd run` places its pods');
  return new SimulatedSource(placement, () => placementView(placement));
}

/** What a daemon has learned of idle power, if its history can be read here. Read only: keeping it is the daemon's. */
async function learnedState(config: Config, log: Logger): Promise<StateStore> {
  const { openHistoryReader } = await import('../../history/reader.ts');
  return {
    loadState: (key) => {
      try {
        const reader = openHistoryReader(config.history.path);
        try {
          return reader.loadState(key);
        } finally {
          reader.close();
        }
      } catch (error) {
        if (!(error instanceof KisimError)) throw error;
        log.debug('no-learned-state', { error });
        return undefined;
      }
    },
    saveState: () => undefined,
  };
}

function positiveInteger(value: unknown, option: string): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw cliErrors.KISIM_E_USAGE(`${option} ${String(value)}`, {
    action: `give ${option} a whole number above 0`,
  });
}

/** Keeps the last warning or error. */
class LastEvent implements Logger {
  text = '';

  debug(): void {
    // Not for a person who watches a table.
  }

  info(): void {
    // Nor this.
  }

  warn(event: string, fields?: LogFields): void {
    this.#keep(event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.#keep(event, fields);
  }

  #keep(event: string, fields: LogFields = {}): void {
    const values = Object.values(fields).map((value) =>
      value instanceof Error ? value.message : String(value),
    );
    this.text = [event, ...values].join(': ');
  }
}
