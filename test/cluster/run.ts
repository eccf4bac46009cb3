// `npm run test:cluster [PART...]`: against the real Kubernetes, which is built from its Go modules once, into a cache
// outside the tree. Everything runs in a network namespace of its own, which ends with this process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chosenParts, runParts } from '../support/run-parts.ts';
import { controlPlaneProgram } from './support/control-plane-program.ts';
import { namespaceEnvironment, programHere } from './support/in-namespace.ts';
import { controlPlaneMissing } from './support/needs.ts';
import { inPrivateNetwork } from './support/private-network.ts';

const parts = ['control-plane', 'agreement'] as const;

const chosen = chosenParts(parts, process.argv.slice(2));
process.exitCode = chosen === undefined ? 2 : await main(chosen);

async function main(names: readonly string[]): Promise<number> {
  const folder = dirname(fileURLToPath(import.meta.url));
  if (programHere() !== undefined) return await runParts(folder, names);
  const missing = controlPlaneMissing();
  if (missing !== false) {
    for (const name of names) process.stdout.write(`skipped: ${name}: ${missing}\n`);
    process.stdout.write(`0 passed, 0 failed, ${names.length} skipped\n`);
    return 0;
  }
  const program = await controlPlaneProgram((text) => process.stderr.write(`${text}\n`));
  const [command, ...args] = inPrivateNetwork([process.execPath, fileURLToPath(import.meta.url), ...names]);
  const child = spawn(command, args, { stdio: 'inherit', env: namespaceEnvironment(program) });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [status] = (await once(child, 'close')) as [number | null];
  return status ?? 1;
}
