import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { systemErrorCode } from '../util/errors.ts';
import { powerModelErrors } from './errors.ts';
import { shapedCurve } from './median-shape.ts';
import type { ServerModel } from './server-model.ts';
import { TableCurve } from './table-curve.ts';

const ENDS = ['watts_idle', 'watts_100'] as const;
const BETWEEN = [10, 20, 30, 40, 50, 60, 70, 80, 90].map((load) => `watts_${load}`);
const NUMBERS = ['year', 'chips', 'cores', 'threads', 'memory_gb', ...ENDS] as const;
const COLUMNS = ['cpu_key', 'system', 'source', ...NUMBERS, ...BETWEEN];
const GIBIBYTE = 2 ** 30;

/**
 * Reads a table of servers and their watts at 0, 10, ... 100 % load (one line each, comma-separated, with a header). Rows
 * whose `source` is `ends` carry idle and 100 % only and get the median shape of their year, marked as estimated.
 *
 * @throws KISIM_E_CURVE_TABLE, KISIM_E_CURVE_FALLS, KISIM_E_CURVE_INVALID; each names file and line
 */
export function readSpecTable(path: string): readonly ServerModel[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw powerModelErrors.KISIM_E_CURVE_TABLE(`${path} (${systemErrorCode(cause) ?? String(cause)})`, {
      cause,
    });
  }
  return parseSpecTable(text, path);
}

/** @param file its name in errors */
export function parseSpecTable(text: string, file: string): readonly ServerModel[] {
  const lines = text.split(/\r?\n/);
  const header = splitCsv(lines[0]!, `${file}:1`);
  for (const column of COLUMNS)
    if (!header.includes(column))
      throw powerModelErrors.KISIM_E_CURVE_TABLE(`${file}:1: no column ${column}`);
  const models: ServerModel[] = [];
  const seen = new Map<string, number>();
  for (let i = 1; i < lines.length; i++) {
    if (lines[i] === '') continue;
    const where = `${file}:${i + 1}`;
    const fields = splitCsv(lines[i]!, where);
    if (fields.length !== header.length)
      throw powerModelErrors.KISIM_E_CURVE_TABLE(
        `${where}: ${fields.length} fields, the header has ${header.length}`,
      );
    const model = modelOf((column) => fields[header.indexOf(column)]!, where);
    // One system may have several results.
    const times = (seen.get(model.name) ?? 0) + 1;
    seen.set(model.name, times);
    models.push(times === 1 ? model : { ...model, name: `${model.name} #${times}` });
  }
  if (models.length === 0) throw powerModelErrors.KISIM_E_CURVE_TABLE(`${basename(file)} has no row`);
  return models;
}

function modelOf(text: (column: string) => string, where: string): ServerModel {
  const number = (column: string): number => {
    const field = text(column);
    const parsed = Number(field);
    if (field.trim() === '' || !Number.isFinite(parsed) || parsed < 0)
      throw powerModelErrors.KISIM_E_CURVE_TABLE(`${where}: ${column} is '${field}'`);
    return parsed;
  };
  const count = (column: string): number => {
    const parsed = number(column);
    if (parsed === 0 || !Number.isInteger(parsed))
      throw powerModelErrors.KISIM_E_CURVE_TABLE(`${where}: ${column} is '${text(column)}'`);
    return parsed;
  };
  const source = text('source');
  if (source !== 'full' && source !== 'ends')
    throw powerModelErrors.KISIM_E_CURVE_TABLE(`${where}: source is '${source}'`);
  const year = count('year');
  const idle = number('watts_idle');
  const full = number('watts_100');
  return {
    name: `${text('system')} (${text('cpu_key')}, ${year})`,
    cpuKey: text('cpu_key'),
    year,
    chips: count('chips'),
    cores: count('cores'),
    threads: count('threads'),
    memoryBytes: number('memory_gb') * GIBIBYTE,
    curve:
      source === 'full'
        ? new TableCurve([idle, ...BETWEEN.map(number), full], 'published', where)
        : shapedCurve(year, idle, full, 'estimated', where),
    points: source,
  };
}

/** The fields of one line after RFC 4180; a quoted field cannot hold a line end here. */
function splitCsv(line: string, where: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      let field = '';
      for (;;) {
        const quote = line.indexOf('"', at + 1);
        if (quote < 0) throw powerModelErrors.KISIM_E_CURVE_TABLE(`${where}: a quote is not closed`);
        field += line.slice(at + 1, quote);
        at = quote + 1;
        if (line[at] !== '"') break;
        field += '"';
      }
      fields.push(field);
    } else {
      const comma = line.indexOf(',', at);
      const end = comma < 0 ? line.length : comma;
      fields.push(line.slice(at, end));
      at = end;
    }
    if (at >= line.length) return fields;
    if (line[at] !== ',') throw powerModelErrors.KISIM_E_CURVE_TABLE(`${where}: text after a closing quote`);
    at++;
  }
}
