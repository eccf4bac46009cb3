import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandResult, carryOut, type StepOutcome } from '../../service/carry-out.ts';
import { serviceErrors } from '../../service/errors.ts';
import {
  defaultPrefix,
  type InstallHost,
  type InstallPlan,
  type InstallRequest,
  type InstallStep,
  planInstall,
  planUninstall,
  type ServiceFiles,
  serviceFileNames,
  unitPath,
} from '../../service/install-plan.ts';
import { programParts } from '../../service/program-files.ts';
import type { CommandContext } from '../command.ts';

const checkout = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');

function readServiceFiles(folder: string): ServiceFiles {
  const entries = serviceFileNames.map((name) => {
    const path = join(folder, 'systemd', name);
    if (!existsSync(path)) throw serviceErrors.KISIM_E_SERVICE_PROGRAM(`no file ${path}`);
    return [name, readFileSync(path, 'utf8')] as const;
  });
  return Object.fromEntries(entries) as ServiceFiles;
}

function hostAtHand(root: string, dryRun: boolean): InstallHost {
  return {
    // A dry run changes nothing, so it is shown as root would see it.
    uid: dryRun ? 0 : (process.getuid?.() ?? 0),
    systemdRuns: existsSync('/run/systemd/system'),
    udevRuns: existsSync('/run/udev/control'),
    unitInstalled: existsSync(unitPath(root)),
  };
}

function checkedRoot(root: string): string {
  const path = resolve(root);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw serviceErrors.KISIM_E_SERVICE_ROOT(`no folder ${path}`);
  }
  return path;
}

function run(argv: readonly string[]): CommandResult {
  const [program = '', ...rest] = argv;
  const { status, stderr, error } = spawnSync(program, rest, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return { status, stderr: stderr ?? '', error };
}

/** What a step does, in words: `write /etc/...`. */
export function describeStep(step: InstallStep): string {
  switch (step.kind) {
    case 'program':
      return `copy the program ${step.from} to ${step.to}`;
    case 'file':
      return `write ${step.path} (mode ${step.mode.toString(8).padStart(4, '0')})`;
    case 'remove':
      return `remove ${step.path}`;
    case 'command':
      return `run ${step.argv.join(' ')} (${step.why})`;
  }
}

/** `kisimd install-service`: exit status 0 when everything is in place; throws coded errors. */
export async function runInstallService(context: CommandContext): Promise<number> {
  const { options, stdout } = context;
  const dryRun = options['dryRun'] === true;
  const json = options['json'] === true;
  const request: InstallRequest = {
    checkout,
    root: checkedRoot(typeof options['root'] === 'string' ? options['root'] : '/'),
    prefix: typeof options['prefix'] === 'string' ? options['prefix'] : defaultPrefix,
    enable: options['enable'] === true,
  };
  const host = hostAtHand(request.root, dryRun);
  const plan = options['uninstall'] === true ? planUninstall(request, host) : installPlan(request, host);

  const report: { step: string; outcome: StepOutcome | 'planned' }[] = [];
  for (const step of plan.steps) {
    const outcome = dryRun ? 'planned' : carryOut(step, run);
    report.push({ step: describeStep(step), outcome });
    if (!json) stdout.write(`${outcome.padEnd(9)} ${describeStep(step)}\n`);
  }
  if (json) stdout.write(`${JSON.stringify({ steps: report, notes: plan.notes })}\n`);
  else for (const note of plan.notes) stdout.write(`note      ${note}\n`);
  return 0;
}

function installPlan(request: InstallRequest, host: InstallHost): InstallPlan {
  // Before the first file is written: an incomplete program would leave half an installation.
  programParts(request.checkout);
  const manPage = join(request.checkout, 'docs/man/kisimd.1');
  return planInstall(
    request,
    host,
    readServiceFiles(request.checkout),
    existsSync(manPage) ? readFileSync(manPage, 'utf8') : undefined,
  );
}
