import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, isAlias, isMap, isScalar, LineCounter, type Pair, parseDocument, visit } from 'yaml';
import { type KisimError, systemErrorCode } from '../util/errors.ts';
import { configErrors } from './errors.ts';
import type { ConfigEntry } from './origin.ts';
import { type NamedSetting, settingByKey, settings } from './settings.ts';
import { unknownKey } from './unknown-key.ts';

/** What a file, the environment or the flags held; mistakes are gathered so that all can be told at once. */
export interface Layer {
  readonly entries: readonly ConfigEntry[];
  readonly problems: readonly KisimError[];
  readonly warnings: readonly string[];
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  const range = node.range;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
}

/** An alias that names nothing, lies inside what it names, or multiplies beyond reason; the parser lets these pass. */
function aliasFault(
  document: Document,
): { readonly offset: number | undefined; readonly says: string } | undefined {
  let offset: number | undefined;
  let says: string | undefined;
  visit(document, {
    Alias(_key, alias, path) {
      const target = alias.resolve(document);
      if (target === undefined) says = `the alias *${alias.source} names no anchor before it`;
      else if (path.includes(target)) says = `the alias *${alias.source} lies inside what it names`;
      if (says === undefined) return undefined;
      offset = startOf(alias);
      return visit.BREAK;
    },
  });
  if (says !== undefined) return { offset, says };
  try {
    document.toJS();
    return undefined;
  } catch (error) {
    // What toJS still refuses is an excessive count of aliases.
    if (!(error instanceof ReferenceError)) throw error;
    return { offset, says: error.message };
  }
}

/** Takes the settings out of YAML text. `path` is only for messages. */
export function yamlLayer(path: string, text: string): Layer {
  const entries: ConfigEntry[] = [];
  const problems: KisimError[] = [];
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' });
  const place = (offset: number | undefined) => {
    if (offset === undefined) return path;
    const { line, col } = lineCounter.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const syntaxErrors = [...document.errors, ...document.warnings];
  if (syntaxErrors.length > 0) {
    for (const error of syntaxErrors) {
      problems.push(configErrors.KISIM_E_CONFIG_SYNTAX(`${place(error.pos[0])}: ${error.message}`));
    }
    return { entries, problems, warnings: [] };
  }
  const fault = aliasFault(document);
  if (fault !== undefined) {
    const problem = configErrors.KISIM_E_CONFIG_SYNTAX(`${place(fault.offset)}: ${fault.says}`);
    return { entries, problems: [problem], warnings: [] };
  }

  const resolved = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  const plainValue = (node: unknown): unknown =>
    typeof node === 'object' && node !== null && 'toJS' in node && typeof node.toJS === 'function'
      ? node.toJS(document)
      : node;
  const mapOf = (node: unknown, name: string): readonly Pair[] => {
    const map = resolved(node);
    if (isMap(map)) return map.items;
    const value = plainValue(node);
    if (value !== null && value !== undefined) {
      problems.push(
        configErrors.KISIM_E_CONFIG_VALUE(`${name} is ${JSON.stringify(value)} (${place(startOf(node))})`, {
          expected: 'a map of settings',
        }),
      );
    }
    return [];
  };
  const take = (named: NamedSetting, { key, value }: Pair) => {
    const origin = { kind: 'file', where: place(startOf(key)) } as const;
    const map = resolved(value);
    if (named.setting.entries !== true || !isMap(map)) {
      entries.push({ named, entry: undefined, value: plainValue(value), origin });
      return;
    }
    for (const pair of map.items) {
      entries.push({
        named,
        entry: String(plainValue(pair.key)),
        value: plainValue(pair.value),
        origin: { kind: 'file', where: place(startOf(pair.key)) },
      });
    }
  };

  for (const section of mapOf(document.contents, 'the file')) {
    const sectionKey = String(isScalar(section.key) ? section.key.value : plainValue(section.key));
    if (!settings.some((row) => row.sectionKey === sectionKey)) {
      problems.push(unknownKey(sectionKey, place(startOf(section.key))));
      continue;
    }
    for (const pair of mapOf(section.value, sectionKey)) {
      const key = `${sectionKey}.${String(plainValue(pair.key))}`;
      const named = settingByKey.get(key);
      if (named === undefined) problems.push(unknownKey(key, place(startOf(pair.key))));
      else take(named, pair);
    }
  }
  return { entries, problems, warnings: [] };
}

/** Reads a configuration file. `required` = it was asked for by name, so its absence is a mistake. */
export function fileLayer(path: string, required: boolean): Layer {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const code = systemErrorCode(cause) ?? 'unknown error';
    if (code === 'ENOENT' && !required) return { entries: [], problems: [], warnings: [] };
    const problem = configErrors.KISIM_E_CONFIG_UNREADABLE(`${path}: ${code}`, { cause });
    return { entries: [], problems: [problem], warnings: [] };
  }
  return yamlLayer(path, text);
}

/** Reads `*.yaml` of a folder in the order of their names. A folder that is not there holds nothing. */
export function dropInLayers(folder: string): readonly Layer[] {
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch (cause) {
    const code = systemErrorCode(cause) ?? 'unknown error';
    if (code === 'ENOENT') return [];
    const problem = configErrors.KISIM_E_CONFIG_UNREADABLE(`${folder}: ${code}`, { cause });
    return [{ entries: [], problems: [problem], warnings: [] }];
  }
  const warnings = names
    .filter((name) => name.endsWith('.yml'))
    .map((name) => `${join(folder, name)} is not read: only names that end in .yaml are`);
  return [
    ...names
      .filter((name) => name.endsWith('.yaml') && !name.startsWith('.'))
      .map((name) => fileLayer(join(folder, name), true)),
    { entries: [], problems: [], warnings },
  ];
}
