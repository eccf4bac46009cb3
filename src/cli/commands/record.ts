import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { CAPTURE_FILE } from '../../meter/capture-format.ts';
import { configuredCandidates } from '../../meter/configured-sources.ts';
import { HostBusyTime } from '../../meter/host-busy-time.ts';
import { EnergyRecorder } from '../../meter/recorder.ts';
import { openSources } from '../../meter/select.ts';
import { systemClock } from '../../util/clock.ts';
import { parseDuration } from '../../util/duration.ts';
import { type KisimError, systemErrorCode } from '../../util/errors.ts';
import { createLogger } from '../../util/log.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { progressLine } from '../record/progress-line.ts';
import { type Progress, takeReadings } from '../record/take-readings.ts';

/**
 * `kisimd record FOLDER`. Resolves to the exit status; what was recorded before an error is kept.
 *
 * Throws KISIM_E_CLI_CAPTURE_FOLDER, KISIM_E_METER_NO_SOURCE, KISIM_E_METER_PROC_STAT, KISIM_E_METER_RECORDING_WRITE.
 */
export async function runRecord(context: CommandContext): Promise<number> {
  const { args, options, env, stdout, stderr, signal } = context;
  const forMilliseconds = lengthOf(options['for']);
  const set = Array.isArray(options['set']) ? options['set'].map(String) : [];
  const interval = options['interval'];
  const shortcut = interval === undefined ? [] : [`meter.interval-milliseconds=${String(interval)}`];
  const { config } = loadConfig({ env, flags: { ...options, set: [...shortcut, ...set] } });
  const folder = resolve(String(args[0]));
  refuseUsedFolder(folder);

  const log = createLogger(options['logLevel'] === undefined ? 'error' : config.log.level);
  const { sources } = openSources(configuredCandidates(config, { clock: systemClock, log }));
  // A disk that fills ends the readings, with a last one that goes nowhere.
  const ending = new AbortController();
  let failure: KisimError | undefined;
  const recorder = new EnergyRecorder({
    folder,
    sources,
    onFailure: (error) => {
      failure = error;
      ending.abort();
    },
  });
  const live = stderr.isTTY === true && options['json'] !== true;
  let progress: Progress;
  try {
    recorder.open();
    progress = await takeReadings({
      clock: systemClock,
      host: new HostBusyTime(config.roots.proc),
      recorder,
      intervalMilliseconds: config.meter.intervalMilliseconds,
      forMilliseconds,
      signal: AbortSignal.any([signal, ending.signal]),
      onReading: (now) => {
        if (live) stderr.write(`\r\x1b[K${progressLine(now, forMilliseconds)}`);
      },
    });
  } finally {
    recorder.close();
    for (const source of sources) source.close();
    if (live) stderr.write('\r\x1b[K');
  }
  if (failure !== undefined) throw failure;

  const zones = sources.flatMap((source) => source.zones()).map(({ id }) => id);
  const seconds = progress.elapsedNanoseconds / 1e9;
  const names = sources.map(({ name }) => name);
  if (options['json'] === true) {
    const told = {
      file: join(folder, CAPTURE_FILE),
      sources: names,
      zones,
      readings: progress.readings,
      seconds,
    };
    stdout.write(`${JSON.stringify(told)}\n`);
  } else {
    stdout.write(
      `${progress.readings} readings of ${zones.join(', ')} in ${seconds.toFixed(1)} s, read by ${names.join(', ')}\n` +
        `to play them: kisimd run --set meter.sources=recorded --set meter.recording=${folder}\n`,
    );
  }
  return 0;
}

function lengthOf(text: unknown): Milliseconds | undefined {
  if (text === undefined) return undefined;
  const milliseconds = parseDuration(String(text));
  if (milliseconds > 0) return milliseconds;
  throw cliErrors.KISIM_E_USAGE(`--for ${String(text)}`, {
    action: 'give --for a duration above 0, such as 60s',
  });
}

/** Before any source is opened. That nobody else takes the place in between is seen to by the recorder. */
function refuseUsedFolder(folder: string): void {
  let entries: string[];
  try {
    entries = readdirSync(folder);
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === 'ENOENT') return;
    throw cliErrors.KISIM_E_CLI_CAPTURE_FOLDER(`${folder} (${code ?? String(cause)})`, { cause });
  }
  if (entries.length > 0) {
    throw cliErrors.KISIM_E_CLI_CAPTURE_FOLDER(
      `${folder} holds ${entries[0]}${entries.length > 1 ? ' and more' : ''}`,
    );
  }
}
