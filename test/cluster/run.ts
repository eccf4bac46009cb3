// `npm run test:cluster [PART...]`: against the real Kubernetes, which is built from its Go modules once, into a cache
// outside the tree. Everything runs in a network namespace of its own, which ends with this process.
// `npm run test:cluster record` writes the golden files of `npm test` anew.
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chosenParts, runParts } from '../support/run-parts.ts';
import { ControlPlaneUnbuildable } from './support/control-plane-program.ts';
import { kubeletEnvironment, programHere } from './support/in-namespace.ts';
import { kubeletsMissing } from './support/kubelet/needs.ts';
import { controlPlaneMissing } from './support/needs.ts';
import { runInside } from './support/run-inside.ts';

const parts = [
  'control-plane',
  'api-contract',
  'watching',
  'acting',
  'placement',
  'records',
  'jobs',
  'gate-webhook',
  'setup',
  'permissions',
  'extender',
  'experiment',
  'sleep',
  'replacement',
  'autoscale',
  'admission',
  'kubelets',
  'pod-use',
  'collect',
  'end-to-end',
  'training',
  'block',
  'agreement',
] as const;
/** Those with nodes that run containers. */
const onRealNodes: readonly string[] = ['kubelets', 'pod-use', 'end-to-end', 'training', 'block'];
const folder = fileURLToPath(new URL('.', import.meta.url));

const args = process.argv.slice(2);
const recording = args.length === 1 && args[0] === 'record';
const chosen = recording ? [] : chosenParts(parts, args);
process.exitCode = chosen === undefined ? 2 : await main(chosen);

async function main(names: readonly string[]): Promise<number> {
  if (programHere() !== undefined) return await runParts(folder, names);
  const missing = controlPlaneMissing();
  if (missing !== false) {
    for (const name of names) process.stdout.write(`skipped: ${name}: ${missing}\n`);
    process.stdout.write(`0 passed, 0 failed, ${names.length} skipped\n`);
    return recording ? 1 : 0;
  }
  const script = join(folder, recording ? 'record.ts' : 'run.ts');
  const noKubelets = names.some((name) => onRealNodes.includes(name)) && kubeletsMissing();
  try {
    const progress = (text: string): void => void process.stderr.write(`${text}\n`);
    const child = await runInside(script, names, 'inherit', progress, kubeletEnvironment(noKubelets));
    const [status] = (await once(child, 'close')) as [number | null];
    return status ?? 1;
  } catch (error) {
    if (!(error instanceof ControlPlaneUnbuildable)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}
