import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../../config/config.ts';
import { systemErrorCode } from '../../util/errors.ts';
import type { Finding } from './finding.ts';

/** 30 days of 200 entities by the second are under 1 GB. */
const ENOUGH_FREE_BYTES = 1e9;

function accessError(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode);
    return undefined;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return code;
  }
}

/** The first folder above a path that exists. */
function existingFolder(path: string): string {
  let folder = dirname(path);
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** Whether the history can be written where it is configured to be, and how much room there is. */
export function historyFindings({ history }: Pick<Config, 'history'>, user: string): readonly Finding[] {
  const subject = { topic: 'history', subject: 'database' } as const;
  if (!history.enabled) return [{ ...subject, mark: 'warn', says: 'switched off by history.enabled' }];
  const folder = existingFolder(history.path);
  const exists = existsSync(history.path);
  const refusal =
    accessError(folder, constants.W_OK | constants.X_OK) ??
    (exists ? accessError(history.path, constants.R_OK | constants.W_OK) : undefined);
  const findings: Finding[] = [];
  if (refusal === undefined) {
    const size = exists ? `, ${megabytes(statSync(history.path).size)}` : ', not made yet';
    findings.push({ ...subject, mark: 'ok', says: `${history.path}${size}` });
  } else {
    const give = exists
      ? `sudo chown ${user} ${dirname(history.path)} ${history.path}*`
      : `sudo install -d -o ${user} ${dirname(history.path)}`;
    findings.push({
      ...subject,
      mark: 'refused',
      says: `${history.path} cannot be written by ${user}: ${refusal}${exists ? '' : ` in ${folder}`}`,
      action: `\`${give}\`, or another place: \`--set history.path=PATH\``,
    });
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  findings.push({
    topic: 'history',
    subject: 'disk',
    mark: free < ENOUGH_FREE_BYTES ? 'warn' : 'ok',
    says: `${megabytes(free)} free in ${folder}`,
    ...(free < ENOUGH_FREE_BYTES
      ? { action: 'make room, or keep less: `--set history.block-days=7 --set history.minute-days=7`' }
      : {}),
  });
  return findings;
}
