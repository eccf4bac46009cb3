import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { systemErrorCode } from '../util/errors.ts';
import { serviceErrors } from './errors.ts';
import type { InstallStep } from './install-plan.ts';
import { type ProgramPart, programParts } from './program-files.ts';

export interface CommandResult {
  readonly status: number | null;
  readonly stderr: string;
  /** Set where the program could not be started at all. */
  readonly error?: Error | undefined;
}

export type RunCommand = (argv: readonly string[]) => CommandResult;

/** What a step came to. `unchanged`: all was as wanted before. */
export type StepOutcome = 'done' | 'unchanged';

/**
 * Carries out one step. Files and the program are put in place by rename, so that a reader (or a crash half-way) sees
 * the old or the new, never a part. Throws KISIM_E_SERVICE_TOOL, _STEP or _PROGRAM.
 */
export function carryOut(step: InstallStep, runCommand: RunCommand): StepOutcome {
  if (step.kind === 'command') return runStep(step.argv, runCommand);
  try {
    switch (step.kind) {
      case 'program':
        return installProgram(step.from, step.to);
      case 'file':
        return installFile(step.path, step.contents, step.mode);
      case 'remove':
        return remove(step.path);
    }
  } catch (cause) {
    if (systemErrorCode(cause)?.startsWith('KISIM_E_') === true) throw cause;
    const found = cause instanceof Error ? cause.message : String(cause);
    throw serviceErrors.KISIM_E_SERVICE_STEP(found, { cause });
  }
}

function runStep(argv: readonly string[], runCommand: RunCommand): StepOutcome {
  const { status, stderr, error } = runCommand(argv);
  if (systemErrorCode(error) === 'ENOENT') {
    throw serviceErrors.KISIM_E_SERVICE_TOOL(`no ${argv[0]} on the PATH`, { cause: error });
  }
  if (status !== 0) {
    const why = error?.message ?? `status ${status}`;
    throw serviceErrors.KISIM_E_SERVICE_STEP(`\`${argv.join(' ')}\`: ${why} ${stderr.trim()}`.trim());
  }
  return 'done';
}

function installFile(path: string, contents: string, mode: number): StepOutcome {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there?.isFile() && (there.mode & 0o777) === mode && readFileSync(path, 'utf8') === contents) {
    return 'unchanged';
  }
  makeParents(path);
  const fresh = `${path}.kisimd-new`;
  writeFileSync(fresh, contents);
  // Not left to the mask of whoever installs: the service's user must be able to read it.
  chmodSync(fresh, mode);
  renameSync(fresh, path);
  return 'done';
}

function remove(path: string): StepOutcome {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return 'unchanged';
  rmSync(path, { recursive: true });
  return 'done';
}

function installProgram(from: string, to: string): StepOutcome {
  // The installed program may install its own service again (`--enable`, say).
  if (existsSync(to) && realpathSync(from) === realpathSync(to)) return 'unchanged';
  const parts = programParts(from);
  const fresh = `${to}.kisimd-new`;
  const old = `${to}.kisimd-old`;
  makeParents(to);
  for (const left of [fresh, old]) rmSync(left, { recursive: true, force: true });
  for (const part of parts) copyPart(from, fresh, part);
  if (existsSync(to)) renameSync(to, old);
  renameSync(fresh, to);
  rmSync(old, { recursive: true, force: true });
  return 'done';
}

function copyPart(from: string, to: string, part: ProgramPart): void {
  let folder = to;
  makeFolder(folder);
  for (const name of part.path.split('/').slice(0, -1)) {
    folder = join(folder, name);
    makeFolder(folder);
  }
  const without = new Set(part.without.map((path) => join(from, part.path, path)));
  copyTree(join(from, part.path), join(to, part.path), without);
}

/** The folders above a path; those that are new can be entered by everybody, those that were there stay as they are. */
function makeParents(path: string): void {
  const parent = dirname(path);
  if (existsSync(parent)) return;
  makeParents(parent);
  makeFolder(parent);
}

function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
}

function copyTree(from: string, to: string, without: ReadonlySet<string>): void {
  if (without.has(from)) return;
  const stat = lstatSync(from);
  if (stat.isDirectory()) {
    makeFolder(to);
    for (const name of readdirSync(from)) copyTree(join(from, name), join(to, name), without);
  } else if (stat.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to);
  } else {
    copyFileSync(from, to);
    chmodSync(to, (stat.mode & 0o111) === 0 ? 0o644 : 0o755);
  }
}
