import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunConditions } from '../../evaluation/conditions.ts';
import type { LoggedRecord } from '../../evaluation/records.ts';
import { reportHtml } from '../../evaluation/report/report.ts';
import type { BenchmarkResults } from '../../evaluation/results.ts';
import { resultsCsv, runsCsv } from '../../evaluation/results-csv.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { cliErrors } from '../errors.ts';

/**
 * Every file that a benchmark leaves beside its runs, by name. results.json and the CSV files are the same byte by byte
 * for equal seeds; when and where they were made is in conditions.json and in the report.
 */
export function resultFiles(
  results: BenchmarkResults,
  records: readonly LoggedRecord[],
  conditions: RunConditions,
) {
  return {
    'results.json': `${JSON.stringify(results)}\n`,
    'results.csv': resultsCsv(results),
    'runs.csv': runsCsv(results, records),
    'conditions.json': `${JSON.stringify(conditions, undefined, 2)}\n`,
    'report.html': reportHtml(results, conditions),
  } as const;
}

export function writeResultFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    try {
      writeFileSync(path, text);
    } catch (cause) {
      throw cliErrors.KISIM_E_OUTPUT_FILE(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, { cause });
    }
  }
}
