import { homedir, hostname } from 'node:os';
import { type KisimError, systemErrorCode } from '../util/errors.ts';
import { isLoopback } from '../util/loopback.ts';
import type { Config } from './config.ts';
import { type ConfigHost, defaultConfig } from './defaults.ts';
import { configErrors } from './errors.ts';
import type { ConfigEntry, Origin } from './origin.ts';
import { settings } from './settings.ts';
import { environmentLayer, flagLayer } from './text-layers.ts';
import { dropInLayers, fileLayer, type Layer } from './yaml-layer.ts';

export interface ConfigFiles {
  readonly main: string;
  readonly dropIns: string;
}

export interface LoadConfigInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The options of a command as they are: `config`, `set` and `logLevel` are used. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly files?: ConfigFiles;
  readonly host?: ConfigHost;
}

export interface LoadedConfig {
  readonly config: Config;
  /** By key (`meter.interval-milliseconds`), and by entry for maps (`attribution.idle-watts.package-0`). */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Sentences about what is allowed but may not be meant. */
  readonly warnings: readonly string[];
}

export interface CheckedConfig {
  /** undefined where there are problems. */
  readonly loaded: LoadedConfig | undefined;
  readonly problems: readonly KisimError[];
  readonly warnings: readonly string[];
}

export const installedConfigFiles: ConfigFiles = {
  main: '/etc/kisimd/config.yaml',
  dropIns: '/etc/kisimd/config.d',
};

function homeDirectory(env: LoadConfigInput['env']): string | undefined {
  if (env['HOME']?.startsWith('/')) return env['HOME'];
  try {
    return homedir();
  } catch (error) {
    // A user id without an entry in the user database has no home.
    if (systemErrorCode(error) === 'ERR_SYSTEM_ERROR') return undefined;
    throw error;
  }
}

function thisHost(env: LoadConfigInput['env']): ConfigHost {
  return { hostname: hostname(), uid: process.getuid?.() ?? -1, homeDirectory: homeDirectory(env) };
}

function layersOf({ env, flags, files = installedConfigFiles }: LoadConfigInput): readonly Layer[] {
  const named = typeof flags['config'] === 'string' ? flags['config'] : env['KISIMD_CONFIG'];
  const set = Array.isArray(flags['set']) ? flags['set'].map(String) : [];
  const logLevel = typeof flags['logLevel'] === 'string' ? flags['logLevel'] : undefined;
  // A file asked for by name stands alone: drop-ins of the installed service would change it behind one's back.
  const fileLayers =
    named === undefined || named === ''
      ? [fileLayer(files.main, false), ...dropInLayers(files.dropIns)]
      : [fileLayer(named, true)];
  return [...fileLayers, environmentLayer(env), flagLayer(set, logLevel)];
}

function valueProblem({ named, entry, value, origin }: ConfigEntry): KisimError | undefined {
  const { setting } = named;
  const checked = setting.schema.safeParse(entry === undefined ? value : { [entry]: value });
  if (checked.success) return undefined;
  const key = entry === undefined ? named.key : `${named.key}.${entry}`;
  const found = `${key} is ${JSON.stringify(value) ?? String(value)} (${origin.where})`;
  return configErrors.KISIM_E_CONFIG_VALUE(found, {
    expected: setting.type,
    action: `correct the value of ${key} in ${origin.where}`,
  });
}

function conflictProblems(config: Config, origins: ReadonlyMap<string, Origin>): KisimError[] {
  const where = (key: string) => origins.get(key)?.where || 'default';
  if (config.meter.sources.includes('recorded') && config.meter.recording === undefined) {
    return [
      configErrors.KISIM_E_CONFIG_CONFLICT(
        `meter.sources (${where('meter.sources')}) names recorded, but meter.recording is not set`,
        { action: 'set meter.recording to the folder of a capture' },
      ),
    ];
  }
  return [];
}

function advice(config: Config): string[] {
  const warnings: string[] = [];
  if (config.export.enabled && !isLoopback(config.export.host)) {
    warnings.push(
      `export.host is ${config.export.host}: whoever reaches this machine can read names and power of its processes`,
    );
  }
  if (config.meter.recording !== undefined && !config.meter.sources.includes('recorded')) {
    warnings.push(
      'meter.recording is set, but meter.sources does not name recorded: the capture is not played',
    );
  }
  return warnings;
}

/**
 * Reads and checks the configuration and gathers every mistake. Later layers win: defaults, the main file,
 * `config.d/*.yaml` by name, environment, flags.
 */
export function checkConfig(input: LoadConfigInput): CheckedConfig {
  const layers = layersOf(input);
  const problems = layers.flatMap((layer) => layer.problems);
  const warnings = layers.flatMap((layer) => layer.warnings);
  const origins = new Map<string, Origin>(settings.map((row) => [row.key, { kind: 'default', where: '' }]));
  const merged = structuredClone(
    defaultConfig(input.env, input.host ?? thisHost(input.env)),
  ) as unknown as Record<string, Record<string, unknown>>;
  for (const entry of layers.flatMap((layer) => layer.entries)) {
    const problem = valueProblem(entry);
    if (problem !== undefined) {
      problems.push(problem);
      continue;
    }
    const { named } = entry;
    const section = merged[named.section];
    if (section === undefined) continue;
    if (entry.entry === undefined) {
      section[named.property] = named.setting.schema.parse(entry.value);
      origins.set(named.key, entry.origin);
    } else {
      section[named.property] = { ...(section[named.property] as object), [entry.entry]: entry.value };
      origins.set(named.key, entry.origin);
      origins.set(`${named.key}.${entry.entry}`, entry.origin);
    }
  }
  const config = merged as unknown as Config;
  if (problems.length === 0) problems.push(...conflictProblems(config, origins));
  if (problems.length > 0) return { loaded: undefined, problems, warnings };
  const allWarnings = [...warnings, ...advice(config)];
  return { loaded: { config, origins, warnings: allWarnings }, problems, warnings: allWarnings };
}

/**
 * The configuration in force. Throws a KISIM_E_CONFIG_... error; where there are several mistakes
 * KISIM_E_CONFIG_INVALID, which tells them all.
 *
 * @example
 * const { config } = loadConfig({ env: context.env, flags: context.options });
 */
export function loadConfig(input: LoadConfigInput): LoadedConfig {
  const { loaded, problems } = checkConfig(input);
  if (loaded !== undefined) return loaded;
  const [first, second] = problems;
  if (first !== undefined && second === undefined) throw first;
  throw configErrors.KISIM_E_CONFIG_INVALID(
    problems.map((problem) => `\n  - ${problem.message}, expected ${problem.expected}`).join(''),
    {
      cause: new AggregateError(problems),
    },
  );
}
